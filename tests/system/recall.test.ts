import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { sql } from 'kysely';
import { openDatabase } from '../../src/adapters/postgres/database.ts';
import { ask, dataFolder, startHere, type Body } from '../support/acta.ts';
import { embeddingServer, embeds, refuses } from '../support/embedding-server.ts';
import { quietJournal } from '../support/quiet.journal.ts';
import { until } from '../support/until.ts';

const decided = async (url: string, description: string, more: object = {}): Promise<string> => {
  const founded = { tags: ['test'], reasons: [{ type: 'analysis', text: 'so that it is well founded' }] };
  const body = { description, confidence: 0.8, category: 'process', stakes: 'low', ...founded, ...more };
  const { body: made, status } = await ask(url, '/decisions', { body });
  if (status !== 201) throw new Error(JSON.stringify(made));
  return made.decision_id;
};
/** Asks once the read model has seen everything. */
const recall = async (url: string, input: object): Promise<Body> => {
  const { body } = await ask(url, '/projections');
  const headers = { 'acta-min-position': body.data[0].head as string, prefer: 'wait=10' };
  const answer = await ask(url, '/recall', { body: input, headers });
  expect(answer.status).toBe(200);
  return answer.body;
};

describe('recall without a provider of vectors', () => {
  let url: string;
  const ids: string[] = [];
  beforeAll(async () => {
    ({ url } = await startHere(await dataFolder(afterAll), {}, afterAll));
    ids.push(await decided(url, 'Refunds above 100 euros are approved by a person.'));
    ids.push(await decided(url, 'Refunds are paid back to the card that paid.'));
    ids.push(await decided(url, 'The harbour opens at seven.'));
  });

  it('finds by words, the rarer the better, and says that meaning was not searched', async () => {
    const body = await recall(url, { query: 'Who approves a refund?' });
    expect(body.items.map(({ id }: Body) => id)).toEqual([ids[0], ids[1]]);
    expect(body.items[0]).toMatchObject({
      source: 'brain',
      type: 'decision',
      summary: 'Refunds above 100 euros are approved by a person.',
      score: 1 / 61,
      channels: [{ name: 'text', rank: 1 }],
      included: true,
      why: null,
    });
    expect(body.without).toMatchObject([{ name: 'vector', why: expect.stringContaining('EMBEDDING_PROVIDER') }]);
  });

  it('says what was left out for the limit', async () => {
    const body = await recall(url, { query: 'refunds', limit: 1 });
    expect(body.items).toHaveLength(1);
    expect(body.excluded).toMatchObject([{ included: false, why: 'place 2, beyond the limit of 1' }]);
    expect((await recall(url, { query: 'refunds', limit: 1, explain: false })).excluded).toEqual([]);
  });

  it('finds nothing of another kind or agent, and nothing that was not known yet', async () => {
    expect((await recall(url, { query: 'refunds', memory_type: 'facts' })).items).toEqual([]);
    const { body } = await ask(url, '/agents', { body: { name: 'Iris' } });
    expect((await recall(url, { query: 'refunds', agent_id: body.agent_id })).items).toEqual([]);
    expect((await recall(url, { query: 'refunds', as_of: '0' })).items).toEqual([]);
  });

  it('takes any text for a question, whatever signs are in it', async () => {
    for (const query of ["it's 'quoted' \\ and", '& | ! <->', '%_\'";--', '🙂', 'http://x.example/?a=1&b=2'])
      expect(await recall(url, { query })).toHaveProperty('items');
    for (const body of [{ query: ' ' }, { query: 'x', limit: 51 }, { query: 'x'.repeat(8_193) }, {}])
      expect((await ask(url, '/recall', { body })).status).toBe(400);
  });
});

describe('a decision that was given up', () => {
  it('is recalled no more, until somebody says that it came out otherwise (N36)', async () => {
    const { url } = await startHere(await dataFolder());
    const id = await decided(url, 'Send parcels by balloon.', { confidence: 0 });
    const review = (outcome: string) => ask(url, `/decisions/${id}/outcome`, { body: { outcome } });
    const found = async () => (await recall(url, { query: 'parcels by balloon' })).items.map(({ id: at }: Body) => at);
    expect(await found()).toEqual([id]);
    await review('failure');
    expect(await found()).toEqual([]);
    await review('partial');
    expect(await found()).toEqual([id]);
  });
});

describe('recall with vectors', () => {
  it('finds what shares no word, embeds each text once, and again nothing when read models are built anew', async () => {
    const server = await embeddingServer();
    onTestFinished(server.close);
    const folder = await dataFolder();
    const env = { EMBEDDING_PROVIDER: 'openai', OPENAI_API_KEY: 'k', OPENAI_BASE_URL: `${server.url}/v1` };
    const texts = (): readonly string[] => server.requests.flatMap(({ body }) => body.input);
    const first = await startHere(folder, env);
    const near = await decided(first.url, 'alpha is where goods arrive');
    await decided(first.url, 'beta has nothing to do with it');
    // Two who decide the same pay once.
    await decided(first.url, 'beta has nothing to do with it');
    const found = await until(async () => {
      const body = await recall(first.url, { query: 'Alpha: which place receives freight?' });
      return body.items[0]?.channels.some(({ name }: Body) => name === 'vector') ? body : undefined;
    });
    expect(found.items[0]).toMatchObject({
      id: near,
      channels: [{ name: 'vector', rank: 1, score: 1 }, { name: 'text' }],
    });
    await until(async () => (new Set(texts()).size === 3 ? true : undefined));
    expect(texts().toSorted()).toEqual([...new Set(texts())].toSorted());
    const metrics = (await ask(first.url, '/metrics')).body as string;
    expect(metrics).toMatch(/acta_embedding_calls_total\{[^}]*provider="openai"[^}]*\} \d/);
    expect(metrics).toMatch(/acta_embedding_cost_micros_total\{[^}]*\} \d/);
    await first.stop(1_000);
    const asked = server.requests.length;
    const database = await openDatabase({ folder: `${folder}/read-models`, journal: quietJournal() });
    await sql`drop schema read cascade`.execute(database.background);
    await sql`delete from acta.projections`.execute(database.background);
    await sql`delete from acta.checkpoints where name = 'memory_items'`.execute(database.background);
    await database.close();

    const second = await startHere(folder, env);
    const again = await recall(second.url, { query: 'beta' });
    expect(again.items).toHaveLength(2);
    expect(again.items[0].channels[0]).toMatchObject({ name: 'vector', score: 1 });
    const since = server.requests.slice(asked).flatMap(({ body }) => body.input);
    expect(since).toEqual(['beta']);
  });

  it('goes on with words where the provider fails, and embeds what it could not when it is back', async () => {
    const server = await embeddingServer(refuses(503), refuses(429, null, { 'retry-after-ms': '1' }), embeds());
    onTestFinished(server.close);
    const env = { EMBEDDING_PROVIDER: 'openai', OPENAI_API_KEY: 'k', OPENAI_BASE_URL: server.url };
    const { url } = await startHere(await dataFolder(), env);
    const id = await decided(url, 'gamma is kept cold');
    await until(async () => {
      const { items } = await recall(url, { query: 'gamma' });
      expect(items).toMatchObject([{ id }]);
      return items[0].channels.length === 2 ? true : undefined;
    });
  });
});
