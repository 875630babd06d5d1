import type { Database } from './database.ts';
import { checkpointPages, checkpointPagesMax } from './limits.ts';
import type { StoredRecord } from './storage.ts';

/** Copies the WAL into the database after answers are out, not within a commit, where its writers would wait for it. */
export interface Wal {
  /** To be told of every group; copies when enough was written, sooner when it is `quiet`. Throws what SQLite throws. */
  readonly grown: (records: readonly StoredRecord[], quiet: boolean) => void;
}

const pageBytes = 4096;
/** Pages that a commit writes beside those that its events fill: leaves of the tables and of the index. */
const pagesPerCommit = 4;
/** What an event fills beside its data and metadata, names and hashes mostly. */
const recordBytes = 256;

export const careForWal = (db: Database, pagesMin = checkpointPages): Wal => {
  let pages = 0;
  return {
    grown: (records, quiet) => {
      const bytes = records.reduce((sum, { data, metadata }) => sum + data.length + metadata.length + recordBytes, 0);
      pages += pagesPerCommit + bytes / pageBytes;
      if (pages < (quiet ? pagesMin : checkpointPagesMax)) return;
      db.checkpoint();
      pages = 0;
    },
  };
};
