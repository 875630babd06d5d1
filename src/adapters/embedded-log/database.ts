import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { openFile, type FileOptions } from './database.file.ts';
import { headsMax, pageBytesMax } from './limits.ts';
import type { StoredRecord } from './storage.ts';

/** A record with the hashes it was stored with. `running` is there on the last record of each group. */
export interface Row {
  readonly record: StoredRecord;
  readonly digest: Uint8Array;
  readonly running: Uint8Array | null;
}

/** Rows in the order asked for; `whole` unless the reading ended early because they are many bytes. */
export interface Rows {
  readonly rows: readonly Row[];
  readonly whole: boolean;
}

/** SQL, and nothing but SQL: what rows mean is said elsewhere. */
export interface Database {
  readonly begin: () => void;
  readonly commit: () => void;
  readonly rollback: () => void;
  readonly addStream: (sid: number, name: string) => void;
  readonly addRecord: (sid: number, record: StoredRecord, digest: Uint8Array, running: Uint8Array | null) => void;
  /** Writes the running hash onto a record that was added without. */
  readonly seal: (position: number, running: Uint8Array) => void;
  readonly streamId: (name: string) => number | undefined;
  readonly lastStreamId: () => number;
  readonly lastRevision: (sid: number) => number | undefined;
  readonly lastPosition: () => number;
  readonly at: (sid: number, revision: number) => Row | undefined;
  readonly createdAt: (sid: number, revision: number) => number | undefined;
  readonly streamRows: (sid: number, from: number, direction: Direction, limit: number) => Rows;
  /** Forwards from a position, inclusive; backwards below it. */
  readonly allRows: (from: number, direction: Direction, limit: number) => Rows;
  /** Events from `from` to `to` that their stream's name and the index by stream do not lead to. */
  readonly unindexed: (from: number, to: number) => number;
  /** The last position, at or before the given one, at which a group ended. */
  readonly groupEnd: (position: number) => number | undefined;
  /** Copies the WAL into the database, as far as it can. */
  readonly checkpoint: () => void;
  readonly close: () => void;
}

export type Direction = 'forward' | 'backward';

type Columns = readonly [
  position: number,
  sid: number,
  revision: number,
  id: string,
  type: string,
  created_us: number,
  is_json: number,
  dataBytes: number | null,
  metadataBytes: number | null,
  digestBytes: number | null,
  sealed: number,
  body: Uint8Array | null,
];

/** Names of streams by their numbers: neither ever changes. */
const streamNames = (select: StatementSync): ((sid: number) => string) => {
  const names = new Map<number, string>();
  return (sid) => {
    const known = names.get(sid);
    if (known !== undefined) return known;
    // A number without a name is no name that any digest was made of.
    const [name = ''] = (select.get(sid) ?? []) as unknown as readonly string[];
    if (names.size >= headsMax) names.clear();
    names.set(sid, name);
    return name;
  };
};

const nothing = new Uint8Array();

const rowOf = (columns: Columns, stream: string): Row => {
  const [position, , revision, id, type, created_us, json, dataBytes, metadataBytes, digestBytes, sealed, body] =
    columns;
  // Where rot has left nothing of a column there is nothing here either, and no digest is that of nothing.
  const bytes = body ?? nothing;
  const metadataAt = dataBytes ?? 0;
  const digestAt = metadataAt + (metadataBytes ?? 0);
  const runningAt = digestAt + (digestBytes ?? 0);
  const data = bytes.subarray(0, metadataAt);
  const metadata = bytes.subarray(metadataAt, digestAt);
  const record = { position, stream, revision, id, type, created_us, is_json: json === 1, data, metadata };
  return {
    record,
    digest: bytes.subarray(digestAt, runningAt),
    running: sealed === 1 ? bytes.subarray(runningAt) : null,
  };
};

/** All blobs of an event come as one: each costs as much to hand over as everything else of a row together. */
const events = `
  SELECT position, sid, revision, id, type, created_us, is_json,
    octet_length(data), octet_length(metadata), octet_length(digest), running IS NOT NULL,
    CAST(data || metadata || digest || coalesce(running, x'') AS BLOB)
  FROM events`;

/** Every statement there is, prepared once. */
const statementsOf = (db: DatabaseSync) => {
  const prepared = (sql: string): StatementSync => {
    const statement = db.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  };
  return {
    begin: prepared('BEGIN IMMEDIATE'),
    commit: prepared('COMMIT'),
    rollback: prepared('ROLLBACK'),
    addStream: prepared('INSERT INTO streams (sid, name) VALUES (?, ?)'),
    addRecord: prepared('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    seal: prepared('UPDATE events SET running = ? WHERE position = ?'),
    streamName: prepared('SELECT name FROM streams WHERE sid = ?'),
    streamId: prepared('SELECT sid FROM streams WHERE name = ?'),
    lastStreamId: prepared('SELECT max(sid) FROM streams'),
    lastRevision: prepared('SELECT max(revision) FROM events WHERE sid = ?'),
    lastPosition: prepared('SELECT max(position) FROM events'),
    createdAt: prepared('SELECT created_us FROM events WHERE sid = ? AND revision = ?'),
    groupEnd: prepared(
      'SELECT position FROM events WHERE position <= ? AND running IS NOT NULL ORDER BY position DESC LIMIT 1',
    ),
    unindexed: prepared(
      `SELECT count(*) FROM events e JOIN streams n ON n.sid = e.sid WHERE e.position BETWEEN ? AND ? AND (
         NOT EXISTS (SELECT 1 FROM events i INDEXED BY events_by_stream
                     WHERE i.sid = e.sid AND i.revision = e.revision AND i.position = e.position)
         OR NOT EXISTS (SELECT 1 FROM streams s INDEXED BY sqlite_autoindex_streams_1
                        WHERE s.name = n.name AND s.sid = n.sid))`,
    ),
    at: prepared(`${events} WHERE sid = ? AND revision = ?`),
    ofStream: {
      forward: prepared(`${events} WHERE sid = ? AND revision >= ? ORDER BY revision LIMIT ?`),
      backward: prepared(`${events} WHERE sid = ? AND revision <= ? ORDER BY revision DESC LIMIT ?`),
    },
    ofAll: {
      forward: prepared(`${events} WHERE position >= ? ORDER BY position LIMIT ?`),
      backward: prepared(`${events} WHERE position < ? ORDER BY position DESC LIMIT ?`),
    },
  };
};

/** Rows until they are many bytes. */
const scanner =
  (nameOf: (sid: number) => string) =>
  (statement: StatementSync, ...values: readonly number[]): Rows => {
    const rows: Row[] = [];
    let bytes = 0;
    for (const columns of statement.iterate(...values) as unknown as Iterable<Columns>) {
      const row = rowOf(columns, nameOf(columns[1]));
      rows.push(row);
      bytes += row.record.data.length + row.record.metadata.length;
      if (bytes >= pageBytesMax) return { rows, whole: false };
    }
    return { rows, whole: true };
  };

const one = (statement: StatementSync, ...values: readonly (string | number)[]): number | undefined => {
  const row = statement.get(...values) as unknown as readonly [number | null] | undefined;
  return row?.[0] ?? undefined;
};

/** Opens the database of a log, or refuses with a LogError that says why. */
export const openDatabase = (file: string, options: FileOptions = {}): Database => {
  const db = openFile(file, options);
  const sql = statementsOf(db);
  const scanned = scanner(streamNames(sql.streamName));
  return {
    begin: () => void sql.begin.run(),
    commit: () => void sql.commit.run(),
    rollback: () => {
      if (db.isTransaction) sql.rollback.run();
    },
    addStream: (sid, name) => void sql.addStream.run(sid, name),
    addRecord: (sid, record, digest, running) => {
      const { position, revision, id, type, created_us, is_json, data, metadata } = record;
      const json = is_json ? 1 : 0;
      sql.addRecord.run(position, sid, revision, id, type, created_us, json, data, metadata, digest, running);
    },
    seal: (position, running) => void sql.seal.run(running, position),
    streamId: (name) => one(sql.streamId, name),
    lastStreamId: () => one(sql.lastStreamId) ?? 0,
    lastRevision: (sid) => one(sql.lastRevision, sid),
    lastPosition: () => one(sql.lastPosition) ?? 0,
    at: (sid, revision) => scanned(sql.at, sid, revision).rows[0],
    createdAt: (sid, revision) => one(sql.createdAt, sid, revision),
    streamRows: (sid, from, direction, limit) => scanned(sql.ofStream[direction], sid, from, limit),
    allRows: (from, direction, limit) => scanned(sql.ofAll[direction], from, limit),
    unindexed: (from, to) => one(sql.unindexed, from, to) ?? 0,
    groupEnd: (position) => one(sql.groupEnd, position),
    checkpoint: () => db.exec('PRAGMA wal_checkpoint(PASSIVE)'),
    close: () => db.close(),
  };
};
