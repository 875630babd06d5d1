import { DatabaseSync } from 'node:sqlite';
import { LogError } from '../../ports.ts';
import { messageOf, sqliteFault } from './sqlite.fault.ts';

export interface FileOptions {
  /** `normal` exists so that the storage lab can show that it would find a loss. */
  readonly synchronous?: 'full' | 'normal';
  /** The most the database file may hold; SQLite says "full" beyond it. */
  readonly bytes_max?: number;
}

/** Below it a race between checkpoint and WAL reset could corrupt the file (https://sqlite.org/wal.html, section 11). */
const sqliteFloor = [3, 51, 3] as const;
const applicationId = 0x41_43_54_41;
const formatVersion = 1;
const pageBytes = 4096;

const schema = [
  'CREATE TABLE streams (sid INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)',
  'CREATE TABLE events (position INTEGER PRIMARY KEY, sid INTEGER NOT NULL, revision INTEGER NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL, created_us INTEGER NOT NULL, is_json INTEGER NOT NULL, data BLOB NOT NULL, metadata BLOB NOT NULL, digest BLOB NOT NULL, running BLOB)',
  'CREATE UNIQUE INDEX events_by_stream ON events (sid, revision)',
];

const olderThanFloor = (version: string): boolean => {
  const parts = version.split('.').map(Number);
  const differing = sqliteFloor.findIndex((floor, n) => parts[n] !== floor);
  return differing >= 0 && (parts[differing] ?? 0) < (sqliteFloor[differing] ?? 0);
};

/** Refuses with `unsupported` a SQLite that may corrupt what it is given. */
export const requireSqlite = (version: string): void => {
  if (!olderThanFloor(version)) return;
  const floor = sqliteFloor.join('.');
  throw new LogError(
    'unsupported',
    `SQLite ${version} may corrupt a log: at least ${floor} is needed, which Node.js 24.15 and later bring.`,
  );
};

const pragma = (db: DatabaseSync, name: string): unknown => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];

/** Takes the lock first: whoever comes second learns it before anything is read or written (assurance F38). */
const configure = (db: DatabaseSync, { synchronous = 'full', bytes_max }: FileOptions): void => {
  db.exec('PRAGMA locking_mode = EXCLUSIVE');
  db.exec('PRAGMA journal_mode = WAL');
  db.exec(`PRAGMA synchronous = ${synchronous}`);
  db.exec('BEGIN EXCLUSIVE; COMMIT');
  db.exec('PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA wal_autocheckpoint = 0');
  db.exec('PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -32768');
  if (bytes_max !== undefined) db.exec(`PRAGMA max_page_count = ${Math.ceil(bytes_max / pageBytes)}`);
};

/** A new file gets the schema; an existing one must have it to the letter, for a flipped bit may sit there too. */
const prepareSchema = (db: DatabaseSync): void => {
  const found = db.prepare('SELECT sql FROM sqlite_master WHERE sql IS NOT NULL').all();
  if (found.length === 0) {
    db.exec(`BEGIN IMMEDIATE; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${formatVersion};`);
    db.exec(`${schema.join(';')}; COMMIT; PRAGMA wal_checkpoint`);
    return;
  }
  const version = pragma(db, 'user_version');
  if (pragma(db, 'application_id') !== applicationId) throw new LogError('corrupt', 'this is not a log of Acta');
  if (typeof version === 'number' && version > formatVersion)
    throw new LogError('unsupported', `the log was written by a newer Acta (format ${version})`);
  const same = found.length === schema.length && found.every(({ sql }) => schema.includes(String(sql)));
  if (!same || version !== formatVersion) throw new LogError('corrupt', 'the schema of the log is damaged');
};

const openFailure = (error: unknown, file: string): unknown => {
  if (error instanceof LogError) return error;
  const said = messageOf(error);
  switch (sqliteFault(error)) {
    case 'busy':
      return new LogError('unavailable', `${file} is open already: one log has one writer`, { cause: error });
    case 'corrupt':
      return new LogError('corrupt', `${file} is damaged (${said}): restore it from a backup`, { cause: error });
    case 'full':
      return new LogError('disk_full', `no room to open ${file}`, { cause: error });
    case 'failed':
      return new LogError('unavailable', `${file} cannot be opened: ${said}`, { cause: error });
  }
};

/** Opens the file with one writer, durable commits and the log's schema, or refuses with a LogError that says why. */
export const openFile = (file: string, options: FileOptions): DatabaseSync => {
  requireSqlite(process.versions['sqlite'] ?? '0');
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { timeout: 0 });
    configure(db, options);
    prepareSchema(db);
    return db;
  } catch (error) {
    db?.close();
    throw openFailure(error, file);
  }
};
