import { sql, type Kysely, type Transaction } from 'kysely';
import type { EventLog } from '../../ports.ts';
import type { Database, Lasting } from '../../schema.ts';
import { foldWithin } from '../folding/batch.ts';
import type { Workshop } from '../folding/outcome.ts';
import {
  checkpointName,
  dropCheckpoint,
  lockCheckpoint,
  placeCheckpoint,
  type Checkpoint,
} from '../folding/checkpoints.ts';
import { markOf } from '../folding/fold.ts';
import { member, type Member } from '../folding/member.ts';
import { pages } from '../following/pages.ts';
import { emptyLot } from '../folding/parking.ts';
import type { Projection } from '../projection.ts';
import { aloneWithTables, createTable } from '../standing.ts';
import { tableName } from '../folding/statements.ts';

/** What somebody has skipped of a projection: a rebuild may pass by it too, where it still cannot be folded. */
const passedOf = async (db: Kysely<Lasting>, projection: Projection): Promise<ReadonlySet<string>> => {
  const { rows } = await sql<{ readonly position: bigint; readonly key: string }>`
    select position, key from acta.parked where projection = ${projection.name} and status = 'skipped'`.execute(db);
  return new Set(rows.map(({ position, key }) => markOf(position, key)));
};

/** The table that is being built, from where the last builder left it, or from the beginning. */
export const openShadow = async (database: Database, projection: Projection): Promise<Member> => {
  const name = checkpointName('shadow', projection.name);
  const begun = await database.inTransaction(async (trx): Promise<Checkpoint> => {
    await aloneWithTables(trx);
    const before = await lockCheckpoint(trx, name);
    if (before?.version === projection.version) return before;
    await createTable(trx, 'shadow', projection);
    await placeCheckpoint(trx, name, { position: -1n, version: projection.version });
    const placed = await lockCheckpoint(trx, name);
    if (placed === undefined) throw new Error(`${name} is not where it was put`);
    return placed;
  });
  const parking = { ...emptyLot, passed: await passedOf(database.background, projection) };
  return member(projection, 'shadow', { ...begun, parking });
};

/** Leaves nothing of it. */
export const dropShadow = async (trx: Kysely<Lasting>, projection: Projection): Promise<void> => {
  await aloneWithTables(trx);
  await sql.raw(`drop table if exists ${tableName('shadow', projection)}`).execute(trx);
  await dropCheckpoint(trx, checkpointName('shadow', projection.name));
};

/** The served table held still, and the new one at least as far. */
export interface Level {
  /** To be called when the transaction has committed. */
  readonly settle: () => void;
}

/**
 * Holds the served table where it is, until the transaction ends, and brings the new one there. Nobody waits long: what is
 * missing is at most what happened since the new table last caught up, and where that is more than one stretch of the
 * log, the answer is undefined.
 */
export const level = async (
  trx: Transaction<Lasting>,
  workshop: Workshop,
  log: EventLog,
  shadow: Member,
): Promise<Level | undefined> => {
  const served = await lockCheckpoint(trx, checkpointName('read', shadow.projection.name));
  const head = await log.head();
  // A table that was folded from a log which has lost its end since cannot be reached, and need not be (assurance F27).
  const wanted = served === undefined || served.position > head ? head : served.position;
  if (served === undefined || wanted <= shadow.position) return { settle: () => {} };
  for await (const stretch of pages(log, shadow.position, [shadow.projection])) {
    const settle = await foldWithin(trx, workshop, shadow, stretch);
    return stretch.upTo >= wanted ? { settle } : undefined;
  }
  return undefined;
};
