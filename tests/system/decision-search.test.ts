import { beforeAll, afterAll, describe, expect, it } from 'vitest';
import { ask, askFresh, dataFolder, startHere, type Body } from '../support/acta.ts';
import { until } from '../support/until.ts';

interface Told {
  readonly description: string;
  readonly [more: string]: unknown;
}
const decide = async (url: string, told: Told): Promise<string> => {
  const founded = { tags: ['test'], reasons: [{ type: 'analysis', text: 'so that it is well founded' }] };
  const body = { confidence: 0.8, category: 'architecture', stakes: 'low', pattern: 'a pattern', ...founded, ...told };
  const { status, body: made } = await ask(url, '/decisions', { body });
  expect(status).toBe(201);
  return made.decision_id;
};
const review = async (url: string, decision_id: string, outcome: string): Promise<void> => {
  const { status } = await ask(url, `/decisions/${decision_id}/outcome`, { body: { outcome, result: 'so it was' } });
  expect(status).toBe(200);
};
const search = async (url: string, query: Readonly<Record<string, string>>): Promise<Body> => {
  const { status, body } = await askFresh(url, `/decisions/search?${new URLSearchParams(query).toString()}`);
  expect(status).toBe(200);
  return body;
};
const idsOf = (body: Body): readonly string[] => body.hits.map(({ decision }: Body) => decision.decision_id);

/** Four decisions, and one that was abandoned. */
const decided = async (url: string) => {
  const log = await decide(url, { description: 'Append events to one log. Nothing is ever changed.', stakes: 'high' });
  const fold = await decide(url, { description: 'Fold read models from the log.', pattern: 'event sourcing' });
  const keys = await decide(url, { description: 'Keep keys out of the log.', category: 'security' });
  const lunch = await decide(url, { description: 'Lunch is at noon.', category: 'process' });
  const gone = await decide(url, { description: 'Write the log to tape.', confidence: 0 });
  await review(url, gone, 'failure');
  await review(url, keys, 'success');
  return { log, fold, keys, lunch, gone };
};
type Decided = Awaited<ReturnType<typeof decided>>;

describe('decisions are found by their words (N34)', () => {
  let url: string;
  let of: Decided;
  beforeAll(async () => {
    ({ url } = await startHere(await dataFolder(afterAll), {}, afterAll));
    of = await decided(url);
  });

  it('the best first, with what found them, and what could not be asked; none that was abandoned (N36)', async () => {
    const body = await search(url, { query_text: 'append events to a log' });
    expect(idsOf(body)[0]).toBe(of.log);
    expect(idsOf(body).toSorted()).toEqual([of.log, of.fold, of.keys].toSorted());
    expect(body.hits[0]).toMatchObject({
      score: 1 / 61,
      channels: [{ name: 'text', rank: 1 }],
      decision: { description: 'Append events to one log. Nothing is ever changed.', stakes: 'high' },
    });
    expect(body.without).toMatchObject([{ name: 'vector', why: expect.stringContaining('EMBEDDING_PROVIDER') }]);
  });

  it.each([
    [{ category: 'security' }, 'keys'],
    [{ stakes: 'high' }, 'log'],
    [{ outcome: 'success' }, 'keys'],
    [{ category: 'architecture', outcome: 'pending', stakes: 'low' }, 'fold'],
  ] as const)('among %j alone, however far down the others would push it', async (wanted, name) => {
    const body = await search(url, { query_text: 'log', limit: '1', ...wanted });
    expect(idsOf(body)).toEqual([of[name]]);
    expect(body.hits[0].channels).toMatchObject([{ name: 'text', rank: 1 }]);
  });

  it('on a side of the bridge, whatever the case, and also within a word (N35)', async () => {
    const structure = await search(url, { query_text: 'APPEND EV', bridge_side: 'structure' });
    expect(idsOf(structure)).toEqual([of.log]);
    expect(structure.hits[0].channels).toMatchObject([{ name: 'text' }, { name: 'bridge', rank: 1 }]);
    expect(structure.hits[0].channels[1].score).toBeCloseTo('append ev'.length / 'Append events to one log.'.length);
    const purpose = await search(url, { query_text: 't sourc', bridge_side: 'function' });
    expect(idsOf(purpose)).toEqual([of.fold]);
    expect(idsOf(await search(url, { query_text: 'never', bridge_side: 'structure' }))).toEqual([]);
    expect(idsOf(await search(url, { query_text: 'append', bridge_side: 'function' }))).toEqual([]);
    expect(idsOf(await search(url, { query_text: '%', bridge_side: 'structure' }))).toEqual([]);
  });

  it('of one agent, and of no other', async () => {
    const { body } = await ask(url, '/agents', { body: { name: 'Iris' } });
    expect(idsOf(await search(url, { query_text: 'log', agent_id: body.agent_id }))).toEqual([]);
  });

  it.each(["'", '{"}', 'a\\', '🙂'])('takes %j for words', async (sign) => {
    const { hits } = await search(url, { query_text: `noon ${sign}` });
    expect(hits[0].decision.decision_id).toBe(of.lunch);
    await search(url, { query_text: `noon ${sign}`, bridge_side: 'structure' });
  });

  it('answers what it does not understand with a refusal', async () => {
    const refused = async (query: string) => (await ask(url, `/decisions/search?${query}`)).status;
    expect(await refused('query_text=')).toBe(400);
    expect(await refused('query_text=log&bridge_side=top')).toBe(400);
    expect(await refused('query_text=log&limit=51')).toBe(400);
  });
});

describe('decisions are found by their meaning, too (N32)', () => {
  it('in both lists where both know them, among those that are asked for', async () => {
    const { url } = await startHere(await dataFolder(), { EMBEDDING_PROVIDER: 'hashed' });
    const of = await decided(url);
    const found = await until(async () => {
      const body = await search(url, { query_text: 'Fold the read models from one log' });
      return body.hits[0]?.channels.length === 2 ? body : undefined;
    });
    expect(found.without).toEqual([]);
    expect(found.hits[0]).toMatchObject({ score: 2 / 61, decision: { decision_id: of.fold } });
    expect(found.hits[0].channels).toMatchObject([
      { name: 'vector', rank: 1 },
      { name: 'text', rank: 1 },
    ]);
    expect(idsOf(found)).not.toContain(of.gone);
    const safe = await search(url, { query_text: 'Fold the read models from one log', category: 'security' });
    expect(idsOf(safe)).toEqual([of.keys]);
    expect(safe.hits[0].channels.every(({ rank }: Body) => rank === 1)).toBe(true);
  });
});
