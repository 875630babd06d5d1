import { hash } from 'node:crypto';

/** Anything JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

const depthMax = 64;

/**
 * Canonical JSON (RFC 8785): members sorted by UTF-16 code units, ECMAScript's own number and string forms. Throws on
 * what JSON cannot say (NaN, infinities, lone surrogates, functions, dates, maps) and below a depth of 64.
 */
export const canonical = (value: unknown, depth = 0): string => {
  if (depth > depthMax) throw new RangeError(`canonical JSON is at most ${depthMax} deep`);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`canonical JSON has no ${value}`);
    return JSON.stringify(value);
  }
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new TypeError('canonical JSON has no lone surrogates');
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${Array.from(value, (item) => canonical(item ?? null, depth + 1)).join(',')}]`;
  if (typeof value !== 'object') throw new TypeError(`canonical JSON has no ${typeof value}`);
  const made = Object.prototype.toString.call(value);
  if (made !== '[object Object]') throw new TypeError(`canonical JSON has no ${made}`);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  // The default sort compares UTF-16 code units, which is the order RFC 8785, 3.2.3 asks for.
  const sorted = members.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${sorted.map(([name, member]) => `${canonical(name)}:${canonical(member, depth + 1)}`).join(',')}}`;
};

/** SHA-256, as lower-case hexadecimal digits. */
export const sha256 = (bytes: string | Uint8Array): string => hash('sha256', bytes, 'hex');

/** The name of a JSON value: `sha256:` and the hexadecimal SHA-256 of its canonical form. */
export const digest = (value: unknown): string => `sha256:${sha256(canonical(value))}`;
