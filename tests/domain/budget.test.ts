import { describe, expect, it } from 'vitest';
import { budget } from '../../src/domain/budget/budget.decider.ts';
import type { BudgetCommand } from '../../src/domain/budget/budget.commands.ts';
import * as Events from '../../src/domain/budget/budget.events.ts';
import { specification } from '../support/specification.ts';

const { given } = specification(budget);
const budget_id = '9e4fb051-6273-5485-96a7-b8c9daebfc0d';
const agent_id = '0198d7a4-2c1e-7b3a-9f04-6d1a52c7e0b1';
const r = (n: number): string => `af50c162-7384-5596-a7b8-c9daebfc0d0${n}`;
const day = '2026-11-21';

const limits = { limit_micros: 100, limit_tokens: null, on_breach: 'refuse' as const };
const set = (changes: object = {}) =>
  Events.BudgetSet({ budget_id, scope: { kind: 'tenant' }, period: 'total', ...limits, ...changes });
const reserve = (n: number, micros: number, on = day, tokens = 0): BudgetCommand => ({
  type: 'ReserveBudget',
  reservation_id: r(n),
  micros,
  tokens,
  at: `${on}T23:59:59.000Z`,
  for: 'run/step',
  agent_id,
});
const reserved = (n: number, micros: number, on = day) =>
  Events.BudgetReserved({ budget_id, reservation_id: r(n), micros, tokens: 0, day: on, for: 'run/step' });
const tier = (tier_percent: 50 | 80 | 100, on = day) => Events.BudgetTierReached({ budget_id, day: on, tier_percent });
const settle = (n: number, micros: number): BudgetCommand => ({
  type: 'SettleBudget',
  reservation_id: r(n),
  micros,
  tokens: 0,
});
const settled = (n: number, micros: number, excess_micros = 0) =>
  Events.BudgetSettled({ budget_id, reservation_id: r(n), micros, tokens: 0, excess_micros });
const breached = (n: number, micros: number, left_micros: number, pause_agent_id: string | null = null, on = day) =>
  Events.BudgetBreached({
    budget_id,
    reservation_id: r(n),
    micros,
    tokens: 0,
    day: on,
    for: 'run/step',
    left_micros,
    left_tokens: null,
    pause_agent_id,
  });

describe('a budget', () => {
  it('sets aside what fits, once', () => {
    given(set()).when(reserve(1, 40)).records(reserved(1, 40));
    given(set(), reserved(1, 40)).when(reserve(1, 40)).records();
  });

  it('refuses what does not fit into what is spent and set aside, to the last unit', () => {
    const held = [set(), reserved(1, 40), settled(1, 30), reserved(2, 20)];
    given(...held)
      .when(reserve(3, 51))
      .records(breached(3, 51, 50));
    given(...held)
      .when(reserve(3, 50))
      .records(reserved(3, 50), tier(100));
  });

  it('frees what was set aside and not spent, once', () => {
    given(set(), reserved(1, 40)).when(settle(1, 10)).records(settled(1, 10));
    const { state, when } = given(set(), reserved(1, 40), settled(1, 10));
    expect(state).toMatchObject({ spent: { micros: 10 }, reserved: { micros: 0 } });
    when(settle(1, 10)).records();
    const release = { type: 'ReleaseBudget', reservation_id: r(1), reason: 'nothing was called' } as const;
    when(release).records();
    const released = Events.BudgetReleased({ budget_id, reservation_id: r(1), reason: 'nothing was called' });
    given(set(), reserved(1, 40)).when(release).records(released);
    expect(given(set(), reserved(1, 40), released).state).toMatchObject({
      spent: { micros: 0 },
      reserved: { micros: 0 },
    });
  });

  it('books no more than was set aside, and says what went beyond', () => {
    given(set(), reserved(1, 40))
      .when(settle(1, 45))
      .records(settled(1, 40, 5));
  });

  it('says once that half, four fifths, and all of it is used, the highest at a time', () => {
    given(set()).when(reserve(1, 50)).records(reserved(1, 50), tier(50));
    given(set(), reserved(1, 50), tier(50)).when(reserve(2, 29)).records(reserved(2, 29));
    given(set(), reserved(1, 50), tier(50)).when(reserve(2, 30)).records(reserved(2, 30), tier(80));
    given(set()).when(reserve(1, 100)).records(reserved(1, 100), tier(100));
  });

  it('names the agent that a breach pauses, where it says so (A48)', () => {
    given(set({ on_breach: 'pause_agent' }))
      .when(reserve(1, 101))
      .records(breached(1, 101, 100, agent_id));
    const of = 'b061d273-8495-56a7-98c9-daebfc0d1e2f';
    given(set({ on_breach: 'pause_agent', scope: { kind: 'agent', agent_id: of } }))
      .when(reserve(1, 101))
      .records(breached(1, 101, 100, of));
  });

  it('limits tokens as it limits money, the tighter of the two', () => {
    const both = set({ limit_micros: 100, limit_tokens: 10 });
    const decision = budget.decide(reserve(1, 1, day, 11), given(both).state);
    expect(decision).toMatchObject({ right: [{ type: 'BudgetBreached', data: { left_tokens: 10 } }] });
  });

  it('is not lowered below what is held, and not used once it is closed', () => {
    const revise = { type: 'ReviseBudget', at: `${day}T12:00:00.000Z`, ...limits, limit_micros: 39 } as const;
    given(set(), reserved(1, 40))
      .when(revise)
      .refuses({ reason: 'BudgetTooLow', held: { micros: 40, tokens: 0 } });
    given(set(), reserved(1, 39))
      .when(revise)
      .records(Events.BudgetRevised({ budget_id, ...limits, limit_micros: 39 }));
    given(set(), closed).when(reserve(1, 1)).refuses({ reason: 'BudgetIsClosed' });
    given(set(), closed).when({ type: 'CloseBudget', reason: '' }).records();
    given().when(reserve(1, 1)).refuses({ reason: 'BudgetUnknown' });
  });
});

it('is not a budget, and does not become one, that limits neither money nor tokens', () => {
  const nothing = { at: `${day}T12:00:00.000Z`, limit_micros: null, limit_tokens: null, on_breach: 'refuse' } as const;
  const setting = { type: 'SetBudget', budget_id, scope: { kind: 'tenant' }, period: 'total', ...nothing } as const;
  given().when(setting).refuses({ reason: 'LimitMissing' });
  given(set())
    .when({ type: 'ReviseBudget', ...nothing })
    .refuses({ reason: 'LimitMissing' });
  given(set(), closed).when(setting).refuses({ reason: 'LimitMissing' });
});

const closed = Events.BudgetClosed({ budget_id, reason: 'for a while' });
const again = (limit_micros: number, on = day, period: 'total' | 'day' = 'total') =>
  ({
    type: 'SetBudget',
    budget_id,
    scope: { kind: 'tenant' },
    period,
    at: `${on}T12:00:00.000Z`,
    ...limits,
    limit_micros,
  }) as const;

describe('a budget that was closed', () => {
  const held = [set(), reserved(1, 40), settled(1, 30), reserved(2, 20), closed];

  it('is set again with other limits, and has forgotten nothing', () => {
    given(...held)
      .when(again(60))
      .records(set({ limit_micros: 60 }));
    const reopened = given(...held, set({ limit_micros: 60 }));
    expect(reopened.state).toMatchObject({ phase: 'open', spent: { micros: 30 }, reserved: { micros: 20 } });
    reopened.when(reserve(3, 11)).records(breached(3, 11, 10));
    reopened.when(settle(2, 5)).records(settled(2, 5));
  });

  it('is not set below what it has spent and set aside', () => {
    given(...held)
      .when(again(49))
      .refuses({ reason: 'BudgetTooLow', held: { micros: 50, tokens: 0 } });
  });

  it('has what was set aside before settled and given back, so that it does not stay set aside', () => {
    given(...held)
      .when(settle(2, 5))
      .records(settled(2, 5));
    const release = { type: 'ReleaseBudget', reservation_id: r(2), reason: 'nothing was called' } as const;
    const released = Events.BudgetReleased({ budget_id, reservation_id: r(2), reason: 'nothing was called' });
    given(...held)
      .when(release)
      .records(released);
    const { state, when } = given(...held, settled(2, 5));
    expect(state).toMatchObject({ phase: 'closed', spent: { micros: 35 }, reserved: { micros: 0 } });
    when(settle(2, 5)).records();
    when({ type: 'CloseBudget', reason: '' }).records();
  });
});

describe('a budget of a day', () => {
  const daily = set({ period: 'day' });
  const next = '2026-11-22';

  it('begins anew with each day', () => {
    given(daily, reserved(1, 100), tier(100))
      .when(reserve(2, 60, next))
      .records(reserved(2, 60, next), tier(50, next));
  });

  it('does not charge today with what was set aside yesterday and is settled now', () => {
    const { state } = given(daily, reserved(1, 100), reserved(2, 10, next), settled(1, 100));
    expect(state).toMatchObject({ day: next, spent: { micros: 0 }, reserved: { micros: 10 } });
  });

  it('is set again, and revised, by what its own day has spent', () => {
    const spent = [daily, reserved(1, 80), settled(1, 80), closed];
    given(...spent)
      .when(again(79, day, 'day'))
      .refuses({ reason: 'BudgetTooLow', held: { micros: 80, tokens: 0 } });
    given(...spent)
      .when(again(79, next, 'day'))
      .records(set({ period: 'day', limit_micros: 79 }));
    const revise = { type: 'ReviseBudget', at: `${next}T00:00:00.000Z`, ...limits, limit_micros: 79 } as const;
    given(...spent.slice(0, -1))
      .when(revise)
      .records(Events.BudgetRevised({ budget_id, ...limits, limit_micros: 79 }));
    given(daily, reserved(1, 80, next), closed)
      .when(again(79, day, 'day'))
      .refuses({ reason: 'BudgetTooLow', held: { micros: 80, tokens: 0 } });
  });

  it('does not go back to the day before, where a clock is behind', () => {
    given(daily, reserved(1, 100, next), tier(100, next))
      .when(reserve(2, 1, day))
      .records(breached(2, 1, 0, null, next));
  });
});
