import { hash } from 'node:crypto';
import type { StoredRecord } from './storage.ts';

/** What an empty log's running hash is. */
export const genesis: Uint8Array = Buffer.alloc(32);

const fixedBytes = 8 + 8 + 8 + 1 + 2 + 2 + 4 + 4;
let scratch = Buffer.allocUnsafe(64 * 1024);

/**
 * SHA-256 over all fields of a record, each with its length before it, so that no two records say the same bytes. SQLite
 * notices few changed payload bytes (assurance 0.1.2); this notices all.
 */
export const recordDigest = (record: StoredRecord): Buffer => {
  const { stream, id, type, data, metadata } = record;
  // A UTF-16 code unit is at most three bytes of UTF-8.
  const bytesMax = fixedBytes + 3 * (stream.length + id.length + type.length) + data.length + metadata.length;
  if (scratch.length < bytesMax) scratch = Buffer.allocUnsafe(bytesMax);
  scratch.writeDoubleBE(record.position, 0);
  scratch.writeDoubleBE(record.revision, 8);
  scratch.writeDoubleBE(record.created_us, 16);
  scratch.writeUInt8(record.is_json ? 1 : 0, 24);
  scratch.writeUInt32BE(data.length, 25);
  scratch.writeUInt32BE(metadata.length, 29);
  let end = fixedBytes;
  const streamBytes = scratch.write(stream, end);
  scratch.writeUInt16BE(streamBytes, 33);
  end += streamBytes;
  const typeBytes = scratch.write(type, end);
  scratch.writeUInt16BE(typeBytes, 35);
  end += typeBytes;
  end += scratch.write(id, end);
  scratch.set(data, end);
  end += data.length;
  scratch.set(metadata, end);
  end += metadata.length;
  return hash('sha256', scratch.subarray(0, end), 'buffer');
};

/** The log's hash after a group: over the hash before it and the group's records, in order. */
export const runningDigest = (before: Uint8Array, digests: readonly Uint8Array[]): Buffer =>
  hash('sha256', Buffer.concat([before, ...digests]), 'buffer');

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
