import * as E from 'fp-ts/lib/Either.js';
import type { Decider } from '../kernel/decider.ts';
import { governed } from '../kernel/lifecycle.ts';
import { limitsNothing, type Amount, type BudgetCommand } from './budget.commands.ts';
import * as Events from './budget.events.ts';
import type { BudgetEvent } from './budget.events.ts';
import { budgetLifecycle } from './budget.lifecycle.ts';
import { asOf, evolveBudget, plus, unset, type BudgetState } from './budget.state.ts';

export type BudgetRefusal =
  | { readonly reason: 'BudgetUnknown' }
  | { readonly reason: 'BudgetIsClosed' }
  /** `LimitMissing`: it would limit neither money nor tokens. */
  | { readonly reason: 'LimitMissing' }
  /** `BudgetTooLow`: the limits would be below what is spent and reserved. */
  | { readonly reason: 'BudgetTooLow'; readonly held: Amount };

type Of<T extends BudgetCommand['type']> = Extract<BudgetCommand, { type: T }>;

const tiersPercent = [100, 80, 50] as const;

const left = (limit: number | null, used: number): number | null => (limit === null ? null : Math.max(0, limit - used));
const over = (limit: number | null, used: number): boolean => limit !== null && used > limit;

/** How much of the tighter limit is used, in per cent. */
const usedPercent = ({ limit_micros, limit_tokens, spent, reserved }: BudgetState): number => {
  const { micros, tokens } = plus(spent, reserved);
  const share = (used: number, limit: number | null): number =>
    limit === null ? 0 : limit === 0 ? 100 : (100 * used) / limit;
  return Math.max(share(micros, limit_micros), share(tokens, limit_tokens));
};

/** The day that counts at an instant. Where clocks differ at midnight, the later day has begun: the one before does not come back. */
const dayAt = (state: BudgetState, at: string): string => {
  const said = at.slice(0, 10);
  return said < state.day ? state.day : said;
};

const reserved = (state: BudgetState, command: Of<'ReserveBudget'>): readonly BudgetEvent[] => {
  const { reservation_id, micros, tokens, at, agent_id } = command;
  const { budget_id, limit_micros, limit_tokens, on_breach, scope } = state;
  // Asked again after a crash: it is reserved already.
  if (state.open.has(reservation_id)) return [];
  const day = dayAt(state, at);
  const today = asOf(state, day);
  const held = plus(today.spent, today.reserved);
  const asked = { reservation_id, micros, tokens, day, for: command.for };
  if (over(limit_micros, held.micros + micros) || over(limit_tokens, held.tokens + tokens)) {
    const paused = scope?.kind === 'agent' ? scope.agent_id : agent_id;
    const breach = {
      left_micros: left(limit_micros, held.micros),
      left_tokens: left(limit_tokens, held.tokens),
      pause_agent_id: on_breach === 'pause_agent' ? paused : null,
    };
    return [Events.BudgetBreached({ budget_id, ...asked, ...breach })];
  }
  const event = Events.BudgetReserved({ budget_id, ...asked });
  const after = evolveBudget(today, event);
  const tier = tiersPercent.find((percent) => usedPercent(after) >= percent && after.tier_percent < percent);
  return [event, ...(tier === undefined ? [] : [Events.BudgetTierReached({ budget_id, day, tier_percent: tier })])];
};

const settled = ({ budget_id, open }: BudgetState, command: Of<'SettleBudget'>): readonly BudgetEvent[] => {
  const { reservation_id } = command;
  const held = open.get(reservation_id);
  if (held === undefined) return [];
  const micros = Math.min(command.micros, held.micros);
  const tokens = Math.min(command.tokens, held.tokens);
  return [Events.BudgetSettled({ budget_id, reservation_id, micros, tokens, excess_micros: command.micros - micros })];
};

type Decided = E.Either<BudgetRefusal, readonly BudgetEvent[]>;

/** Limits that leave no room for what is spent and set aside already, of the day where it is a budget of a day, are refused. */
const limited = (
  state: BudgetState,
  { limit_micros, limit_tokens, at }: Of<'SetBudget' | 'ReviseBudget'>,
  event: BudgetEvent,
): Decided => {
  const { spent, reserved: aside } = asOf(state, dayAt(state, at));
  const held = plus(spent, aside);
  return over(limit_micros, held.micros) || over(limit_tokens, held.tokens)
    ? E.left({ reason: 'BudgetTooLow', held })
    : E.right([event]);
};

const rules: Decider<BudgetCommand, BudgetState, BudgetEvent, BudgetRefusal> = {
  initial: unset,

  decide: (command, state): Decided => {
    const { phase, budget_id, open } = state;
    if ('limit_micros' in command && limitsNothing(command)) return E.left({ reason: 'LimitMissing' });
    if (command.type === 'SetBudget') {
      const { type: _, at: __, ...set } = command;
      const event = Events.BudgetSet(set);
      // Set again after it was closed, it is the same budget: what it knows of is not forgotten.
      return phase === 'closed' ? limited(state, command, event) : E.right([event]);
    }
    if (budget_id === '') return E.left({ reason: 'BudgetUnknown' });
    switch (command.type) {
      case 'ReviseBudget': {
        if (phase === 'closed') return E.left({ reason: 'BudgetIsClosed' });
        const { type: _, at: __, ...limits } = command;
        return limited(state, command, Events.BudgetRevised({ budget_id, ...limits }));
      }
      case 'ReserveBudget':
        return phase === 'closed' ? E.left({ reason: 'BudgetIsClosed' }) : E.right(reserved(state, command));
      case 'SettleBudget':
        return E.right(settled(state, command));
      case 'ReleaseBudget': {
        const { reservation_id, reason } = command;
        return E.right(open.has(reservation_id) ? [Events.BudgetReleased({ budget_id, reservation_id, reason })] : []);
      }
      case 'CloseBudget':
        return E.right(phase === 'closed' ? [] : [Events.BudgetClosed({ budget_id, reason: command.reason })]);
    }
  },

  evolve: evolveBudget,
};

/**
 * What may still be spent. A reservation either fits into what is left, at the revision that the log confirms, or is
 * refused: calls in parallel cannot spend more than there is (design 5, rule 6).
 */
export const budget = governed(budgetLifecycle, rules);
