import type { Move } from './checkpoints.ts';
import { emptyLot, type ParkingLot } from './parking.ts';
import type { Projection } from '../projection.ts';
import { recentRows, type RecentRows } from './rows.ts';
import type { Schema } from './statements.ts';

/**
 * A projection as it is being folded into one table: where it stands, what it remembers. Only whoever folds it changes
 * it, and only after the database has committed the same.
 */
export interface Member {
  readonly projection: Projection;
  readonly schema: Schema;
  readonly epoch: number;
  /** Live, what fails is parked; in a rebuild it stops the rebuild. */
  readonly strict: boolean;
  readonly rows: RecentRows;
  position: bigint;
  /** Evidence of the last event handled, for the lag in seconds. */
  recordedAt: string | undefined;
  parking: ParkingLot;
  /** How often an event concerned a row since it began. */
  folded: number;
  /** How long its own part of the last stretch took. */
  spentMs: number;
}

export const member = (
  projection: Projection,
  schema: Schema,
  standing: { readonly position: bigint; readonly epoch: number; readonly parking?: ParkingLot },
): Member => ({
  projection,
  schema,
  epoch: standing.epoch,
  strict: schema === 'shadow',
  rows: recentRows(),
  position: standing.position,
  recordedAt: undefined,
  parking: standing.parking ?? emptyLot,
  folded: 0,
  spentMs: 0,
});

export const moveOf = ({ projection, schema, epoch, position }: Member, to: bigint): Move => ({
  schema,
  projection: projection.name,
  version: projection.version,
  epoch,
  from: position,
  to,
});
