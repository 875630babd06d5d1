import { sql, type Kysely } from 'kysely';

/**
 * A table that was changed behind its fold's back (an event retried or skipped, a rebuilt table swapped in) gets a new
 * epoch, so that whoever still folds from memory notices at its next checkpoint, though the position is the same.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`alter table acta.checkpoints add column epoch int4 not null default 0`.execute(db);
};
