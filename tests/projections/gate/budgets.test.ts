import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { budgetReservations } from '../../../src/projections/budgets/budget-reservations.projection.ts';
import { budgets } from '../../../src/projections/budgets/budgets.projection.ts';
import { getBudget, getBudgetBurn, listBudgets } from '../../../src/projections/budgets/budgets.queries.ts';
import { derived } from '../../../src/domain/kernel/ids.ts';
import { expectSameAgain, stage, story, type Stage } from './stories.ts';

const [daily, total] = [story('a budget for a day'), story('a budget for good')];
const again = story('a budget that is set again');
const call = (n: number): string => derived('reservation', n);

/** The second call is settled on the day after the one it belongs to. */
const dailyEvents = [
  daily.event('BudgetSet'),
  daily.event('BudgetReserved', { reservation_id: call(1), micros: 1_000_000, tokens: 10 }),
  daily.event('BudgetReserved', { reservation_id: call(2), micros: 500_000, tokens: 20 }),
  daily.event('BudgetTierReached', { tier_percent: 50 }),
  daily.event('BudgetSettled', { reservation_id: call(1), micros: 800_000, tokens: 8, excess_micros: 250 }),
  daily.event('BudgetReserved', { reservation_id: call(3), micros: 100_000, tokens: 0, day: '2026-11-22' }),
  daily.event('BudgetSettled', { reservation_id: call(2), micros: 500_000, tokens: 20, excess_micros: 0 }),
  daily.event('BudgetBreached', { reservation_id: call(4), day: '2026-11-22' }),
  daily.event('BudgetReserved', { reservation_id: call(5), micros: 200_000, tokens: 0, day: '2026-11-22' }),
  daily.event('BudgetReleased', { reservation_id: call(5) }),
];
const totalEvents = [
  total.event('BudgetSet', { scope: { kind: 'tenant' }, period: 'total' }),
  total.event('BudgetReserved', { reservation_id: call(6), micros: 1_500, tokens: 0 }),
  total.event('BudgetRevised'),
  total.event('BudgetSettled', { reservation_id: call(6) }),
  total.event('BudgetClosed'),
];
/** The first call is settled while the budget is closed. */
const againEvents = [
  again.event('BudgetSet', { scope: { kind: 'tenant' }, period: 'total' }),
  again.event('BudgetReserved', { reservation_id: call(7), micros: 500_000, tokens: 0 }),
  again.event('BudgetReserved', { reservation_id: call(8), micros: 200_000, tokens: 0 }),
  again.event('BudgetBreached', { reservation_id: call(9) }),
  again.event('BudgetClosed'),
  again.event('BudgetSettled', { reservation_id: call(7), micros: 400_000, tokens: 0, excess_micros: 0 }),
  again.event('BudgetSet', { scope: { kind: 'tenant' }, period: 'total', limit_micros: 1_000_000 }),
];
const projections = [budgets, budgetReservations];

describe('budgets', () => {
  let on: Stage;
  beforeAll(async () => {
    on = await stage(projections, [
      [daily, dailyEvents],
      [total, totalEvents],
      [again, againEvents],
    ]);
  });
  afterAll(() => on.discard());

  const budget_id = daily.idOf('BudgetSet', 'budget_id');

  it('show what is spent, set aside and left, of the day they speak of', async () => {
    const { output } = await on.ask(getBudget, { budget_id });
    expect(output).toMatchObject({
      status: 'open',
      day: '2026-11-22',
      limit: { amount: '2.50', currency: 'USD' },
      spent: { amount: '0.00' },
      reserved: { amount: '0.10' },
      left: { amount: '2.40' },
      open_count: 1,
      tier_percent: 0,
      breaches: 1,
      last_breach: { reservation_id: call(4), left_micros: 1_000_000 },
    });
  });

  it('show what was spent for good, and that they are closed', async () => {
    const { output } = await on.ask(getBudget, { budget_id: total.idOf('BudgetSet', 'budget_id') });
    expect(output).toMatchObject({
      status: 'closed',
      limit: { amount: '3.00' },
      limit_tokens: null,
      left_tokens: null,
      spent: { amount: '0.0015' },
      open_count: 0,
      reason: 'The month is over.',
    });
    expect((await on.ask(listBudgets, { status: ['closed'] })).output?.data).toEqual([output]);
    expect((await on.ask(listBudgets, {}, 'another')).output?.data).toEqual([]);
  });

  it('go on where they were when they are set again', async () => {
    const { output } = await on.ask(getBudget, { budget_id: again.idOf('BudgetSet', 'budget_id') });
    expect(output).toMatchObject({
      ...{ status: 'open', closed_at: null, reason: null, breaches: 1, open_count: 1 },
      ...{
        limit: { amount: '1.00' },
        spent: { amount: '0.40' },
        reserved: { amount: '0.20' },
        left: { amount: '0.40' },
      },
    });
  });

  it('burn day by day, each call on its own day', async () => {
    const { output } = await on.ask(getBudgetBurn, { budget_id, days: 30 });
    expect(output?.data).toMatchObject([
      { day: '2026-11-22', spent: { amount: '0.00' }, reserved: { amount: '0.10' }, reservations: 2, breaches: 1 },
      {
        ...{ day: '2026-11-21', spent: { amount: '1.30' }, spent_tokens: 28, excess: { amount: '0.00025' } },
        ...{ reserved: { amount: '0.00' }, reservations: 2, breaches: 0 },
      },
    ]);
    expect(await on.ask(getBudgetBurn, { budget_id, days: 30 }, 'another')).toMatchObject({ code: 'not_found' });
  });

  it('are the same when they are folded again, and without a database', async () => {
    await expectSameAgain(on, projections);
  });
});
