import { isUtf8 } from 'node:buffer';

export type Read = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly complaint: string };

const complaint = (text: string): Read => ({ ok: false, complaint: text });

const quote = 0x22;
const backslash = 0x5c;

/** Where the string that begins before `from` ends: at the first quote with an even number of backslashes before it. */
const endOfString = (text: string, from: number): number => {
  for (let end = text.indexOf('"', from); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (before >= from && text.charCodeAt(before) === backslash) before -= 1;
    if ((end - before) % 2 === 1) return end;
  }
  return text.length;
};

/**
 * Whether arrays and objects nest deeper than allowed, found in one pass without recursion and before anything is built:
 * whatever walks a body afterwards may recurse safely (assurance F55).
 */
export const isDeeper = (text: string, depthMax: number): boolean => {
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    switch (text.charCodeAt(index)) {
      case quote:
        index = endOfString(text, index + 1);
        break;
      case 0x5b: // [
      case 0x7b: // {
        depth += 1;
        if (depth > depthMax) return true;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1;
        break;
      default:
    }
  }
  return false;
};

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
