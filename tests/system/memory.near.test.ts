import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, askFresh, dataFolder, startHere, type Body } from '../support/acta.ts';
import { directionOf, embeds } from '../support/embedding-server.ts';
import { modelServer } from '../support/model-server.ts';
import { until } from '../support/until.ts';

/** At a cosine of 0.9 from where a text would point. */
const aside = (direction: readonly number[]): readonly number[] => {
  const beside = direction.at(-1) === 0 ? direction.length - 1 : 0;
  return direction.map((along, place) => (place === beside ? 2 * Math.sqrt(1 / 0.81 - 1) : along));
};
const vectorOf = (text: string): readonly number[] =>
  text.includes('nearly') ? aside(directionOf(text)) : directionOf(text);

/** The server that embeds finds alike whatever begins with the same word, and nearly alike what says so. */
let url: string;
beforeAll(async () => {
  const server = await modelServer({ script: [], otherwise: embeds(vectorOf) });
  afterAll(server.close);
  const env = { EMBEDDING_PROVIDER: 'openai', OPENAI_API_KEY: 'k', OPENAI_BASE_URL: `${server.url}/v1` };
  ({ url } = await startHere(await dataFolder(afterAll), env, afterAll));
});
const post = (path: string, body: object) => ask(url, path, { body });

/** Once a fact is found by its vector. */
const embedded = (fact_id: string, query: string): Promise<boolean> =>
  until(async () => {
    const { items } = (await post('/recall', { query })).body;
    const found = items.find(({ id }: Body) => id === fact_id);
    return found?.channels.some(({ name }: Body) => name === 'vector') ? true : undefined;
  });

describe('where texts can be embedded', () => {
  it('a fact that says the same confirms the one that is held, and what supersedes it is not taken for it (N75)', async () => {
    const first = await post('/facts', { content: 'alpha is where goods arrive' });
    expect(first.status).toBe(201);
    const { fact_id } = first.body;
    // The very words are known at once; what only means the same, once the text is embedded, which recall shows.
    const same = await post('/facts', { content: 'alpha is where goods arrive' });
    expect(same).toMatchObject({ status: 200, body: { fact_id, confirmed: true, confirmations: 1 } });
    await embedded(fact_id, 'alpha: where does freight go?');
    const again = await post('/facts', { content: 'alpha receives freight' });
    expect(again).toMatchObject({ status: 200, body: { fact_id, confirmed: true, confirmations: 2 } });
    const newer = await post(`/facts/${fact_id}/supersede`, { content: 'alpha is closed' });
    expect(newer).toMatchObject({ status: 201, body: { confirmed: false } });
    expect((await askFresh(url, `/facts/${fact_id}`)).body.superseded_by).toBe(newer.body.fact_id);
  });

  it('a fact that is nearly the same is learned, and the answer names the other without repeating it (N81)', async () => {
    const { fact_id } = (await post('/facts', { content: 'delta is kept cold' })).body;
    await embedded(fact_id, 'delta');
    const { status, body } = await post('/facts', { content: 'delta is nearly always cold' });
    expect(status).toBe(201);
    expect(body.warning).toMatchObject({ existing_fact_id: fact_id });
    expect(body.warning.similarity).toBeCloseTo(0.9, 3);
    expect(JSON.stringify(body)).not.toContain('kept');
  });

  it('a censor strikes at what is near in meaning, once per command (N87)', async () => {
    const { body } = await post('/censors', { trigger: 'omega secrets', reason: 'nobody is told' });
    const check = { body: { text: 'omega, the hidden thing' }, headers: { 'Idempotency-Key': 'one-check' } };
    await until(async () => {
      await askFresh(url, `/censors/${body.censor_id}`);
      const { hits } = (await post('/censors/check', { text: 'omega is what?' })).body;
      return hits.length === 1 ? true : undefined;
    });
    const [once, twice] = [await ask(url, '/censors/check', check), await ask(url, '/censors/check', check)];
    expect(once.body.hits).toMatchObject([{ censor_id: body.censor_id, similarity: 1 }]);
    expect(twice.body).toEqual(once.body);
    expect((await post('/censors/check', { text: 'nothing of the sort' })).body.hits).toEqual([]);
  });
});
