import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, askFresh, dataFolder, startHere, type Body } from '../support/acta.ts';
import { eventsOf, logHead } from '../support/gated.ts';

const nowhere = '0198d7a0-0000-7000-8000-00000000dead';
/** Says whether it was shown the lamp as something that is at hand, not as something that was recalled. */
const script = {
  rules: [{ when: { agent: 'at hand: Lamps break' }, reply: { text: 'at hand' } }],
  otherwise: { text: 'not at hand' },
};

let url: string;
beforeAll(async () => {
  const folder = await dataFolder(afterAll);
  const file = join(folder, 'script.json');
  writeFileSync(file, JSON.stringify(script));
  ({ url } = await startHere(folder, { ACTA_SCRIPT: file }, afterAll));
});

const post = async (path: string, body: object): Promise<Body> => (await ask(url, path, { body })).body;
const learned = async (content: string): Promise<string> => (await post('/facts', { content })).fact_id;
const begun = async (): Promise<{ where: string; say: () => Promise<string>; stream: string }> => {
  const { session_id } = await post('/sessions', {});
  const say = async (): Promise<string> =>
    (await post(`/sessions/${session_id}/turns`, { message: 'hello', wait: true })).response;
  await say();
  return { where: `/sessions/${session_id}/working-memory`, say, stream: `working_memory-${session_id}` };
};
const item = (ref_id: string, more: object = {}) => ({ kind: 'fact', ref_id, ...more });

describe('what a session has at hand', () => {
  it('is shown to its turns in the words of its own stream, until it holds no more', async () => {
    const { where, say, stream } = await begun();
    expect(await say()).toBe('not at hand');
    const fact_id = await learned('Lamps break in transit.');
    const loaded = await ask(url, `${where}/items`, { body: { items: [item(fact_id)] } });
    expect(loaded).toMatchObject({ status: 200, body: { item_count: 1 } });
    expect((await askFresh(url, where)).body).toMatchObject({
      items: [{ kind: 'fact', ref_id: fact_id, relevance: 1, summary: 'Lamps break in transit.' }],
    });
    expect(await say()).toBe('at hand');
    await post(`/facts/${fact_id}/supersede`, { content: 'They arrive whole.' });
    expect(await say()).toBe('not at hand');
    expect((await askFresh(url, where)).body.items).toEqual([]);
    const evicted = (await eventsOf(url, stream)).filter(({ type }) => type === 'WorkingMemoryEvicted');
    expect(evicted.map(({ data }) => data.ref_id)).toEqual([fact_id]);
  });

  it('is at most twenty items, of which the least relevant goes first, and whatever is named', async () => {
    const { where } = await begun();
    const ids: string[] = [];
    for (let n = 0; n < 21; n += 1) ids.push(await learned(`The drawer ${n} holds screws of size ${n}.`));
    const [least = '', ...others] = ids;
    await post(`${where}/items`, { items: [item(least, { relevance: 0.1 })] });
    expect((await post(`${where}/items`, { items: others.map((id) => item(id)) })).item_count).toBe(20);
    const held = async (): Promise<readonly string[]> =>
      (await askFresh(url, where)).body.items.map(({ ref_id }: Body) => ref_id);
    expect(await held()).toEqual(others);
    const [first, second, ...rest] = others;
    expect((await post(`${where}/items/evict`, { ref_id: second })).item_count).toBe(19);
    await post(`${where}/items/evict`, {});
    expect(await held()).toEqual(rest);
    expect(rest).not.toContain(first);
  });

  it('is nothing that is not there, and no more than fits', async () => {
    const { where } = await begun();
    const fact_id = await learned('Screws rust.');
    await post(`/facts/${fact_id}/retract`, { reason: 'they are of brass' });
    const head = await logHead(url);
    for (const id of [nowhere, fact_id]) {
      const { status, body } = await ask(url, `${where}/items`, { body: { items: [item(id)] } });
      expect([status, body.code, body.errors[0].pointer]).toEqual([404, 'not_found', '#/items/0/ref_id']);
    }
    const wrong = [{ items: [] }, { items: [item(nowhere, { relevance: 2 })] }, { items: [{ kind: 'mood' }] }];
    for (const body of wrong) expect((await ask(url, `${where}/items`, { body })).status).toBe(400);
    expect(await logHead(url)).toBe(head);
  });
});
