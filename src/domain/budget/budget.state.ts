import type { Amount } from './budget.commands.ts';
import type { BudgetEvent, BudgetScope } from './budget.events.ts';
import { budgetLifecycle, type BudgetPhase } from './budget.lifecycle.ts';

export interface Reservation extends Amount {
  readonly day: string;
}

export interface BudgetState {
  readonly phase: BudgetPhase;
  readonly budget_id: string;
  readonly scope: BudgetScope | null;
  readonly period: 'total' | 'day';
  readonly limit_micros: number | null;
  readonly limit_tokens: number | null;
  readonly on_breach: 'pause_agent' | 'refuse';
  /** The day that `spent` and `tier_percent` speak of, where the budget is one for a day. */
  readonly day: string;
  readonly spent: Amount;
  readonly reserved: Amount;
  readonly open: ReadonlyMap<string, Reservation>;
  readonly tier_percent: number;
}

const nothing: Amount = { micros: 0, tokens: 0 };

export const unset: BudgetState = {
  phase: budgetLifecycle.initial,
  budget_id: '',
  scope: null,
  period: 'total',
  limit_micros: null,
  limit_tokens: null,
  on_breach: 'refuse',
  day: '',
  spent: nothing,
  reserved: nothing,
  open: new Map(),
  tier_percent: 0,
};

export const plus = (a: Amount, b: Amount): Amount => ({ micros: a.micros + b.micros, tokens: a.tokens + b.tokens });
const minus = (a: Amount, b: Amount): Amount => ({ micros: a.micros - b.micros, tokens: a.tokens - b.tokens });

/** The state as a day sees it: what was spent and reserved on another day does not count for a budget of a day. */
export const asOf = (state: BudgetState, day: string): BudgetState =>
  state.period === 'total' || state.day === day
    ? state
    : { ...state, day, spent: nothing, reserved: nothing, tier_percent: 0 };

const counts = (state: BudgetState, { day }: Reservation): boolean => state.period === 'total' || state.day === day;

const closed = (state: BudgetState, reservation_id: string, spent: Amount): BudgetState => {
  const held = state.open.get(reservation_id);
  if (held === undefined) return state;
  const open = new Map(state.open);
  open.delete(reservation_id);
  return counts(state, held)
    ? { ...state, open, reserved: minus(state.reserved, held), spent: plus(state.spent, spent) }
    : { ...state, open };
};

/** What is known after an event. */
export const evolveBudget = (state: BudgetState, event: BudgetEvent): BudgetState => {
  switch (event.type) {
    case 'BudgetSet':
    case 'BudgetRevised':
      return { ...state, ...event.data };
    case 'BudgetReserved': {
      const { reservation_id, day, micros, tokens } = event.data;
      const today = asOf(state, day);
      const held = { day, micros, tokens };
      const open = new Map(state.open).set(reservation_id, held);
      return { ...today, day, open, reserved: plus(today.reserved, held) };
    }
    case 'BudgetSettled':
      return closed(state, event.data.reservation_id, event.data);
    case 'BudgetReleased':
      return closed(state, event.data.reservation_id, nothing);
    case 'BudgetTierReached':
      return { ...asOf(state, event.data.day), tier_percent: event.data.tier_percent };
    default:
      return state;
  }
};
