import { sql, type Kysely } from 'kysely';

/** Each taking of an instance has its own number: what is said late of one must not end the next by the same owner. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create sequence acta.leases as int8`.execute(db);
  await sql`alter table acta.processes add column lease int8`.execute(db);
};
