import { sql, type Kysely } from 'kysely';
import { Migrator, type Migration } from 'kysely/migration';
import type { Journal } from '../../ports.ts';
import type { Lasting } from '../../schema.ts';
import { DatabaseError, faultOf } from './fault.ts';

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'for no reason it gave');

/** What has run, in one look instead of the dozen that the migrator takes; undefined where nothing ever has. */
const alreadyRun = async (db: Kysely<Lasting>): Promise<readonly string[] | undefined> => {
  try {
    const { rows } = await sql<{ readonly name: string }>`select name from acta.migrations order by name`.execute(db);
    return rows.map(({ name }) => name);
  } catch (error) {
    if (faultOf(error) === 'undefined_table') return undefined;
    throw error;
  }
};

/**
 * Brings the lasting tables to today's shape (assurance F47): one node at a time, by Postgres' advisory lock; all in one
 * transaction, so that a kill half-way leaves what was; answers the names of the migrations it ran. A database that a
 * newer build has migrated is refused: this build would not understand it.
 */
export const migrate = async (
  db: Kysely<Lasting>,
  migrations: Readonly<Record<string, Migration>>,
): Promise<readonly string[]> => {
  const ran = await alreadyRun(db);
  const unknown = ran?.filter((name) => !(name in migrations)) ?? [];
  if (unknown.length > 0)
    throw new DatabaseError(
      'other',
      `a newer version has migrated this database (${unknown.join(', ')}): start that one`,
    );
  if (ran?.length === Object.keys(migrations).length) return [];
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...migrations }) },
    migrationTableSchema: 'acta',
    migrationTableName: 'migrations',
    migrationLockTableName: 'migrations_lock',
  });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error !== undefined)
    throw new DatabaseError(faultOf(error), `a migration failed: ${messageOf(error)}`, { cause: error });
  return results.map(({ migrationName }) => migrationName);
};

const hasVector = async (db: Kysely<Lasting>): Promise<'installed' | 'available' | 'absent'> => {
  const { rows } = await sql<{ readonly installed: boolean }>`
    select installed_version is not null as installed from pg_available_extensions where name = 'vector'`.execute(db);
  const [row] = rows;
  if (row === undefined) return 'absent';
  return row.installed ? 'installed' : 'available';
};

/** Makes pgvector usable, where the server has it and lets us; answers whether it is. */
export const withVector = async (db: Kysely<Lasting>, journal: Journal): Promise<boolean> => {
  const found = await hasVector(db);
  if (found !== 'available') return found === 'installed';
  try {
    await sql`create extension if not exists vector`.execute(db);
    return true;
  } catch (error) {
    // Another node may have been faster; else we may not, and vectors are compared without it.
    if ((await hasVector(db)) === 'installed') return true;
    journal.warn('vector_extension_refused', { error: String(error) });
    return false;
  }
};
