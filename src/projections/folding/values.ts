/**
 * The one way in which each SQL type's values are said: a row that a fold has just made and the same row loaded from the
 * database are equal, value by value, or the fold would depend on when the process was restarted. The forms are those of
 * `src/schema.ts`.
 */
export type Reading = (value: unknown) => unknown;

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const decimal = /^-?\d+(?:\.\d+)?$/;

const refuse = (expected: string, value: unknown): never => {
  const found = typeof value === 'string' || typeof value === 'number' ? `${value}` : typeof value;
  throw new TypeError(`expected ${expected}, found ${found.slice(0, 100)}`);
};

/** PostgreSQL's text holds neither NUL nor half a surrogate pair; U+FFFD stands where one was. */
export const storable = (text: string): string =>
  text.includes('\u0000') || !text.isWellFormed() ? text.toWellFormed().replaceAll('\u0000', '\ufffd') : text;

const text: Reading = (value) => (typeof value === 'string' ? storable(value) : refuse('text', value));

const whole =
  (bits: 16 | 32): Reading =>
  (value) => {
    const limit = 2 ** (bits - 1);
    const fits = typeof value === 'number' && Number.isInteger(value) && value >= -limit && value < limit;
    return fits ? value : refuse(`a whole number of ${bits} bits`, value);
  };

const big: Reading = (value) => {
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return value;
  return typeof value === 'number' && Number.isSafeInteger(value)
    ? BigInt(value)
    : refuse('a whole number of 64 bits', value);
};

const float: Reading = (value) =>
  typeof value === 'number' && Number.isFinite(value) ? value : refuse('a finite number', value);

const numeric: Reading = (value) => {
  const digits = typeof value === 'string' ? value : String(value);
  return decimal.test(digits) ? digits : refuse('a decimal number', value);
};

const timestamptz: Reading = (value) => {
  if (typeof value !== 'string') return refuse('an RFC 3339 instant', value);
  if (instant.test(value)) return value;
  const time = Date.parse(value);
  return Number.isNaN(time) ? refuse('an RFC 3339 instant', value) : new Date(time).toISOString();
};

const cleaned = (value: unknown): unknown => {
  if (typeof value === 'string') return storable(value);
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [storable(name), cleaned(member)]));
};

/** In JSON's own text: an escaped NUL or an escaped half of a surrogate pair. Some backslashes are taken for one; they lose nothing. */
const unstorable = /\\u(?:0000|d[89a-f][0-9a-f]{2})/;

/** A row in the form that a table holds, given its JSON text; almost always the row itself. */
export const storableRow = <Row extends object>(row: Row, said: string): Row =>
  unstorable.test(said) ? Object.freeze(cleaned(row) as Row) : row;

const json: Reading = (value) => value;

const list =
  (element: Reading): Reading =>
  (value) =>
    Array.isArray(value) ? value.map((item) => (item === null ? null : element(item))) : refuse('a list', value);

/** pgvector is written and read as its text. */
const vector: Reading = (value) => (Array.isArray(value) ? `[${value.map(float).join(',')}]` : text(value));

const readings: Readonly<Record<string, Reading>> = {
  text,
  varchar: text,
  uuid: (value) => (typeof value === 'string' && uuid.test(value) ? value.toLowerCase() : refuse('a UUID', value)),
  boolean: (value) => (typeof value === 'boolean' ? value : refuse('true or false', value)),
  int2: whole(16),
  smallint: whole(16),
  int4: whole(32),
  integer: whole(32),
  int8: big,
  bigint: big,
  float4: float,
  real: float,
  float8: float,
  'double precision': float,
  numeric,
  decimal: numeric,
  timestamptz,
  date: text,
  json,
  jsonb: json,
  vector,
  halfvec: vector,
};

/** How values of a SQL type are read, or undefined for a type that folds cannot write. */
export const readAs = (sqlType: string): Reading | undefined => {
  const name = sqlType.trim().toLowerCase();
  if (name.endsWith('[]')) {
    const element = readAs(name.slice(0, -2));
    return element === undefined ? undefined : list(element);
  }
  return readings[name.replace(/\(.*\)$/, '').trim()];
};
