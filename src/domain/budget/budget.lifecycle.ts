import { setup } from 'xstate';
import { lifecycle } from '../kernel/lifecycle.ts';
import type { BudgetEvent } from './budget.events.ts';

/** A closed budget limits nothing, until it is set again; what was set aside before it was closed is settled meanwhile. */
export const budgetMachine = setup({ types: { events: {} as { type: BudgetEvent['type'] } } }).createMachine({
  id: 'budget',
  initial: 'unset',
  states: {
    unset: { on: { BudgetSet: 'open' } },
    open: {
      on: {
        BudgetRevised: 'open',
        BudgetReserved: 'open',
        BudgetSettled: 'open',
        BudgetReleased: 'open',
        BudgetTierReached: 'open',
        BudgetBreached: 'open',
        BudgetClosed: 'closed',
      },
    },
    closed: { on: { BudgetSet: 'open', BudgetSettled: 'closed', BudgetReleased: 'closed' } },
  },
});

export const budgetLifecycle = lifecycle(budgetMachine);
export type BudgetPhase = typeof budgetLifecycle.initial;
