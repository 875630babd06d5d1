import { sql } from 'kysely';
import { crashPoint } from '../../crash-points.ts';
import type { EventLog } from '../../ports.ts';
import type { Workshop } from '../folding/outcome.ts';
import { checkpointName, dropCheckpoint, lockCheckpoint, placeCheckpoint } from '../folding/checkpoints.ts';
import { ProjectionFault } from '../fault.ts';
import type { Member } from '../folding/member.ts';
import { endOperation } from '../operations.ts';
import { level } from './shadow.ts';
import { aloneWithTables, pointTo } from '../standing.ts';
import { tableName } from '../folding/statements.ts';

/** How long readers may find the table locked; behind whoever reads for longer, the swap steps back and asks again. */
const lockMsMax = 100;

/**
 * Puts the new table in the place of the served one, in one transaction: readers see the old one whole, or the new one
 * whole, at least as far in the log (assurance P7, F08). Events that were parked have been folded into the new table, so they
 * are parked no more. False where the served table was too far ahead, or readers held it for too long: try again.
 */
export const swap = async (
  workshop: Workshop,
  log: EventLog,
  shadow: Member,
  operation: { readonly id: string; readonly result: unknown },
): Promise<boolean> => {
  const { projection, epoch } = shadow;
  const { name, version } = projection;
  const { database } = workshop;
  crashPoint('rebuild.before_swap');
  const swapped = await database
    .inTransaction(async (trx) => {
      await aloneWithTables(trx);
      const even = await level(trx, workshop, log, shadow);
      if (even === undefined) return false;
      const built = await lockCheckpoint(trx, checkpointName('shadow', name));
      if (built?.version !== version || built.epoch !== epoch)
        throw new ProjectionFault('checkpoint_moved', `somebody else rebuilds ${name}`);
      await sql.raw(`set local lock_timeout = ${lockMsMax}`).execute(trx);
      await sql.raw(`drop table if exists ${tableName('read', projection)}`).execute(trx);
      await sql.raw(`alter table ${tableName('shadow', projection)} set schema read`).execute(trx);
      await pointTo(trx, projection);
      await placeCheckpoint(trx, checkpointName('read', name), { position: built.position, version });
      await dropCheckpoint(trx, checkpointName('shadow', name));
      await sql`
        update acta.parked set status = 'retried', resolved_at = now()
        where projection = ${name} and status = 'parked'`.execute(trx);
      await endOperation(trx, operation.id, 'succeeded', { result: operation.result });
      crashPoint('rebuild.in_swap');
      return true;
    })
    .catch((error: unknown) => {
      if (database.faultOf(error) === 'timeout') return false;
      throw error;
    });
  if (swapped) crashPoint('rebuild.after_swap');
  return swapped;
};
