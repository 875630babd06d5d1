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

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const filledText = (text: string, known: Known): unknown => {
  const only = whole.exec(text)?.[1];
  if (only !== undefined) {
    const value = valueAt(known, only);
    return value === undefined ? text : value;
  }
  return text.replaceAll(anywhere, (literal, path: string) => {
    const value = valueAt(known, path);
    return value === undefined ? literal : asText(value);
  });
};

/**
 * Fills `{{step.field}}` in (requirements A32, W49): a text that is nothing but a template becomes the value, of whatever
 * type; within other text, the value as text, objects as JSON. What is not known stays as it is. What was filled in is not
 * looked at again: a result cannot bring templates of its own.
 */
export const filled = (value: unknown, known: Known): unknown => {
  if (typeof value === 'string') return filledText(value, known);
  if (Array.isArray(value)) return value.map((item) => filled(item, known));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, filled(member, known)]));
};

/** Whether there is anything in it that still has to be filled in. */
export const hasTemplates = (value: unknown): boolean => {
  if (typeof value === 'string') return new RegExp(anywhere.source).test(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(hasTemplates);
};
