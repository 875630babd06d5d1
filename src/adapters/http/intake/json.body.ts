import { isUtf8 } from 'node:buffer';
import { isDeeper } from '../../../domain/kernel/json.depth.ts';

export type Read = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly complaint: string };

const complaint = (text: string): Read => ({ ok: false, complaint: text });

/** Only text with one of these can hold what is looked for below; nearly none has. */
const suspicious = /\\u(?:0000|00[567]|d[89a-f])|__proto__/i;

/** What no store could keep or no canonical form could name: U+0000, half a surrogate pair, a member `__proto__`. */
const unkeepable = (value: unknown): string | undefined => {
  if (typeof value === 'string') {
    if (value.includes('\0')) return 'U+0000 cannot be stored in text';
    return value.isWellFormed() ? undefined : 'half of a surrogate pair is not text';
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, member] of Object.entries(value)) {
    if (name === '__proto__') return 'a member may not be named __proto__';
    const found = unkeepable(name) ?? unkeepable(member);
    if (found !== undefined) return found;
  }
  return undefined;
};

/** Reads a request body as JSON, or says what is wrong with it. No body at all reads as an empty object. */
export const readJson = (bytes: Buffer, depthMax: number): Read => {
  if (bytes.length === 0) return { ok: true, value: {} };
  if (!isUtf8(bytes)) return complaint('the body is not UTF-8');
  const text = bytes.toString('utf8');
  if (isDeeper(text, depthMax)) return complaint(`the body nests deeper than ${depthMax} levels`);
  try {
    const value: unknown = JSON.parse(text);
    const unkept = suspicious.test(text) ? unkeepable(value) : undefined;
    return unkept === undefined ? { ok: true, value } : complaint(unkept);
  } catch (error) {
    return complaint(`the body is not JSON: ${whereOf(error)}`);
  }
};

/** The place of a syntax error. What stands there is not repeated: it may be a secret. */
const whereOf = (error: unknown): string => {
  const message = error instanceof Error ? error.message : '';
  const position = /at position \d+(?: \(line \d+ column \d+\))?/.exec(message)?.[0];
  if (position !== undefined) return `unexpected ${position}`;
  return message.includes('end of JSON') ? 'it ends too early' : 'unexpected character';
};
