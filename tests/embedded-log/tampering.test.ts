import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { recordDigest } from '../../src/adapters/embedded-log/record.digest.ts';
import type { StoredRecord } from '../../src/adapters/embedded-log/storage.ts';
import { openStorage, type Store } from '../../src/adapters/embedded-log/store.ts';
import { fill } from './crash.image.ts';
import { everything, freshFolder, freshStore } from './log.folder.ts';

/** A log that was changed behind the store's back with SQL, which leaves every page of it well formed. */
const changed = async (change: (db: DatabaseSync, records: readonly StoredRecord[]) => void): Promise<string> => {
  const folder = freshFolder();
  const store = openStorage(folder);
  await fill(store);
  const records = everything(store);
  await store.close();
  const db = new DatabaseSync(path.join(folder, 'log.sqlite'), { defensive: false });
  change(db, records);
  db.close();
  return folder;
};

/** Opened without looking at more than its last event first. */
const trusting = (folder: string): Store => freshStore({ verified_at_open_events_max: 1 }, folder);

const scrubbed = (store: Store): void => {
  while (store.scrub(5));
};

/** Takes an index from the schema, changes the table, and puts the index back as it was. */
const behind = (db: DatabaseSync, index: string, change: () => void): void => {
  const entry = db.prepare('SELECT * FROM sqlite_master WHERE name = ?').get(index);
  const values = ['type', 'name', 'tbl_name', 'rootpage', 'sql'].map((column) => entry?.[column] ?? null);
  db.exec('PRAGMA writable_schema = ON');
  db.prepare('DELETE FROM sqlite_master WHERE name = ?').run(index);
  db.exec('PRAGMA writable_schema = RESET');
  change();
  db.exec('PRAGMA writable_schema = ON');
  db.prepare('INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)').run(...values);
  db.exec('PRAGMA writable_schema = RESET');
};

describe('a log that was changed behind its back', () => {
  it('is refused when an event was rewritten together with its hash', async () => {
    const folder = await changed((db, records) => {
      const forged = { ...records[4]!, data: Buffer.from('{"n":"forged"}') };
      const values = [forged.data, recordDigest(forged), forged.position];
      db.prepare('UPDATE events SET data = ?, digest = ? WHERE position = ?').run(...values);
    });
    expect(() => openStorage(folder)).toThrow(/hash at event 9 does not follow/);
    expect(() => scrubbed(trusting(folder))).toThrow(/hash at event 9 does not follow/);
  });

  it('is refused when an event was taken out of the middle', async () => {
    const folder = await changed((db) => db.exec('DELETE FROM events WHERE position = 5'));
    expect(() => openStorage(folder)).toThrow('events 5 to 5 are missing');
    const store = trusting(folder);
    expect(() => everything(store)).toThrow('events 5 to 5 are missing');
    expect(() => everything(store, 'backward')).toThrow('events 5 to 5 are missing');
    expect(() => store.readStream('a', 'start', 'forward', 5)).toThrow('revision 4 is missing');
  });

  it('is refused when its first or its last event was taken out', async () => {
    const first = await changed((db) => db.exec('DELETE FROM events WHERE position = 1'));
    expect(() => openStorage(first)).toThrow('events 1 to 1 are missing');
    expect(() => everything(trusting(first), 'backward')).toThrow('events 1 to 1 are missing');
    const last = await changed((db, records) => db.exec(`DELETE FROM events WHERE position = ${records.length}`));
    expect(() => openStorage(last)).toThrow(/the newest group of events has no end/);
  });

  it('is refused when an event cannot be found by its stream', async () => {
    const folder = await changed((db) => {
      const row = Object.values(db.prepare('SELECT * FROM events WHERE position = 9').get()!);
      db.exec('DELETE FROM events WHERE position = 9');
      const into = db.prepare(`INSERT INTO events VALUES (${row.map(() => '?').join(', ')})`);
      behind(db, 'events_by_stream', () => void into.run(...row));
    });
    expect(() => openStorage(folder)).toThrow('1 events cannot be found by their stream');
    expect(() => scrubbed(trusting(folder))).toThrow('1 events cannot be found by their stream');
  });

  it('is refused when it was written by a newer Acta, or has other tables', async () => {
    const newer = await changed((db) => db.exec('PRAGMA user_version = 2'));
    expect(() => openStorage(newer)).toThrow('the log was written by a newer Acta (format 2)');
    const other = await changed((db) => db.exec('CREATE TABLE diary (entry TEXT)'));
    expect(() => openStorage(other)).toThrow('the schema of the log is damaged');
  });
});
