import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, askFresh, dataFolder, startHere } from '../support/acta.ts';
import { embeddingServer } from '../support/embedding-server.ts';
import { until } from '../support/until.ts';

/** The server that embeds finds alike whatever begins with the same word. */
let url: string;
beforeAll(async () => {
  const server = await embeddingServer();
  afterAll(server.close);
  const env = { EMBEDDING_PROVIDER: 'openai', OPENAI_API_KEY: 'k', OPENAI_BASE_URL: `${server.url}/v1` };
  ({ url } = await startHere(await dataFolder(afterAll), env, afterAll));
});
const post = (path: string, body: object) => ask(url, path, { body });

describe('where texts can be embedded', () => {
  it('a fact that says the same confirms the one that is held, and what supersedes it is not taken for it (N75)', async () => {
    const first = await post('/facts', { content: 'alpha is where goods arrive' });
    expect(first.status).toBe(201);
    const { fact_id } = first.body;
    // A text is embedded soon after it is read: until then it is another fact, and that one is forgotten again.
    const again = await until(async () => {
      await askFresh(url, `/facts/${fact_id}`);
      const said = await post('/facts', { content: 'alpha receives freight' });
      if (said.body.confirmed === true) return said;
      await post(`/facts/${said.body.fact_id}/forget`, {});
      return undefined;
    });
    expect(again).toMatchObject({ status: 200, body: { fact_id, confirmed: true, confirmations: 1 } });
    const newer = await post(`/facts/${fact_id}/supersede`, { content: 'alpha is closed' });
    expect(newer).toMatchObject({ status: 201, body: { confirmed: false } });
    expect((await askFresh(url, `/facts/${fact_id}`)).body.superseded_by).toBe(newer.body.fact_id);
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
