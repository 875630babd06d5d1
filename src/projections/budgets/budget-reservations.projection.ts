import type { BudgetEvent } from '../../domain/budget/budget.events.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import { projection } from '../projection.ts';

export interface BudgetReservationRow {
  readonly budget_id: string;
  readonly reservation_id: string;
  readonly tenant: string;
  /** The day, in UTC, that the spending belongs to. */
  readonly day: string;
  readonly status: string;
  readonly wanted_by: string;
  readonly reserved_micros: bigint;
  readonly reserved_tokens: bigint;
  readonly spent_micros: bigint;
  readonly spent_tokens: bigint;
  readonly excess_micros: bigint;
  /** How often it was refused for want of room. */
  readonly breaches: number;
  readonly position: bigint;
  readonly reserved_at: string;
  readonly ended_at: string | null;
}

/**
 * What was set aside in budgets, call by call. What a budget burns in a day is their sum: what settles a reservation names
 * the reservation and not the day.
 */
export const budgetReservations = projection<BudgetReservationRow, BudgetEvent>({
  name: 'budget_reservations',
  version: 1,
  table: (t) =>
    t
      .addColumn('budget_id', 'uuid', (c) => c.notNull())
      .addColumn('reservation_id', 'uuid', (c) => c.notNull())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('day', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('wanted_by', 'text', (c) => c.notNull())
      .addColumn('reserved_micros', 'bigint', (c) => c.notNull())
      .addColumn('reserved_tokens', 'bigint', (c) => c.notNull())
      .addColumn('spent_micros', 'bigint', (c) => c.notNull())
      .addColumn('spent_tokens', 'bigint', (c) => c.notNull())
      .addColumn('excess_micros', 'bigint', (c) => c.notNull())
      .addColumn('breaches', 'integer', (c) => c.notNull())
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addColumn('reserved_at', 'timestamptz', (c) => c.notNull())
      .addColumn('ended_at', 'timestamptz')
      .addPrimaryKeyConstraint('budget_reservations_key', ['budget_id', 'reservation_id']),
  indexes: { by_day: (i) => i.columns(['budget_id', 'day']) },
  key: ({ data }) =>
    'reservation_id' in data ? { budget_id: data.budget_id, reservation_id: data.reservation_id } : null,
  on: {
    BudgetReserved: (row, event) => ({
      budget_id: event.data.budget_id,
      reservation_id: event.data.reservation_id,
      tenant: tenantOf(event),
      day: event.data.day,
      status: 'open',
      wanted_by: event.data.for,
      reserved_micros: BigInt(event.data.micros),
      reserved_tokens: BigInt(event.data.tokens),
      // Reserved once more after it was settled: what was spent stays spent.
      spent_micros: row?.spent_micros ?? 0n,
      spent_tokens: row?.spent_tokens ?? 0n,
      excess_micros: row?.excess_micros ?? 0n,
      breaches: row?.breaches ?? 0,
      position: event.position,
      reserved_at: event.recorded_at,
      ended_at: null,
    }),
    BudgetSettled: (row, { data, position, recorded_at }) =>
      row === undefined
        ? null
        : {
            ...row,
            status: 'settled',
            spent_micros: row.spent_micros + BigInt(data.micros),
            spent_tokens: row.spent_tokens + BigInt(data.tokens),
            excess_micros: row.excess_micros + BigInt(data.excess_micros),
            position,
            ended_at: recorded_at,
          },
    BudgetReleased: (row, { position, recorded_at }) =>
      row === undefined ? null : { ...row, status: 'released', position, ended_at: recorded_at },
    BudgetBreached: (row, event) => ({
      budget_id: event.data.budget_id,
      reservation_id: event.data.reservation_id,
      tenant: tenantOf(event),
      day: event.data.day,
      status: 'refused',
      wanted_by: event.data.for,
      reserved_micros: BigInt(event.data.micros),
      reserved_tokens: BigInt(event.data.tokens),
      spent_micros: row?.spent_micros ?? 0n,
      spent_tokens: row?.spent_tokens ?? 0n,
      excess_micros: row?.excess_micros ?? 0n,
      breaches: (row?.breaches ?? 0) + 1,
      position: event.position,
      reserved_at: event.recorded_at,
      ended_at: event.recorded_at,
    }),
  },
});
