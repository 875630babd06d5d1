/** A bounded memory: what was neither put nor asked for lately is forgotten. */
export interface Recall<Value> {
  readonly get: (key: string) => Value | undefined;
  readonly put: (key: string, value: Value) => void;
  readonly forget: (key: string) => void;
  readonly forgetAll: () => void;
}

/**
 * Holds between half of `max` and `max` entries. Two generations, the elder dropped whole: a map that loses its oldest
 * entry at every turn walks over all the holes it has left behind.
 */
export const createRecall = <Value>(max: number): Recall<Value> => {
  let young = new Map<string, Value>();
  let old = new Map<string, Value>();

  const put = (key: string, value: Value): void => {
    young.set(key, value);
    if (young.size < max / 2) return;
    old = young;
    young = new Map();
  };

  const get = (key: string): Value | undefined => {
    const known = young.get(key);
    if (known !== undefined) return known;
    const remembered = old.get(key);
    if (remembered !== undefined) put(key, remembered);
    return remembered;
  };

  return {
    get,
    put,
    forget: (key) => {
      young.delete(key);
      old.delete(key);
    },
    forgetAll: () => {
      young = new Map();
      old = new Map();
    },
  };
};
