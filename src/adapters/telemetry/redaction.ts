export const stringCharsMax = 2_000;
export const stackCharsMax = 4_000;
export const depthMax = 6;
export const membersMax = 64;
export const itemsMax = 32;
const namesRememberedMax = 1_000;
/** As long as a secret may be to be recognised. */
const secretCharsMax = 500;

/** Said instead of a secret. */
export const redacted = '[redacted]';

/** Names, in snake case, of what is never written; `input_tokens` and `idempotency_key` are not among them. */
const secretName =
  /(?:^|_)(?:authorization|passwords?|passwd|passphrase|secrets?|token|cookies?|credentials?|(?:api|aos|access|private|secret|signing|encryption|master)_?keys?)$/;

/** Secrets inside of sentences: credentials of HTTP, keys by their usual form, and user:password in an address. */
const secretText =
  /\b(?:bearer|basic)\s+[\w.~+/=-]{8,}|\bsk-[\w-]{12,}|\bacta_[0-9a-f]{32}_[\w-]{20,}|(?<=:\/\/)[^\s:/@]{0,200}:[^\s@/]{1,200}(?=@)/gi;

const judged = new Map<string, boolean>();

const isSecret = (name: string): boolean => {
  const known = judged.get(name);
  if (known !== undefined) return known;
  const snake = name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replace(/\W+/g, '_');
  const verdict = secretName.test(snake.toLowerCase());
  if (judged.size < namesRememberedMax) judged.set(name, verdict);
  return verdict;
};

const cut = (text: string, charsMax: number): string => {
  // Cut after redacting, lest half a secret at the edge go unrecognised.
  const safe = text
    .slice(0, charsMax + secretCharsMax)
    .replace(secretText, redacted)
    .slice(0, charsMax);
  return text.length > charsMax ? `${safe}… (${text.length} characters)` : safe;
};

const ofError = (error: Error, depth: number): unknown => ({
  name: error.name,
  message: cut(error.message, stringCharsMax),
  // What an error of ours or of Node carries beyond its message: `code`, `fault`, `cause`.
  ...(loggable({ ...Object.fromEntries(Object.entries(error)), cause: error.cause }, depth) as object),
  // Only the outermost error shows where it comes from.
  ...(depth <= 2 && error.stack !== undefined ? { stack: cut(error.stack, stackCharsMax) } : {}),
});

const ofObject = (value: object, depth: number): unknown => {
  if (depth >= depthMax) return '[too deep]';
  if (value instanceof Error) return ofError(value, depth + 1);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value) || value instanceof Set || value instanceof Map) {
    const items: readonly unknown[] = [...value];
    const first = items.slice(0, itemsMax).map((item) => loggable(item, depth + 1));
    return items.length > itemsMax ? [...first, `[${items.length - itemsMax} more]`] : first;
  }
  const members = Object.entries(value);
  const shown = members.slice(0, membersMax).map(([name, member]) => {
    const hidden = member != null && member !== '' && isSecret(name);
    return [name, hidden ? redacted : loggable(member, depth + 1)] as const;
  });
  return Object.fromEntries(members.length > membersMax ? [...shown, ['members', members.length]] : shown);
};

/**
 * A copy that may be written to a log: secrets redacted by name and by look, strings cut, depth and width bounded, and
 * nothing in it that JSON cannot say. May throw what a getter of the value throws.
 */
export const loggable = (value: unknown, depth = 0): unknown => {
  switch (typeof value) {
    case 'string':
      return cut(value, stringCharsMax);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? null : ofObject(value, depth);
    case 'boolean':
      return value;
    default:
      return undefined;
  }
};
