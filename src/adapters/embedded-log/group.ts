import type { Head } from './head.file.ts';
import { recordDigest, runningDigest } from './record.digest.ts';
import type { Proposal, StoredRecord } from './storage.ts';
import type { Database } from './database.ts';
import type { Heads } from './heads.ts';
import type { RecentIds } from './recent.ids.ts';

/** The streams as they are within the group being built. */
export interface Streams {
  readonly db: Database;
  readonly heads: Heads;
  readonly ids: RecentIds;
}

/** The events of one transaction, as they are written; nothing of it counts before the group is durable. */
export interface Group {
  /** Writes one event at a revision of a stream and answers its position. */
  readonly add: (stream: string, revision: number, proposal: Proposal) => number;
  readonly records: readonly StoredRecord[];
  /** Of the newest event, this group's or the one before. */
  readonly position: () => number;
  /** Writes what is held back: the newest event waits to be written together with the group's hash. */
  readonly flush: () => void;
  /** Writes the log's hash onto the last event and answers it. */
  readonly seal: () => Uint8Array;
}

/** Bytes of its own: what was proposed may be part of something large, and its owner may write over it. */
const kept = ({ data, metadata }: Proposal): Pick<Proposal, 'data' | 'metadata'> => {
  const bytes = Buffer.allocUnsafe(data.length + metadata.length);
  bytes.set(data);
  bytes.set(metadata, data.length);
  return { data: bytes.subarray(0, data.length), metadata: bytes.subarray(data.length) };
};

/** Begins a group after a position and the log's hash at it. */
export const beginGroup = (
  { db, heads, ids, nowUs }: Streams & { readonly nowUs: () => number },
  after: Head,
): Group => {
  const records: StoredRecord[] = [];
  const digests: Uint8Array[] = [];
  const created_us = nowUs();
  let position = after.position;
  let held: ((running: Uint8Array | null) => void) | undefined;

  const streamId = (stream: string): number => {
    const { sid } = heads.get(stream);
    if (sid !== undefined) return sid;
    const next = db.lastStreamId() + 1;
    db.addStream(next, stream);
    return next;
  };

  const flush = (): void => {
    held?.(null);
    held = undefined;
  };

  const add = (stream: string, revision: number, proposal: Proposal): number => {
    position += 1;
    const { id, type, is_json } = proposal;
    const { data, metadata } = kept(proposal);
    const record = { position, stream, revision, id, type, created_us, is_json, data, metadata };
    const digest = recordDigest(record);
    const sid = streamId(stream);
    flush();
    held = (running) => db.addRecord(sid, record, digest, running);
    heads.put(stream, { sid, last: revision });
    ids.put(id, { stream, revision, position });
    records.push(record);
    digests.push(digest);
    return position;
  };

  const seal = (): Uint8Array => {
    const running = runningDigest(after.running, digests);
    if (held === undefined) db.seal(position, running);
    else held(running);
    held = undefined;
    return running;
  };

  return { add, flush, records, seal, position: () => position };
};
