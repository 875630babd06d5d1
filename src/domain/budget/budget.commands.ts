import type { BudgetScope } from './budget.events.ts';

interface Limits {
  /** When they are set (RFC 3339, UTC): the day that they are compared with is read from it. */
  readonly at: string;
  readonly limit_micros: number | null;
  readonly limit_tokens: number | null;
  readonly on_breach: 'pause_agent' | 'refuse';
}

/** Whether it would let everything pass, and look as if it did not. */
export const limitsNothing = ({ limit_micros, limit_tokens }: Pick<Limits, 'limit_micros' | 'limit_tokens'>): boolean =>
  limit_micros === null && limit_tokens === null;

export const limitMissing = 'give a limit in money (limit_micros), in tokens (limit_tokens), or both';

/** Micro-units and tokens. */
export interface Amount {
  readonly micros: number;
  readonly tokens: number;
}

export type BudgetCommand =
  | ({
      readonly type: 'SetBudget';
      readonly budget_id: string;
      readonly scope: BudgetScope;
      readonly period: 'total' | 'day';
    } & Limits)
  | ({ readonly type: 'ReviseBudget' } & Limits)
  | ({
      readonly type: 'ReserveBudget';
      readonly reservation_id: string;
      /** When it is asked for (RFC 3339, UTC): the day it counts for is read from it. */
      readonly at: string;
      readonly for: string;
      readonly agent_id: string | null;
    } & Amount)
  | ({ readonly type: 'SettleBudget'; readonly reservation_id: string } & Amount)
  | { readonly type: 'ReleaseBudget'; readonly reservation_id: string; readonly reason: string }
  | { readonly type: 'CloseBudget'; readonly reason: string };
