import type { BudgetCommand } from '../budget/budget.commands.ts';
import { streamOf } from '../kernel/ids.ts';
import { reaction, when, type Request } from '../kernel/reaction.ts';
import {
  StepFailed,
  StepOutcomeUnknown,
  StepRetryScheduled,
  StepSucceeded,
  UndoFailed,
  UndoSucceeded,
} from '../run/run.events.ts';

interface Paid {
  readonly cost_micros: number;
  readonly reservations: readonly { readonly budget_id: string; readonly reservation_id: string }[];
}

const settled = ({ cost_micros: micros, reservations }: Paid): readonly Request[] =>
  reservations.map(({ budget_id, reservation_id }) => ({
    stream: streamOf('budget', budget_id),
    command: { type: 'SettleBudget', reservation_id, micros, tokens: 0 } satisfies BudgetCommand,
  }));

/** What was set aside for a call is settled by what it cost; one that nobody knows the end of counts as spent. */
export const settleBudgets = reaction(
  'settle_budgets',
  when(StepSucceeded, ({ data }) => settled(data)),
  when(StepRetryScheduled, ({ data }) => settled(data)),
  when(StepFailed, ({ data }) => settled(data)),
  when(StepOutcomeUnknown, ({ data }) => settled(data)),
  when(UndoSucceeded, ({ data }) => settled(data)),
  when(UndoFailed, ({ data }) => settled(data)),
);
