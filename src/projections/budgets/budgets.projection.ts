import type { BudgetEvent, BudgetScope } from '../../domain/budget/budget.events.ts';
import { evolveBudget, unset, type BudgetState, type Reservation } from '../../domain/budget/budget.state.ts';
import type { Recorded } from '../../domain/kernel/event.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import { projection } from '../projection.ts';

export interface BudgetRow {
  readonly budget_id: string;
  readonly tenant: string;
  readonly status: string;
  readonly scope: BudgetScope;
  readonly agent_id: string | null;
  readonly period: string;
  readonly limit_micros: bigint | null;
  readonly limit_tokens: bigint | null;
  readonly on_breach: string;
  /** The day, in UTC, that what follows speaks of; null before the first reservation. */
  readonly day: string | null;
  readonly spent_micros: bigint;
  readonly spent_tokens: bigint;
  readonly reserved_micros: bigint;
  readonly reserved_tokens: bigint;
  /** What is set aside and not yet settled, by the reservation's id. */
  readonly open: Readonly<Record<string, Reservation>>;
  readonly open_count: number;
  readonly tier_percent: number;
  readonly breaches: number;
  readonly last_breach: unknown;
  readonly reason: string | null;
  readonly revision: number;
  readonly position: bigint;
  readonly created_at: string;
  readonly updated_at: string;
  readonly closed_at: string | null;
}

const numberOf = (value: bigint | null): number | null => (value === null ? null : Number(value));
const bigOf = (value: number | null): bigint | null => (value === null ? null : BigInt(value));

/** The row as decisions about the budget know it: what is spent is counted in one place only. */
const stateOf = (row: BudgetRow): BudgetState => ({
  ...unset,
  budget_id: row.budget_id,
  scope: row.scope,
  period: row.period === 'day' ? 'day' : 'total',
  limit_micros: numberOf(row.limit_micros),
  limit_tokens: numberOf(row.limit_tokens),
  on_breach: row.on_breach === 'pause_agent' ? 'pause_agent' : 'refuse',
  day: row.day ?? '',
  spent: { micros: Number(row.spent_micros), tokens: Number(row.spent_tokens) },
  reserved: { micros: Number(row.reserved_micros), tokens: Number(row.reserved_tokens) },
  open: new Map(Object.entries(row.open)),
  tier_percent: row.tier_percent,
});

const counted = (state: BudgetState) => ({
  limit_micros: bigOf(state.limit_micros),
  limit_tokens: bigOf(state.limit_tokens),
  on_breach: state.on_breach,
  day: state.day === '' ? null : state.day,
  spent_micros: BigInt(state.spent.micros),
  spent_tokens: BigInt(state.spent.tokens),
  reserved_micros: BigInt(state.reserved.micros),
  reserved_tokens: BigInt(state.reserved.tokens),
  open: Object.fromEntries(state.open),
  open_count: state.open.size,
  tier_percent: state.tier_percent,
});

const touched = (
  row: BudgetRow | undefined,
  event: Recorded<BudgetEvent>,
  change: Partial<BudgetRow> = {},
): BudgetRow | null => {
  if (row === undefined) return null;
  const { revision, position, recorded_at } = event;
  const state = evolveBudget(stateOf(row), event);
  return { ...row, ...counted(state), ...change, revision, position, updated_at: recorded_at };
};

const passed = (row: BudgetRow | undefined, event: Recorded<BudgetEvent>) => touched(row, event);

/** Every budget: what it allows, what is spent of it, and what is set aside. */
export const budgets = projection<BudgetRow, BudgetEvent>({
  name: 'budgets',
  version: 2,
  table: (t) =>
    t
      .addColumn('budget_id', 'uuid', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('scope', 'jsonb', (c) => c.notNull())
      .addColumn('agent_id', 'uuid')
      .addColumn('period', 'text', (c) => c.notNull())
      .addColumn('limit_micros', 'bigint')
      .addColumn('limit_tokens', 'bigint')
      .addColumn('on_breach', 'text', (c) => c.notNull())
      .addColumn('day', 'text')
      .addColumn('spent_micros', 'bigint', (c) => c.notNull())
      .addColumn('spent_tokens', 'bigint', (c) => c.notNull())
      .addColumn('reserved_micros', 'bigint', (c) => c.notNull())
      .addColumn('reserved_tokens', 'bigint', (c) => c.notNull())
      .addColumn('open', 'jsonb', (c) => c.notNull())
      .addColumn('open_count', 'integer', (c) => c.notNull())
      .addColumn('tier_percent', 'integer', (c) => c.notNull())
      .addColumn('breaches', 'integer', (c) => c.notNull())
      .addColumn('last_breach', 'jsonb')
      .addColumn('reason', 'text')
      .addColumn('revision', 'integer', (c) => c.notNull())
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addColumn('created_at', 'timestamptz', (c) => c.notNull())
      .addColumn('updated_at', 'timestamptz', (c) => c.notNull())
      .addColumn('closed_at', 'timestamptz'),
  indexes: {
    by_tenant: (i) => i.columns(['tenant', 'created_at', 'budget_id']),
    by_agent: (i) => i.column('agent_id'),
  },
  key: ({ data }) => data.budget_id,
  on: {
    BudgetSet: (row, event) => {
      // Set again after it was closed: it goes on where it was.
      if (row !== undefined) return touched(row, event, { status: 'open', reason: null, closed_at: null });
      const { budget_id, scope, period } = event.data;
      return {
        budget_id,
        tenant: tenantOf(event),
        status: 'open',
        scope,
        agent_id: scope.kind === 'agent' ? scope.agent_id : null,
        period,
        ...counted(evolveBudget(unset, event)),
        breaches: 0,
        last_breach: null,
        reason: null,
        revision: event.revision,
        position: event.position,
        created_at: event.recorded_at,
        updated_at: event.recorded_at,
        closed_at: null,
      };
    },
    BudgetRevised: passed,
    BudgetReserved: passed,
    BudgetSettled: passed,
    BudgetReleased: passed,
    BudgetTierReached: passed,
    BudgetBreached: (row, event) => {
      const { budget_id: _, ...breach } = event.data;
      const last_breach = { ...breach, at: event.recorded_at };
      return touched(row, event, { breaches: (row?.breaches ?? 0) + 1, last_breach });
    },
    BudgetClosed: (row, event) =>
      touched(row, event, { status: 'closed', reason: event.data.reason, closed_at: event.recorded_at }),
  },
});
