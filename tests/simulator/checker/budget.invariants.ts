import type { StoredEvent } from '../../../src/ports.ts';
import { nothing, type InvariantOf } from './history.ts';
import { dataOf, known, streamOf, textOf } from './run.fold.ts';

interface Purse {
  limit: number | null;
  spent: number;
  readonly held: Map<string, { readonly micros: number; readonly for: string }>;
}

const sumOf = ({ spent, held }: Purse): number => [...held.values()].reduce((sum, { micros }) => sum + micros, spent);

/** I5: what is reserved and spent never exceeds the budget; and what a run that has ended set aside is free again. */
export const budgetsHold: InvariantOf = () => {
  const purses = known((): Purse => ({ limit: null, spent: 0, held: new Map() }));
  const over = new Set<string>();
  return {
    id: 'I5',
    check: (event) => {
      const { type, stream } = event;
      if (type === 'RunCompleted' || type === 'RunFailed' || type === 'RunCanceled') over.add(textOf(event, 'run_id'));
      if (!stream.startsWith('budget-')) return undefined;
      const purse = purses.of(stream);
      const { limit_micros, micros, reservation_id } = dataOf(event);
      const id = String(reservation_id);
      if (type === 'BudgetSet' || type === 'BudgetRevised') purse.limit = limit_micros as number | null;
      if (type === 'BudgetReserved') {
        if (purse.held.has(id)) return `${stream}: ${id} is reserved twice`;
        purse.held.set(id, { micros: Number(micros), for: textOf(event, 'for') });
      }
      if (type === 'BudgetSettled' || type === 'BudgetReleased') {
        if (!purse.held.delete(id)) return `${stream}: ${id} is given back, and is not held`;
        if (type === 'BudgetSettled') purse.spent += Number(micros);
      }
      return purse.limit !== null && sumOf(purse) > purse.limit
        ? `${stream}: ${sumOf(purse)} of ${purse.limit} is spent and reserved`
        : undefined;
    },
    atEnd: () => {
      for (const [stream, { held }] of purses.all)
        for (const { for: of } of held.values())
          if (over.has(of.slice(0, of.indexOf('/')))) return `${stream}: ${of} has ended, and what it reserved is kept`;
      return undefined;
    },
  };
};

/** I5, of a run: what its steps may cost and have cost stays within its own budget when another is begun. */
export const runsWithinBudget: InvariantOf = () => {
  const open = new Map<string, number>();
  const runs = known(() => ({ spent: 0, reserved: 0 }));
  return {
    id: 'I5',
    check: (event, sofar) => {
      const { stream, type } = event;
      if (!stream.startsWith('run-')) return undefined;
      const run = runs.of(stream);
      const step = `${stream}/${textOf(event, 'step_id')}`;
      if (type === 'StepIntended') {
        const micros = Number(dataOf(event)['reserved_micros']);
        open.set(step, micros);
        run.reserved += micros;
        const { plan } = dataOf(streamOf(sofar, stream)[0] as StoredEvent) as { plan: { budget_micros: unknown } };
        const limit = plan.budget_micros;
        return typeof limit === 'number' && run.spent + run.reserved > limit
          ? `${stream} may spend ${limit}, and has spent or reserved ${run.spent + run.reserved}`
          : undefined;
      }
      const { cost_micros } = dataOf(event);
      if (typeof cost_micros !== 'number' || !type.startsWith('Step')) return undefined;
      run.spent += cost_micros;
      run.reserved -= open.get(step) ?? 0;
      open.delete(step);
      return undefined;
    },
    atEnd: nothing,
  };
};
