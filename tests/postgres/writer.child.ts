/** Opens the database in a folder and writes pairs of rows until it is killed; says `open`, then each pair it was told is safe. */
import { sql } from 'kysely';
import { openDatabase } from '../../src/adapters/postgres/database.ts';
import { quietJournal } from '../support/quiet.journal.ts';

const [folder = ''] = process.argv.slice(2);
const database = await openDatabase({ folder, journal: quietJournal() });
await sql`create table if not exists pairs (n int8, half int4, filler text, primary key (n, half))`.execute(
  database.db,
);
const { rows } = await sql<{ n: bigint | null }>`select max(n) as n from pairs`.execute(database.db);
process.stdout.write('open\n');
for (let n = (rows[0]?.n ?? 0n) + 1n; ; n++) {
  await database.inTransaction(async (trx) => {
    await sql`insert into pairs values (${n}, 1, repeat('x', 500))`.execute(trx);
    await sql`insert into pairs values (${n}, 2, repeat('y', 500))`.execute(trx);
  });
  process.stdout.write(`${n}\n`);
}
