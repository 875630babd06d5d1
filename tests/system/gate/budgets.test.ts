import { describe, expect, it, vi } from 'vitest';
import { ask, dataFolder, startHere, type Body } from '../../support/acta.ts';
import { costly, propose } from '../../support/gate.ts';

const costMicros = 1_000;
const runsMax = 50;
const affordable = 20;

describe('a budget', () => {
  it('is never overspent by fifty runs at once', async () => {
    const called: string[] = [];
    const stage = { capabilities: [costly(costMicros, (key) => called.push(key))] };
    const { url } = await startHere(await dataFolder(), {}, undefined, stage);
    const limits = { limit_micros: affordable * costMicros, on_breach: 'refuse' };
    const body = { scope: { kind: 'tenant' }, period: 'total', ...limits };
    const { body: budget } = await ask(url, '/budgets', { body });
    const taken = { code: 'already_exists', budget_id: budget.budget_id };
    expect(await ask(url, '/budgets', { body })).toMatchObject({ status: 409, body: taken });

    const directives = await Promise.all(Array.from({ length: runsMax }, () => propose(url, 'test.costly')));
    const ends: Body[] = await Promise.all(
      directives.map(({ directive_id }) =>
        vi.waitFor(
          async () => {
            const { body } = await ask(url, `/streams/directive-${directive_id}/events`);
            const end = body.data.find(({ type }: Body) => type === 'DirectiveCompleted');
            expect(end).toBeDefined();
            return end.data;
          },
          { timeout: 30_000, interval: 100 },
        ),
      ),
    );
    expect(ends.filter(({ run_status }) => run_status === 'completed')).toHaveLength(affordable);
    expect(new Set(ends.filter(({ run_status }) => run_status === 'failed').map(({ code }) => code))).toEqual(
      new Set(['budget_exceeded']),
    );
    expect(new Set(called).size).toBe(affordable);
    expect(called).toHaveLength(affordable);

    const state = await vi.waitFor(async () => {
      const { body } = await ask(url, `/streams/budget-${budget.budget_id}/state`);
      expect(body.state.reserved.micros).toBe(0);
      return body.state;
    });
    expect(state.spent.micros).toBe(affordable * costMicros);
    const { body: log } = await ask(url, `/streams/budget-${budget.budget_id}/events?limit=200`);
    const tiers = log.data.filter(({ type }: Body) => type === 'BudgetTierReached');
    expect(tiers.map(({ data }: Body) => data.tier_percent)).toEqual([50, 80, 100]);
    const burn = await vi.waitFor(async () => {
      const { body } = await ask(url, `/budgets/${budget.budget_id}`);
      expect(body.breaches).toBe(runsMax - affordable);
      return body;
    });
    expect(burn.tier_percent).toBe(100);
    await ask(url, `/budgets/${budget.budget_id}`, { method: 'DELETE' });
    const one = `/budgets/${budget.budget_id}`;
    const revising = await ask(url, one, { method: 'PUT', body: limits });
    expect(revising).toMatchObject({ status: 409, body: { code: 'budget_closed' } });
    const [lower, higher] = [-1, 1].map((calls) => ({ ...body, limit_micros: (affordable + calls) * costMicros }));
    const spent = { micros: affordable * costMicros, tokens: 0 };
    const refused = { code: 'validation_failed', held: spent };
    expect(await ask(url, '/budgets', { body: lower })).toMatchObject({ status: 400, body: refused });
    const reopened = { budget_id: budget.budget_id, status: 'open', spent };
    expect(await ask(url, '/budgets', { body: higher })).toMatchObject({ status: 201, body: reopened });
  }, 60_000);
});
