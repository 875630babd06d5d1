import { sql, type Kysely } from 'kysely';

/** Why an instance was given back without having come to where it wants to be: what waits must be seen to wait (P8). */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`alter table acta.processes add column fault text`.execute(db);
};
