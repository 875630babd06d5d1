import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, askFresh, dataFolder, startHere, type Body } from '../support/acta.ts';
import { eventsOf, logHead } from '../support/gated.ts';

let url: string;
beforeAll(async () => {
  ({ url } = await startHere(await dataFolder(afterAll), {}, afterAll));
});

const decided = (changes: object = {}) => ({
  description: 'Append to one log. Fold read models from it.',
  confidence: 0.8,
  category: 'architecture',
  stakes: 'high',
  tags: ['storage'],
  reasons: [{ type: 'analysis', text: 'every other way keeps two truths' }],
  ...changes,
});
const recorded = async (changes: object = {}): Promise<string> => {
  const { status, body } = await ask(url, '/decisions', { body: decided(changes) });
  expect(status).toBe(201);
  return body.decision_id;
};
const reviewed = (decision_id: string, outcome: string) =>
  ask(url, `/decisions/${decision_id}/outcome`, { body: { outcome, result: 'as it was' } });

describe('a decision', () => {
  it('is recorded, said otherwise, thought about and reviewed, and shows all of it', async () => {
    const reasons = [{ type: 'analysis', text: 'every other way keeps two truths' }];
    const decision_id = await recorded({ tags: ['storage'], reasons, pattern: 'event sourcing' });
    const where = `/decisions/${decision_id}`;
    const updated = await ask(url, where, { method: 'PATCH', body: { context: 'Audits replay it.', confidence: 0.7 } });
    expect(updated).toMatchObject({ status: 200, body: { status: 'open', quality_score: 0.9, revision: 1 } });
    expect((await ask(url, `${where}/thoughts`, { body: { text: 'and if nobody reads?' } })).status).toBe(200);
    expect(await reviewed(decision_id, 'success')).toMatchObject({
      status: 200,
      body: { status: 'reviewed', outcome: 'success', confidence: 0.7 },
    });
    const surer = await ask(url, where, { method: 'PATCH', body: { confidence: 0.99 } });
    expect(surer).toMatchObject({ status: 409, body: { code: 'outcome_known' } });
    expect((await askFresh(url, where)).body).toMatchObject({
      decision_id,
      confidence: 0.7,
      context: 'Audits replay it.',
      outcome: 'success',
      outcome_result: 'as it was',
      quality_score: 0.9,
      reasons,
      bridge: { structure: 'Append to one log.', function: 'event sourcing' },
      thoughts: [{ text: 'and if nobody reads?' }],
    });
  });

  it('is listed newest first, by what is asked for, with how many there are in all (R4)', async () => {
    const ids = [
      await recorded({ category: 'security', description: 'first' }),
      await recorded({ category: 'security', description: 'second' }),
      await recorded({ category: 'security', description: 'third' }),
    ];
    await askFresh(url, '/decisions');
    const { body } = await ask(url, '/decisions?category=security&limit=2&offset=1');
    expect(body).toMatchObject({ total: 3, limit: 2, offset: 1 });
    expect(body.decisions.map(({ decision_id }: Body) => decision_id)).toEqual([ids[1], ids[0]]);
    expect(body.decisions[0]).not.toHaveProperty('reasons');
    expect((await ask(url, '/decisions?limit=few')).status).toBe(400);
  });

  it('has neighbours in both directions, once for each relation', async () => {
    const [one, other] = [await recorded({ description: 'one' }), await recorded({ description: 'other' })];
    const link = (relation: string) => ask(url, `/decisions/${one}/links`, { body: { target_id: other, relation } });
    expect((await link('supports')).status).toBe(200);
    expect((await link('supports')).body.revision).toBe((await link('supersedes')).body.revision - 1);
    const from = (await askFresh(url, `/decisions/${other}/neighbors`)).body.neighbors;
    expect(from.map(({ relation, direction }: Body) => `${direction} ${relation}`).toSorted()).toEqual([
      'from supersedes',
      'from supports',
    ]);
    const { body } = await askFresh(url, `/decisions/${one}/neighbors?relation=supports`);
    expect(body.neighbors).toMatchObject([{ direction: 'to', decision: { description: 'other' } }]);
  });
});

describe('calibration', () => {
  it('is asked for as of any position: what was said of outcomes later does not count', async () => {
    const agent = (await ask(url, '/agents', { body: { name: 'Judge' } })).body.agent_id;
    const sure = await recorded({ agent_id: agent, confidence: 0.9 });
    const unsure = await recorded({ agent_id: agent, confidence: 0.2, stakes: 'low' });
    await recorded({ agent_id: agent, confidence: 0.5 });
    await reviewed(sure, 'success');
    const before = (await reviewed(unsure, 'success')).headers.get('acta-position');
    await reviewed(unsure, 'failure');
    const report = async (more = '') => (await askFresh(url, `/calibration?agent_id=${agent}${more}`)).body;
    const now = await report();
    expect(now).toMatchObject({ total_decisions: 3, reviewed_decisions: 2, accuracy: 1 });
    expect(now.brier_score).toBeCloseTo((0.01 + 0.04) / 2, 12);
    const then = await report(`&as_of=${before}`);
    expect(then).toMatchObject({ total_decisions: 3, reviewed_decisions: 2, accuracy: 0.5, as_of: before });
    expect(then.brier_score).toBeCloseTo((0.01 + 0.64) / 2, 12);
    // As an instant, with or without fractions of a second: the word on `unsure` was said at some millisecond of a second.
    const last = (await eventsOf(url, `decision-${unsure}`)).at(-1);
    const second = `${String(last?.data.at).slice(0, 19)}Z`;
    expect((await report(`&since=${second}`)).reviewed_decisions).toBeGreaterThan(0);
    expect(await report('&as_of=0')).toMatchObject({ total_decisions: 0, brier_score: null, bins: [] });
  });
});

describe('what is no decision', () => {
  it.each([
    ['without a description', 'POST', '/decisions', { ...decided(), description: undefined }],
    ['surer than sure', 'POST', '/decisions', decided({ confidence: 1.1 })],
    ['of no category', 'POST', '/decisions', decided({ category: 'cooking' })],
    ['with a reason of no kind', 'POST', '/decisions', decided({ reasons: [{ type: 'mood', text: 'x' }] })],
    ['with a field that nobody knows', 'POST', '/decisions', decided({ mood: 'good' })],
  ])('is refused, and nothing is recorded: %s', async (_, method, path, body) => {
    const head = await logHead(url);
    expect(await ask(url, path, { method, body })).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    expect(await logHead(url)).toBe(head);
  });

  it('is refused where it speaks of a decision that is not there', async () => {
    const decision_id = await recorded();
    const nowhere = '0198d7a0-0000-7000-8000-000000000018';
    const head = await logHead(url);
    const asked = [
      await ask(url, `/decisions/${nowhere}`, { method: 'PATCH', body: { confidence: 0.5 } }),
      await ask(url, `/decisions/${nowhere}/outcome`, { body: { outcome: 'success' } }),
      await ask(url, `/decisions/${nowhere}/thoughts`, { body: { text: 'hm' } }),
      await ask(url, `/decisions/${decision_id}/links`, { body: { target_id: nowhere, relation: 'supports' } }),
    ];
    for (const { status } of asked) expect(status).toBe(404);
    const itself = { target_id: decision_id, relation: 'supports' };
    expect(await ask(url, `/decisions/${decision_id}/links`, { body: itself })).toMatchObject({
      ...{ status: 422, body: { code: 'against_itself', errors: [{ pointer: '#/target_id' }] } },
    });
    expect((await ask(url, `/decisions/${decision_id}`, { method: 'PATCH', body: {} })).status).toBe(400);
    expect((await reviewed(decision_id, 'pending')).status).toBe(400);
    expect((await ask(url, '/decisions/not-an-id')).status).toBe(400);
    expect(await logHead(url)).toBe(head);
  });
});
