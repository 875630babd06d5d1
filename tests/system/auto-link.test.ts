import { describe, expect, it } from 'vitest';
import { embeddingsOf } from '../../src/adapters/embeddings/embeddings.ts';
import { ask, askFresh, dataFolder, startHere } from '../support/acta.ts';
import { embeddingServer, refuses } from '../support/embedding-server.ts';
import { eventsOf } from '../support/gated.ts';
import { until } from '../support/until.ts';

const said = {
  ...{ confidence: 0.8, category: 'architecture', stakes: 'low', tags: ['storage'], pattern: 'event sourcing' },
  reasons: [{ type: 'analysis', text: 'every other way keeps two truths' }],
};
const recorded = async (url: string, description: string): Promise<string> => {
  const { status, body } = await ask(url, '/decisions', { body: { ...said, description } });
  expect(status).toBe(201);
  return body.decision_id;
};
const neighbours = async (url: string, decision_id: string) =>
  (await askFresh(url, `/decisions/${decision_id}/neighbors`)).body.neighbors;
const linked = (url: string, decision_id: string) =>
  until(async () => {
    const found = await neighbours(url, decision_id);
    return found.length > 0 ? found : undefined;
  });

const similarity = async (...texts: readonly [string, string]): Promise<number> => {
  const { signal } = new AbortController();
  const embedded = await embeddingsOf({ provider: 'hashed' }).embed(texts, { signal });
  if (!embedded.ok) throw new Error(embedded.message);
  const [one = Float32Array.of(), other = Float32Array.of()] = embedded.vectors;
  return one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
};

describe('decisions that are about the same thing (N38)', () => {
  it('are linked by how near they are, from the smaller id, whichever was recorded first', async () => {
    const { url } = await startHere(await dataFolder(), { EMBEDDING_PROVIDER: 'hashed' });
    const texts = [
      'Append every event to one log and fold the read models from it.',
      'Append each event to one log and fold the read models from it.',
    ] as const;
    const far = await recorded(url, 'Lunch is at noon, for the kitchen closes early.');
    const [one, other] = [await recorded(url, texts[0]), await recorded(url, texts[1])];
    const [found] = await linked(url, other);
    expect(found).toMatchObject({ relation: 'related_to', auto_linked: true, decision: { decision_id: one } });
    const weight = await similarity(`${texts[0]}\n${said.pattern}`, `${texts[1]}\n${said.pattern}`);
    expect(weight).toBeGreaterThan(0.85);
    expect(found.weight).toBeCloseTo(weight, 4);
    const [source = '', target] = [one, other].toSorted();
    const edges = (await eventsOf(url, `decision-${source}`)).filter(({ type }) => type === 'DecisionLinked');
    expect(edges).toMatchObject([{ data: { target_id: target, by: 'system:auto_link' } }]);
    expect(await neighbours(url, far)).toEqual([]);
  });

  it('stand while nobody can embed them, and are linked by a later start', async () => {
    const folder = await dataFolder();
    const server = await embeddingServer(...Array.from({ length: 50 }, () => refuses(503)));
    const env = { EMBEDDING_PROVIDER: 'openai', OPENAI_API_KEY: 'k' };
    const before = await startHere(folder, { ...env, OPENAI_BASE_URL: `${server.url}/v1` });
    const [one, other] = [await recorded(before.url, 'alpha first'), await recorded(before.url, 'alpha second')];
    await until(() => Promise.resolve(server.requests.length > 0 ? true : undefined));
    expect((await askFresh(before.url, `/decisions/${one}`)).body).toMatchObject({ status: 'open' });
    expect(await neighbours(before.url, one)).toEqual([]);
    await before.stop(1_000);

    const well = await embeddingServer();
    const { url } = await startHere(folder, { ...env, OPENAI_BASE_URL: `${well.url}/v1` });
    expect(await linked(url, one)).toMatchObject([{ weight: 1, decision: { decision_id: other } }]);
    await Promise.all([server.close(), well.close()]);
  });
});
