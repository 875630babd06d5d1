import {
  bigintOf,
  bytesField,
  bytesOf,
  eachField,
  Malformed,
  messageField,
  stringField,
  stringOf,
  varintField,
  type Value,
} from './protobuf.ts';

/** How the caller wants event ids written: as text, or as two halves of 64 bits. */
export type UuidForm = 'string' | 'structured';

const canonical = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const dashed = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;

const halfText = (half: bigint): string => BigInt.asUintN(64, half).toString(16).padStart(16, '0');

/** Reads a UUID in either form, as lower-case text. Throws `Malformed` for anything else. */
export const readUuid = (value: Value): string => {
  let text: string | undefined;
  eachField(bytesOf(value), (field, content) => {
    if (field === 2) text = stringOf(content).toLowerCase();
    if (field !== 1) return;
    let [most, least] = [0n, 0n];
    eachField(bytesOf(content), (half, bits) => {
      if (half === 1) most = bigintOf(bits);
      if (half === 2) least = bigintOf(bits);
    });
    text = dashed(halfText(most) + halfText(least));
  });
  if (text === undefined || !canonical.test(text)) throw new Malformed('an id is not a UUID');
  return text;
};

const halves = (uuid: string): readonly [bigint, bigint] => {
  const hex = uuid.replaceAll('-', '');
  return [BigInt(`0x${hex.slice(0, 16)}`), BigInt(`0x${hex.slice(16)}`)];
};

export const uuidField = (field: number, uuid: string, form: UuidForm): Buffer => {
  if (form === 'string') return messageField(field, stringField(2, uuid));
  const [most, least] = halves(uuid);
  return messageField(field, messageField(1, varintField(1, most), varintField(2, least)));
};

/** A stream's name; the identifier without one is refused. */
export const readStreamName = (value: Value): string => {
  let name = '';
  eachField(bytesOf(value), (field, content) => {
    if (field === 3) name = stringOf(content);
  });
  if (name === '') throw new Malformed('a stream has no name');
  return name;
};

export const streamField = (field: number, name: string): Buffer =>
  messageField(field, bytesField(3, Buffer.from(name, 'utf8')));

/** Commit and prepare position, which are one and the same here. */
export const positionField = (field: number, position: number): Buffer =>
  messageField(field, varintField(1, position), varintField(2, position));
