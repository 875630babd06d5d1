const whole = /^\{\{\s*([a-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)\s*\}\}$/;
const anywhere = /\{\{\s*([a-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)\s*\}\}/g;

/** What a template may speak of, by the first word of its path. */
export type Known = Readonly<Record<string, unknown>>;

/** What stands at a path; own members only. Undefined where nothing does. */
export const valueAt = (value: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (inner, key) =>
        typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
          ? (inner as Readonly<Record<string, unknown>>)[key]
          : undefined,
      value,
    );

/** What one filling in may add: a few characters of a template can stand for a result of many thousands, many times. */
export const filledCharsMax = 65_536;

interface Room {
  chars: number;
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** What stands at a path, where there is room for it still. */
const fitting = (known: Known, path: string, room: Room): unknown => {
  const value = room.chars < 0 ? undefined : valueAt(known, path);
  if (value !== undefined) room.chars -= asText(value).length;
  return value;
};

const filledText = (text: string, known: Known, room: Room): unknown => {
  const only = whole.exec(text)?.[1];
  if (only !== undefined) {
    const value = fitting(known, only, room);
    return value === undefined ? text : value;
  }
  return text.replaceAll(anywhere, (literal, path: string) => {
    const value = fitting(known, path, room);
    return value === undefined ? literal : asText(value);
  });
};

/**
 * Fills `{{step.field}}` in (requirements A32, W49): a text that is nothing but a template becomes the value, of whatever
 * type; within other text, the value as text, objects as JSON. What is not known stays as it is. What was filled in is not
 * looked at again: a result cannot bring templates of its own. Once more than `filledCharsMax` was filled in, what is left
 * stays as it is: whoever is given the whole sees that it is beyond that, and refuses it.
 */
export const filled = (value: unknown, known: Known, room: Room = { chars: filledCharsMax }): unknown => {
  if (typeof value === 'string') return filledText(value, known, room);
  if (Array.isArray(value)) return value.map((item) => filled(item, known, room));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, filled(member, known, room)]));
};

/** Whether there is anything in it that still has to be filled in. */
export const hasTemplates = (value: unknown): boolean => {
  if (typeof value === 'string') return new RegExp(anywhere.source).test(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(hasTemplates);
};
