import { tombstoneRevision, type StoredRecord } from '../storage.ts';
import { uuidField, type UuidForm } from './identifiers.ts';
import { messageField, stringField, varintLength, writeVarint } from './protobuf.ts';

/**
 * `ReadResp` with an event, the one message that is sent by the hundred thousand: measured first, then written once into
 * its place, with the gRPC prefix before it.
 */

/** An event as a reader gets it: resolved, with the link that led there, or the one it asked for. */
export interface Delivery {
  readonly event: StoredRecord | undefined;
  readonly link: StoredRecord | undefined;
}

const property = (key: string, value: string): Buffer => messageField(6, stringField(1, key), stringField(2, value));
const jsonContent = property('content-type', 'application/json');
const binaryContent = property('content-type', 'application/octet-stream');
const typeKey = stringField(1, 'type');
const createdKey = stringField(1, 'created');
/** Revision of a tombstone: int64 max, which no number holds. */
const tombstoneVarint = Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
const prefixBytes = 5;

interface Cursor {
  readonly bytes: Buffer;
  at: number;
}

/** A record with the lengths that have to be written before its parts. */
interface Measured {
  readonly record: StoredRecord;
  readonly id: Buffer;
  readonly created: string;
  readonly streamLength: number;
  readonly typeLength: number;
  readonly typeEntryLength: number;
  readonly createdEntryLength: number;
  readonly length: number;
}

const delimited = (length: number): number => 1 + varintLength(length) + length;
const revisionLength = (revision: number): number =>
  revision === tombstoneRevision ? tombstoneVarint.length : varintLength(revision);

const measured = (record: StoredRecord, form: UuidForm): Measured => {
  const id = uuidField(1, record.id, form);
  const created = `${record.created_us}0`;
  const streamLength = Buffer.byteLength(record.stream);
  const typeLength = Buffer.byteLength(record.type);
  const typeEntryLength = typeKey.length + delimited(typeLength);
  const createdEntryLength = createdKey.length + delimited(created.length);
  const length =
    id.length +
    delimited(delimited(streamLength)) +
    (1 + revisionLength(record.revision)) +
    2 * (1 + varintLength(record.position)) +
    delimited(typeEntryLength) +
    (record.is_json ? jsonContent : binaryContent).length +
    delimited(createdEntryLength) +
    delimited(record.metadata.length) +
    delimited(record.data.length);
  return { record, id, created, streamLength, typeLength, typeEntryLength, createdEntryLength, length };
};

const put = (cursor: Cursor, content: Uint8Array): void => {
  cursor.bytes.set(content, cursor.at);
  cursor.at += content.length;
};

const putTag = (cursor: Cursor, tag: number, number: number): void => {
  cursor.bytes[cursor.at] = tag;
  cursor.at = writeVarint(cursor.bytes, cursor.at + 1, number);
};

const putText = (cursor: Cursor, tag: number, text: string, length: number): void => {
  putTag(cursor, tag, length);
  cursor.at += cursor.bytes.write(text, cursor.at, length, 'utf8');
};

const putRevision = (cursor: Cursor, revision: number): void => {
  if (revision !== tombstoneRevision) return putTag(cursor, 0x18, revision);
  cursor.bytes[cursor.at++] = 0x18;
  return put(cursor, tombstoneVarint);
};

/** `RecordedEvent`; the tags are field numbers times eight plus the wire type. */
const putRecord = (cursor: Cursor, { record, id, created, ...lengths }: Measured): void => {
  put(cursor, id);
  putTag(cursor, 0x12, delimited(lengths.streamLength));
  putText(cursor, 0x1a, record.stream, lengths.streamLength);
  putRevision(cursor, record.revision);
  putTag(cursor, 0x20, record.position);
  putTag(cursor, 0x28, record.position);
  putTag(cursor, 0x32, lengths.typeEntryLength);
  put(cursor, typeKey);
  putText(cursor, 0x12, record.type, lengths.typeLength);
  put(cursor, record.is_json ? jsonContent : binaryContent);
  putTag(cursor, 0x32, lengths.createdEntryLength);
  put(cursor, createdKey);
  putText(cursor, 0x12, created, created.length);
  putTag(cursor, 0x3a, record.metadata.length);
  put(cursor, record.metadata);
  putTag(cursor, 0x42, record.data.length);
  put(cursor, record.data);
};

/** A framed `ReadResp.event`. Its position is that of what was asked for: the link, where there is one. */
export const eventFrame = ({ event, link }: Delivery, form: UuidForm): Buffer => {
  const [one, two] = [event && measured(event, form), link && measured(link, form)];
  const position = (link ?? event)?.position ?? 0;
  const readEvent = (one ? delimited(one.length) : 0) + (two ? delimited(two.length) : 0) + 1 + varintLength(position);
  const response = delimited(readEvent);
  const cursor: Cursor = { bytes: Buffer.allocUnsafe(prefixBytes + response), at: prefixBytes };
  cursor.bytes[0] = 0;
  cursor.bytes.writeUInt32BE(response, 1);
  putTag(cursor, 0x0a, readEvent);
  if (one) {
    putTag(cursor, 0x0a, one.length);
    putRecord(cursor, one);
  }
  if (two) {
    putTag(cursor, 0x12, two.length);
    putRecord(cursor, two);
  }
  putTag(cursor, 0x18, position);
  return cursor.bytes;
};

/** How a framed message begins: not compressed, so long. */
export const framed = (content: Uint8Array): Buffer => {
  const bytes = Buffer.allocUnsafe(prefixBytes + content.length);
  bytes[0] = 0;
  bytes.writeUInt32BE(content.length, 1);
  bytes.set(content, prefixBytes);
  return bytes;
};
