import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '../../src/adapters/postgres/database.ts';
import { template } from '../../src/adapters/postgres/template.ts';
import { quietJournal } from './quiet.journal.ts';

const migrations = fileURLToPath(new URL('../../migrations/', import.meta.url));

const digest = (): string => {
  const sum = createHash('sha256');
  for (const name of readdirSync(migrations).toSorted()) sum.update(readFileSync(join(migrations, name)));
  return sum.digest('hex').slice(0, 16);
};

/**
 * Copies a cluster that has today's lasting tables. It is made once for each state of `migrations/`; where it cannot be
 * kept, nothing is copied, and the database makes its own.
 */
export const copyMigratedCluster = async (to: string): Promise<void> => {
  const empty = await template();
  if (empty === undefined) return;
  const ready = join(dirname(empty), `${basename(empty)}-${digest()}`);
  if (!existsSync(ready)) {
    const building = mkdtempSync(join(dirname(empty), 'building-'));
    await openDatabase({ folder: building, journal: quietJournal() }).then(({ close }) => close());
    // Of several who build at once the first one's is taken.
    if (!existsSync(ready)) renameSync(join(building, 'cluster'), ready);
    rmSync(building, { recursive: true, force: true });
  }
  mkdirSync(dirname(to), { recursive: true });
  // Files that keep their times need not be flushed when the database is closed.
  cpSync(ready, to, { recursive: true, preserveTimestamps: true });
};
