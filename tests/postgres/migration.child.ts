/** Migrates a database, and stops in the middle of the last migration to be killed there; says `half-way` when it is. */
import { sql, type Kysely } from 'kysely';
import { migrations } from '../../migrations/migrations.ts';
import { openDatabase } from '../../src/adapters/postgres/database.ts';
import { quietJournal } from '../support/quiet.journal.ts';

const [folder = '', url] = process.argv.slice(2);
const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create table acta.half (n int4)`.execute(db);
  await sql`drop table acta.operations`.execute(db);
  process.stdout.write('half-way\n');
  await new Promise((resolve) => setTimeout(resolve, 60_000));
};
await openDatabase({ folder, url, journal: quietJournal(), migrations: { ...migrations, '9999_half': { up } } });
