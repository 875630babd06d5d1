/** Positions are strings on the wire: JavaScript's numbers end at 2^53. */
const withPositions = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

/** A value as JSON. A replacer costs some times the serialisation itself, so it is used only where it is needed. */
export const jsonText = (value: unknown): string => {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, withPositions);
  }
};
