import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '../../src/adapters/postgres/database.ts';
import { template } from '../../src/adapters/postgres/template.ts';
import type { Database } from '../../src/schema.ts';
import { quietJournal } from './quiet.journal.ts';

/** A folder of this repository. */
export const within = (folder: string): string => fileURLToPath(new URL(`../../${folder}/`, import.meta.url));

/** Every file of these folders, by what is in it. */
const digest = (folders: readonly string[]): string => {
  const sum = createHash('sha256');
  for (const folder of folders)
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted())
      if (name.endsWith('.ts')) sum.update(readFileSync(join(folder, name)));
  return sum.digest('hex').slice(0, 16);
};

/**
 * Copies a cluster that was prepared in some way. It is made once for each state of the code that prepares it; where it
 * cannot be kept, nothing is copied, and the database makes its own.
 */
export const copyPrepared = async (
  to: string,
  name: string,
  folders: readonly string[],
  prepare: (database: Database, folder: string) => Promise<void>,
): Promise<void> => {
  const empty = await template();
  if (empty === undefined) return;
  const ready = join(dirname(empty), `${basename(empty)}-${name}-${digest(folders)}`);
  if (!existsSync(ready)) {
    const building = mkdtempSync(join(dirname(empty), 'building-'));
    const database = await openDatabase({ folder: building, journal: quietJournal() });
    try {
      await prepare(database, building);
    } finally {
      await database.close();
    }
    // Of several who build at once the first one's is taken.
    if (!existsSync(ready)) renameSync(join(building, 'cluster'), ready);
    rmSync(building, { recursive: true, force: true });
  }
  mkdirSync(dirname(to), { recursive: true });
  // Files that keep their times need not be flushed when the database is closed.
  cpSync(ready, to, { recursive: true, preserveTimestamps: true });
};

/** A cluster that has today's lasting tables. */
export const copyMigratedCluster = (to: string): Promise<void> =>
  copyPrepared(to, 'migrated', [within('migrations')], () => Promise.resolve());
