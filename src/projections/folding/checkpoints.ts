import { sql, type Kysely } from 'kysely';
import type { Lasting } from '../../schema.ts';
import { ProjectionFault } from '../fault.ts';
import type { Schema } from './statements.ts';

/** The name under which a table's position is kept. */
export const checkpointName = (schema: Schema, projection: string): string =>
  `${schema === 'read' ? 'projection' : 'shadow'}:${projection}`;

export interface Move {
  readonly schema: Schema;
  readonly projection: string;
  readonly version: number;
  readonly epoch: number;
  readonly from: bigint;
  readonly to: bigint;
}

/**
 * Moves checkpoints by compare-and-set, the first statement of every transaction that folds: whoever believes in an older
 * position, version or epoch writes nothing (assurance F06, F29). The rows stay locked until the transaction ends. Given a
 * limit, no later statement of the transaction may take longer.
 */
export const moveCheckpoints = async (
  trx: Kysely<Lasting>,
  moves: readonly Move[],
  statementMsMax?: number,
): Promise<void> => {
  const limit =
    statementMsMax === undefined ? sql`` : sql`, set_config('statement_timeout', ${String(statementMsMax)}, true)`;
  const named = moves.map((move) => ({ ...move, name: checkpointName(move.schema, move.projection) }));
  const wanted = JSON.stringify(named.map((move) => ({ ...move, from: String(move.from), to: String(move.to) })));
  const { rows } = await sql<{ readonly name: string }>`
    update acta.checkpoints as c set position = m."to", updated_at = now()
    from jsonb_to_recordset(${wanted}::jsonb) as m(name text, version int4, epoch int4, "from" int8, "to" int8)
    where c.name = m.name and c.version = m.version and c.epoch = m.epoch and c.position = m."from"
    returning c.name${limit}`.execute(trx);
  if (rows.length === moves.length) return;
  const moved = new Set(rows.map(({ name }) => name));
  const about = named.filter(({ name }) => !moved.has(name)).map(({ projection }) => projection);
  throw new ProjectionFault('checkpoint_moved', `somebody else moved ${about.join(', ')}`, { about });
};

export interface Checkpoint {
  readonly position: bigint;
  readonly version: number;
  readonly epoch: number;
}

/** A checkpoint, its row locked until the transaction ends: whoever folds into that table waits. */
export const lockCheckpoint = async (trx: Kysely<Lasting>, name: string): Promise<Checkpoint | undefined> => {
  const { rows } = await sql<Checkpoint>`
    select position, version, epoch from acta.checkpoints where name = ${name} for update`.execute(trx);
  return rows[0];
};

/** Puts a checkpoint where it is said to be, under a new epoch, so that nobody who folded before goes on unawares. */
export const placeCheckpoint = async (
  trx: Kysely<Lasting>,
  name: string,
  { position, version }: { readonly position: bigint; readonly version: number },
): Promise<void> => {
  await sql`
    insert into acta.checkpoints as c (name, position, version, epoch) values (${name}, ${position}, ${version}, 0)
    on conflict (name) do update
    set position = excluded.position, version = excluded.version, epoch = c.epoch + 1, updated_at = now()`.execute(trx);
};

/** What was done behind the folder's back (an event retried or skipped) makes it read everything again. */
export const nextEpoch = async (trx: Kysely<Lasting>, name: string): Promise<void> => {
  await sql`update acta.checkpoints set epoch = epoch + 1, updated_at = now() where name = ${name}`.execute(trx);
};

export const dropCheckpoint = async (trx: Kysely<Lasting>, name: string): Promise<void> => {
  await sql`delete from acta.checkpoints where name = ${name}`.execute(trx);
};
