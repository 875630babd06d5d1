import { sql, type Kysely } from 'kysely';
import type { Begun, Clock, Idempotency } from '../../ports.ts';
import type { Lasting } from '../../schema.ts';

/** How long an answer is kept (interfaces 3.1). */
export const keptMsMax = 48 * 60 * 60_000;
/** A request that was begun this long ago and not finished is taken to have died with its node. */
export const answeringMsMax = 60_000;
/** What one statement of a sweep removes. */
const sweepBatchMax = 1_000;
/** Between our look and the next an entry may vanish, but not for ever. */
const looksMax = 3;

/** Enters the request, or takes the place of one that has expired or whose node died. */
const enters = async (
  db: Kysely<Lasting>,
  at: number,
  [principal, key, fingerprint]: readonly [string, string, string],
): Promise<boolean> => {
  const { rows } = await sql`
      insert into acta.idempotency as held (principal, key, fingerprint, status, begun_at, expires_at)
      values (${principal}, ${key}, ${fingerprint}, 'in_progress', ${at}, ${at + keptMsMax})
      on conflict (principal, key) do update set
        fingerprint = excluded.fingerprint, status = excluded.status, begun_at = excluded.begun_at,
        expires_at = excluded.expires_at, response_status = null, response_headers = null, response_body = null
      where held.expires_at <= ${at} or (held.status = 'in_progress' and held.fingerprint = excluded.fingerprint
        and held.begun_at <= ${at - answeringMsMax})
      returning 1`.execute(db);
  return rows.length > 0;
};

/** The memory behind `Idempotency-Key` in `acta.idempotency`, on a clock that all nodes roughly share. */
export const postgresIdempotency = (db: Kysely<Lasting>, { now }: Pick<Clock, 'now'>): Idempotency => {
  return {
    begin: async (principal, key, fingerprint): Promise<Begun> => {
      for (let look = 1; look <= looksMax; look++) {
        if (await enters(db, now(), [principal, key, fingerprint])) return { state: 'fresh' };
        const held = await db
          .selectFrom('acta.idempotency')
          .selectAll()
          .where('principal', '=', principal)
          .where('key', '=', key)
          .executeTakeFirst();
        if (held === undefined) continue;
        if (held.fingerprint !== fingerprint) return { state: 'mismatch' };
        const { response_status: status, response_headers: headers, response_body: body } = held;
        if (status === null) return { state: 'in_progress' };
        return { state: 'replay', answer: { status, headers: headers ?? {}, body: body ?? '' } };
      }
      return { state: 'in_progress' };
    },

    finish: async (principal, key, { status, headers, body }) => {
      await db
        .updateTable('acta.idempotency')
        .set({
          status: 'done',
          response_status: status,
          response_headers: JSON.stringify(headers),
          response_body: body,
        })
        .where('principal', '=', principal)
        .where('key', '=', key)
        .where('status', '=', 'in_progress')
        .execute();
    },

    abandon: async (principal, key) => {
      await db
        .deleteFrom('acta.idempotency')
        .where('principal', '=', principal)
        .where('key', '=', key)
        .where('status', '=', 'in_progress')
        .execute();
    },

    sweep: async () => {
      let swept = 0;
      for (;;) {
        const { numAffectedRows = 0n } = await sql`
          delete from acta.idempotency where (principal, key) in (
            select principal, key from acta.idempotency where expires_at <= ${now()}
            limit ${sweepBatchMax} for update skip locked)`.execute(db);
        swept += Number(numAffectedRows);
        if (numAffectedRows < sweepBatchMax) return swept;
      }
    },
  };
};

/** Forgets what nobody answers any more: right where this process is the only one that can have begun it. */
export const forgetUnfinished = async (db: Kysely<Lasting>): Promise<void> => {
  await db.deleteFrom('acta.idempotency').where('status', '=', 'in_progress').execute();
};
