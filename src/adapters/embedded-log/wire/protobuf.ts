/**
 * Protocol Buffers by hand (https://protobuf.dev/programming-guides/encoding): the few shapes of EventStoreDB's protocol
 * need no more than varints and length-delimited fields. A codec of our own because the official packages' generated
 * classes share one global, and cost four times the CPU (eventstoredb.md 2.3, 4.1).
 */

/** The bytes are not what their sender said they are. The call that carried them fails, nothing else does. */
export class Malformed extends Error {}

/** A field's content. Varints beyond 2^53 come as bigint. */
export type Value = number | bigint | Buffer;

const varintBytesMax = 10;
const safeBytes = 7;

interface Cursor {
  readonly bytes: Buffer;
  at: number;
}

/** The eight bytes and more that a number cannot hold. */
const wideVarint = (cursor: Cursor): bigint => {
  let value = 0n;
  for (let n = 0; n < varintBytesMax; n++) {
    const byte = cursor.bytes[cursor.at++];
    if (byte === undefined) throw new Malformed('a varint ends too early');
    value |= BigInt(byte & 0x7f) << BigInt(7 * n);
    if (byte < 0x80) return BigInt.asUintN(64, value);
  }
  throw new Malformed('a varint is longer than ten bytes');
};

const varint = (cursor: Cursor): number | bigint => {
  const start = cursor.at;
  let value = 0;
  let scale = 1;
  for (let n = 0; n < safeBytes; n++) {
    const byte = cursor.bytes[cursor.at++];
    if (byte === undefined) throw new Malformed('a varint ends too early');
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 0x80;
  }
  cursor.at = start;
  const wide = wideVarint(cursor);
  return wide <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(wide) : wide;
};

const take = (cursor: Cursor, length: number | bigint): Buffer => {
  const end = cursor.at + Number(length);
  if (end > cursor.bytes.length) throw new Malformed('a field is longer than its message');
  const content = cursor.bytes.subarray(cursor.at, end);
  cursor.at = end;
  return content;
};

const valueOf = (cursor: Cursor, wireType: number): Value => {
  switch (wireType) {
    case 0:
      return varint(cursor);
    case 1:
      return take(cursor, 8);
    case 2:
      return take(cursor, varint(cursor));
    case 5:
      return take(cursor, 4);
    default:
      throw new Malformed(`wire type ${wireType} is not known`);
  }
};

/** Shows each field of a message, in the order sent. Unknown fields are the caller's to ignore. Throws `Malformed`. */
export const eachField = (bytes: Buffer, visit: (field: number, value: Value) => void): void => {
  const cursor: Cursor = { bytes, at: 0 };
  while (cursor.at < bytes.length) {
    const tag = varint(cursor);
    if (typeof tag === 'bigint' || tag < 8 || tag > 0xffff_ffff) throw new Malformed('a field has no valid number');
    visit(Math.floor(tag / 8), valueOf(cursor, tag % 8));
  }
};

/** A length-delimited field: a message, a string or bytes. */
export const bytesOf = (value: Value): Buffer => {
  if (!Buffer.isBuffer(value)) throw new Malformed('bytes were expected where a number came');
  return value;
};

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const stringOf = (value: Value): string => {
  const bytes = bytesOf(value);
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Malformed('a text is not UTF-8');
  }
};

/** An unsigned number; whatever is beyond 2^53 - 1 becomes just that, for no position or revision of ours is beyond it. */
export const numberOf = (value: Value): number => {
  if (Buffer.isBuffer(value)) throw new Malformed('a number was expected where bytes came');
  return typeof value === 'bigint' ? Number.MAX_SAFE_INTEGER : value;
};

export const bigintOf = (value: Value): bigint => {
  if (Buffer.isBuffer(value)) throw new Malformed('a number was expected where bytes came');
  return BigInt(value);
};

export const boolOf = (value: Value): boolean => numberOf(value) !== 0;

// ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** How many bytes a varint takes. */
export const varintLength = (value: number): number => {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length += 1;
  return length;
};

/** Writes a varint and answers where it ends. The buffer must have room. */
export const writeVarint = (bytes: Buffer, at: number, value: number): number => {
  let rest = value;
  let end = at;
  while (rest >= 0x80) {
    bytes[end++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[end++] = rest;
  return end;
};

const varintBytes = (value: number | bigint): Buffer => {
  if (typeof value === 'number') {
    const bytes = Buffer.allocUnsafe(varintLength(value));
    writeVarint(bytes, 0, value);
    return bytes;
  }
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
};

const tag = (field: number, wireType: number): Buffer => varintBytes(field * 8 + wireType);

/** Written even where it is 0: most of the protocol's numbers are members of a oneof, where presence means something. */
export const varintField = (field: number, value: number | bigint): Buffer =>
  Buffer.concat([tag(field, 0), varintBytes(value)]);

export const bytesField = (field: number, content: Uint8Array): Buffer =>
  Buffer.concat([tag(field, 2), varintBytes(content.length), content]);

export const stringField = (field: number, content: string): Buffer => bytesField(field, Buffer.from(content, 'utf8'));

/** A message within a message; without parts it is the empty message that marks a oneof. */
export const messageField = (field: number, ...parts: readonly Uint8Array[]): Buffer =>
  bytesField(field, Buffer.concat(parts));

/** A whole message. */
export const message = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);
