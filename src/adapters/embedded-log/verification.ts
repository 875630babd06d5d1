import { LogError } from '../../ports.ts';
import type { Database, Row, Rows } from './database.ts';
import { genesis, recordDigest, runningDigest, sameBytes } from './record.digest.ts';
import type { StoredRecord } from './storage.ts';

/** Where the log says that its tail was lost and that somebody accepted it; positions may skip only before this. */
export const lossStream = '$acta-log';
export const lossType = 'LossAccepted';

const corrupt = (message: string): LogError => new LogError('corrupt', `${message}; restore the log from a backup`);

/** The record of a row whose fields are what they were when it was stored; throws `corrupt` otherwise. */
export const intact = ({ record, digest }: Row): StoredRecord => {
  if (!sameBytes(recordDigest(record), digest)) throw corrupt(`event ${record.position} is not what was recorded`);
  return record;
};

/** The rows of a stream from one revision on, in order and without a gap; `expected` is how many there must be. */
export const intactRun = ({ rows, whole }: Rows, from: number, step: 1 | -1, expected: number): StoredRecord[] => {
  if (whole && rows.length !== expected)
    throw corrupt(`${expected} events were recorded where ${rows.length} are left`);
  return rows.map((row, n) => {
    if (row.record.revision !== from + n * step) throw corrupt(`revision ${from + n * step} is missing`);
    return intact(row);
  });
};

/** Whether the event at `position` may follow the one at `before`. */
const follows = (before: number, record: StoredRecord): boolean =>
  record.position === before + 1 ||
  (record.position > before && record.stream === lossStream && record.type === lossType);

/** Rows of the whole log after a position, forwards; nothing between them may be missing. */
export const intactForward = (rows: readonly Row[], after: number): StoredRecord[] => {
  let before = after;
  return rows.map((row) => {
    const record = intact(row);
    if (!follows(before, record)) throw corrupt(`events ${before + 1} to ${record.position - 1} are missing`);
    before = record.position;
    return record;
  });
};

/** What a verification carries from slice to slice. */
export interface Verified {
  readonly position: number;
  readonly running: Uint8Array;
  /** Digests since the last group ended. */
  readonly open: readonly Uint8Array[];
}

/** A verification from the log's first event on. */
export const beginVerification: Verified = { position: 0, running: genesis, open: [] };

/**
 * Verifies the next `limit` events: each record, that none is missing, that the index by stream leads to each, and the
 * running hash at the end of every group. Answers where to go on; throws `corrupt`.
 */
export const verifySlice = (db: Database, from: Verified, limit: number): Verified => {
  const { rows } = db.allRows(from.position + 1, 'forward', limit);
  const records = intactForward(rows, from.position);
  const last = records.at(-1);
  if (last === undefined) return from;
  const lost = db.unindexed(from.position + 1, last.position);
  if (lost > 0) throw corrupt(`${lost} events cannot be found by their stream`);
  let running = from.running;
  let open = [...from.open];
  for (const { digest, running: sealed, record } of rows) {
    open.push(digest);
    if (sealed === null) continue;
    running = runningDigest(running, open);
    open = [];
    if (!sameBytes(running, sealed)) throw corrupt(`the log's hash at event ${record.position} does not follow`);
  }
  return { position: last.position, running, open };
};
