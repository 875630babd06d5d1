import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { expect, it } from 'vitest';
import type { BudgetCommand } from '../../src/domain/budget/budget.commands.ts';
import { budget } from '../../src/domain/budget/budget.decider.ts';
import { budgetLifecycle } from '../../src/domain/budget/budget.lifecycle.ts';
import type { BudgetEvent } from '../../src/domain/budget/budget.events.ts';
import { derived } from '../../src/domain/kernel/ids.ts';
import { fold } from '../../src/domain/kernel/decider.ts';
import { holdToItsLaws, type Subject } from './laws.ts';

const budget_id = derived('budget', 'of a test');
const limit = 100;
const reservation = fc.nat(6).map((n) => derived('reservation', n));
const amount = { micros: fc.nat(60), tokens: fc.constant(0) };
const of = (period: 'total' | 'day'): BudgetCommand => ({
  type: 'SetBudget',
  budget_id,
  scope: { kind: 'tenant' },
  period,
  at: '2026-11-21T23:59:58.000Z',
  limit_micros: limit,
  limit_tokens: null,
  on_breach: 'refuse',
});
const spending: fc.Arbitrary<BudgetCommand> = fc.oneof(
  fc.record({
    type: fc.constant('ReserveBudget' as const),
    reservation_id: reservation,
    ...amount,
    // Clocks of several nodes, around midnight: none of them is right.
    at: fc.constantFrom('2026-11-21T23:59:59.000Z', '2026-11-22T00:00:01.000Z'),
    for: fc.constant('run/step'),
    agent_id: fc.constant(null),
  }),
  fc.record({ type: fc.constant('SettleBudget' as const), reservation_id: reservation, ...amount }),
  fc.record({ type: fc.constant('ReleaseBudget' as const), reservation_id: reservation, reason: fc.constant('') }),
);

const closing = fc.constant<BudgetCommand>({ type: 'CloseBudget', reason: '' });
const asked = fc.oneof(
  { weight: 12, arbitrary: spending },
  { weight: 1, arbitrary: closing },
  { weight: 2, arbitrary: fc.constant('set again' as const) },
);
/** What a budget that is closed, or open already, may answer. */
const expected = new Set(['BudgetIsClosed', 'OutOfLifecycle']);

it('what is spent and set aside is never over the limit, in any order of parallel calls, closed and set again or not (P12)', () => {
  let refused = 0;
  let reopened = 0;
  fc.assert(
    fc.property(
      fc.constantFrom('total' as const, 'day' as const),
      fc.array(asked, { maxLength: 60 }),
      (period, commands) => {
        let state = budget.initial;
        const history: BudgetEvent[] = [];
        for (const said of [of(period), ...commands]) {
          const decision = budget.decide(said === 'set again' ? of(period) : said, state);
          if (E.isLeft(decision)) {
            expect(expected).toContain(decision.left.reason);
            continue;
          }
          history.push(...decision.right);
          state = fold(budget, state, decision.right);
          expect(state.spent.micros + state.reserved.micros).toBeLessThanOrEqual(limit);
          expect(Math.min(state.spent.micros, state.reserved.micros)).toBeGreaterThanOrEqual(0);
        }
        reopened += history.filter(({ type }) => type === 'BudgetSet').length - 1;
        refused += history.filter(({ type }) => type === 'BudgetBreached').length;
        // What a day has spent, told from its events alone.
        const days = new Map<string, string>();
        const spent = new Map<string, number>();
        for (const event of history) {
          if (event.type === 'BudgetReserved') days.set(event.data.reservation_id, event.data.day);
          if (event.type !== 'BudgetSettled') continue;
          const day = period === 'day' ? (days.get(event.data.reservation_id) ?? '') : 'ever';
          spent.set(day, (spent.get(day) ?? 0) + event.data.micros);
        }
        for (const sum of spent.values()) expect(sum).toBeLessThanOrEqual(limit);
      },
    ),
  );
  expect(refused).toBeGreaterThan(0);
  expect(reopened).toBeGreaterThan(0);
});

holdToItsLaws([
  {
    noun: 'budget',
    decider: budget,
    life: budgetLifecycle,
    command: fc.oneof(fc.constantFrom(of('total'), of('day')), spending, spending, closing),
    settling: ['SettleBudget', 'ReleaseBudget', 'CloseBudget'],
  },
] as unknown as readonly Subject[]);
