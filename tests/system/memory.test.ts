import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultAgentId } from '../../src/wiring/default-agent.ts';
import { ask, askFresh, dataFolder, startHere, type Body } from '../support/acta.ts';
import { logHead } from '../support/gated.ts';

let url: string;
beforeAll(async () => {
  ({ url } = await startHere(await dataFolder(afterAll), {}, afterAll));
});

const nowhere = '0198d7a0-0000-7000-8000-000000000021';
const post = (path: string, body: object = {}) => ask(url, path, { body });
const learned = async (content: string, more: object = {}): Promise<string> => {
  const { status, body } = await post('/facts', { content, ...more });
  expect(status).toBe(201);
  return body.fact_id;
};

describe('a fact', () => {
  it('is learned, confirmed, contradicted, and shows all of it with where it comes from', async () => {
    const fact_id = await learned('Lamps break in transit.', { confidence: 0.9, source: { label: 'handbook' } });
    expect((await post(`/facts/${fact_id}/confirm`)).body).toMatchObject({ confirmations: 1, revision: 1 });
    const other = await post(`/facts/${fact_id}/contradict`, { content: 'Lamps do not break upright.' });
    expect(other).toMatchObject({ status: 201, body: { status: 'current', confirmed: false } });
    expect((await askFresh(url, `/facts/${fact_id}`)).body).toMatchObject({
      ...{ status: 'current', active: true, confidence: 0.7, confirmations: 1 },
      source: { kind: 'taught', label: 'handbook' },
    });
    expect((await ask(url, `/facts/${other.body.fact_id}`)).body).toMatchObject({ contradiction_of: fact_id });
    const { body: from } = await ask(url, `/facts/${fact_id}/provenance`);
    expect(from).toMatchObject({
      source: { label: 'handbook' },
      event: { type: 'FactLearned' },
      root: { type: 'FactLearned' },
    });
    const { body: history } = await ask(url, `/facts/${fact_id}/history`);
    expect(history.events.map(({ type }: Body) => type)).toEqual(['FactLearned', 'FactConfirmed', 'FactContradicted']);
  });

  it('that was superseded leads to what holds now, and held as of then', async () => {
    const subject = 'delivery';
    const first = await learned('It takes three days.', { subject });
    const { body, headers } = await post(`/facts/${first}/supersede`, { content: 'It takes two days.', subject });
    const before = BigInt(headers.get('acta-position') ?? '0') - 2n;
    const last = (await post(`/facts/${body.fact_id}/supersede`, { content: 'It takes a day.', subject })).body.fact_id;
    expect((await askFresh(url, `/facts/${first}/current`)).body).toMatchObject({
      ...{ fact: { fact_id: last, content: 'It takes a day.' }, complete: true },
      path: [first, body.fact_id, last],
    });
    expect((await ask(url, `/facts?subject=${subject}&status=current`)).body).toMatchObject({ total: 1 });
    const held = async (more: string) =>
      (await ask(url, `/facts?subject=${subject}${more}`)).body.facts.map(({ fact_id }: Body) => fact_id);
    expect(await held('&status=current')).toEqual([last]);
    expect(await held(`&as_of=${before}`)).toEqual([first]);
    expect((await post(`/facts/${first}/supersede`, { content: 'again' })).status).toBe(409);
  });

  it('that is corrected stays with the agent that knew it', async () => {
    const { agent_id } = (await post('/agents', { name: 'another' })).body;
    const { fact_id } = (await post('/facts', { agent_id, content: 'The vault opens at nine.' })).body;
    for (const [verb, content] of [
      ['contradict', 'The vault opens at ten, some say.'],
      ['supersede', 'The vault opens at ten.'],
    ] as const) {
      const stranger = await post(`/facts/${fact_id}/${verb}`, { content, agent_id: defaultAgentId });
      expect(stranger).toMatchObject({ status: 400, body: { errors: [{ pointer: '#/agent_id' }] } });
      const { status, body } = await post(`/facts/${fact_id}/${verb}`, { content });
      expect(status).toBe(201);
      expect((await askFresh(url, `/facts/${body.fact_id}`)).body).toMatchObject({ agent_id, content });
    }
  });
  it('is found by its words, with how many there are', async () => {
    await learned('Zebras have stripes.');
    await learned('A zebra is no horse.');
    await askFresh(url, '/facts');
    expect((await ask(url, '/facts?q=zebra&limit=1')).body).toMatchObject({ total: 2, facts: [{}] });
  });

  it('that is asked for twice under one key is one fact', async () => {
    const once = { body: { content: 'Once is enough.' }, headers: { 'Idempotency-Key': 'a-fact-once' } };
    const [first, second] = [await ask(url, '/facts', once), await ask(url, '/facts', once)];
    expect(second.body).toEqual(first.body);
  });

  it('said twice in a row is confirmed, not doubled; where it held no more, it is learned anew', async () => {
    const [said, other] = [
      { content: 'Lamps are lit at dusk.' },
      { content: 'Lamps are lit at dusk.', subject: 'harbour' },
    ];
    const first = await post('/facts', said);
    expect(await post('/facts', said)).toMatchObject({
      ...{ status: 200, body: { fact_id: first.body.fact_id, confirmed: true, confirmations: 1 } },
    });
    expect((await post('/facts', other)).status).toBe(201);
    await post(`/facts/${first.body.fact_id}/retract`);
    const anew = await post('/facts', said);
    expect(anew).toMatchObject({ status: 201, body: { confirmed: false, confirmations: 0 } });
    expect(anew.body.fact_id).not.toBe(first.body.fact_id);
    const at_once = await Promise.all([1, 2, 3].map(() => post('/facts', { content: 'Said by three at once.' })));
    expect(new Set(at_once.map(({ body }) => body.fact_id)).size).toBe(1);
    expect(at_once.map(({ status }) => status).toSorted()).toEqual([200, 200, 201]);
  });

  it('gives way to one other fact: of two at once one is refused, and leaves nothing that is recalled', async () => {
    const subject = 'opening hours';
    const older = await learned('Open till five.', { subject });
    const said = ['Open till six.', 'Open till seven.'].map((content) =>
      post(`/facts/${older}/supersede`, { content, subject }),
    );
    const answers = await Promise.all(said);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409]);
    const winner = answers.find(({ status }) => status === 201)?.body.fact_id;
    const { body } = await askFresh(url, `/facts?subject=${encodeURIComponent(subject)}`);
    expect(body.facts.map(({ fact_id }: Body) => fact_id).toSorted()).toEqual([older, winner].toSorted());
    const stale = { 'if-match': '"7"' };
    const late = await ask(url, `/facts/${winner}/contradict`, {
      body: { content: 'Never open.', subject },
      headers: stale,
    });
    expect(late.status).toBe(412);
    expect((await askFresh(url, `/facts?subject=${encodeURIComponent(subject)}`)).body.total).toBe(2);
  });

  it('that took the place of another and is forgotten is not told by that one either', async () => {
    const older = await learned('Nobody sings.');
    const { body } = await post(`/facts/${older}/supersede`, { content: 'the canary 9a0b sings' });
    const history = async () => (await askFresh(url, `/facts/${older}/history`)).body.events;
    const events = await history();
    expect(events.at(-1)).toMatchObject({ type: 'FactSuperseded', data: { superseded_by: body.fact_id } });
    expect(JSON.stringify(events)).not.toContain('9a0b');
    await post(`/facts/${body.fact_id}/forget`);
    expect((await askFresh(url, '/facts?q=canary')).body.total).toBe(0);
  });

  it('that was forgotten is in no read model, and its provenance stays', async () => {
    const canary = 'the canary 7f3e sings';
    const { episode_id } = (await post('/episodes', { summary: 'A bird was heard.' })).body;
    const fact_id = await learned(canary, { subject: canary, source: { episode_id } });
    expect((await askFresh(url, `/facts/${fact_id}`)).body.content).toBe(canary);
    // The episode is a record of its own: whoever forgets is told of it.
    expect((await post(`/facts/${fact_id}/forget`, { reason: 'asked for' })).body).toMatchObject({
      status: 'forgotten',
      episode_id,
    });
    expect((await askFresh(url, `/facts/${fact_id}`)).status).toBe(404);
    expect((await askFresh(url, `/facts/${fact_id}/history`)).status).toBe(404);
    expect((await askFresh(url, '/facts?q=canary')).body.total).toBe(0);
    expect((await askFresh(url, `/facts/${fact_id}/provenance`)).body).toMatchObject({ source: null });
    const shown = await Promise.all(['/facts', '/events?limit=200', '/streams'].map((path) => askFresh(url, path)));
    for (const { body } of shown) expect(JSON.stringify(body)).not.toContain('7f3e');
  });
});

describe('an episode and a procedure', () => {
  it('are recorded, and the one says what the other was good for', async () => {
    const { body: stored } = await post('/procedures', { name: 'Replace a lamp', domain: 'debugging' });
    const { body: started } = await post('/episodes', { summary: 'A lamp broke.', trigger: 'user_message' });
    const [procedure, episode] = [`/procedures/${stored.procedure_id}`, `/episodes/${started.episode_id}`];
    expect(stored).toMatchObject({ effectiveness: 0.5, success_share: null });
    await post(`${procedure}/activate`);
    expect((await post(`${procedure}/outcome`, { outcome: 'success' })).body.success_share).toBe(1);
    await post(`${episode}/procedures`, { procedure_id: stored.procedure_id, effectiveness: 'helped' });
    const decided = {
      ...{ description: 'Pack well.', confidence: 0.9, category: 'process', stakes: 'low' },
      ...{ context: 'They break.', pattern: 'packing', tags: ['lamp'] },
      reasons: [{ type: 'analysis', text: 'they break' }],
    };
    const { decision_id } = (await post('/decisions', decided)).body;
    await post(`${episode}/decisions`, { decision_id });
    expect((await post(`${episode}/end`, { outcome: 'success', lessons: ['pack well'] })).body).toMatchObject({
      ...{ status: 'ended', outcome: 'success' },
    });
    expect((await askFresh(url, episode)).body).toMatchObject({
      ...{ lessons: ['pack well'], decision_ids: [decision_id], procedures: [{ effectiveness: 'helped' }] },
    });
    expect((await ask(url, '/episodes?outcome=success')).body).toMatchObject({ total: 1, limit: 10, offset: 0 });
    expect((await ask(url, '/procedures?domain=debugging')).body).toMatchObject({ total: 1 });
    await post(`${procedure}/retire`);
    expect((await askFresh(url, '/procedures?domain=debugging')).body.total).toBe(0);
    await post(`${procedure}/forget`);
    await post(`${episode}/forget`);
    expect([(await askFresh(url, procedure)).status, (await ask(url, episode)).status]).toEqual([404, 404]);
  });
});

describe('a censor', () => {
  it('strikes, is counted, becomes a block by itself and absolute by a person', async () => {
    const { body } = await post('/censors', { trigger: 'unseen refund', reason: 'never due', domain: 'support' });
    const where = `/censors/${body.censor_id}`;
    const check = async () => {
      await askFresh(url, where);
      return (await post('/censors/check', { text: 'An UNSEEN refund, please', domain: 'support' })).body.hits;
    };
    expect(await check()).toMatchObject([{ action: 'warn', activations: 1, similarity: null }]);
    await check();
    expect(await check()).toMatchObject([{ activations: 3, escalated: true }]);
    expect(await check()).toMatchObject([{ action: 'block', activations: 4, escalated: false }]);
    expect((await post('/censors/check', { text: 'unseen refund', domain: 'sales' })).body.hits).toEqual([]);
    expect((await post(`${where}/escalate`)).body.action).toBe('absolute');
    expect((await post(`${where}/escalate`)).body.action).toBe('absolute');
    for (let n = 0; n < 3; n += 1) await post(`${where}/false-positive`, { note: 'it was seen' });
    expect((await askFresh(url, where)).body).toMatchObject({ mostly_false: true, active: true });
    await post(`${where}/lift`, { reason: 'no more' });
    expect((await askFresh(url, '/censors')).body.total).toBe(0);
    expect(await check()).toEqual([]);
  });
});

describe('a working memory', () => {
  it('begins with a focus, keeps what is left open, and is cleared', async () => {
    const { body: session } = await post('/sessions', {});
    const where = `/sessions/${session.session_id}/working-memory`;
    expect((await post(`${where}/threads`, { description: 'ask' })).status).toBe(404);
    expect((await ask(url, where)).status).toBe(404);
    await ask(url, `${where}/focus`, { method: 'PUT', body: { task: 'lamps' } });
    await post(`${where}/threads`, { description: 'Ask the packer', priority: 'high' });
    await post(`${where}/threads`, { description: 'weigh it' });
    expect((await post(`${where}/threads/resolve`, { text: 'PACK' })).body.open_threads).toEqual(['weigh it']);
    expect((await askFresh(url, where)).body).toMatchObject({
      ...{ current_task: 'lamps', item_count: 0, max_items: 20, open_threads: [{ priority: 'medium' }] },
    });
    expect((await ask(url, where, { method: 'DELETE' })).status).toBe(200);
    expect((await askFresh(url, where)).status).toBe(404);
  });
});

describe('teaching', () => {
  it('makes a fact, or a procedure named after its first words', async () => {
    const { body } = await post('/teach', { type: 'fact', content: 'Taught once.', domain: 'technical' });
    expect((await askFresh(url, `/facts/${body.id}`)).body).toMatchObject({
      ...{ category: 'technical', source: { kind: 'taught', label: 'mcp' } },
    });
    const { body: odd } = await post('/teach', { type: 'fact', content: 'Taught of lamps.', domain: 'lamps' });
    expect((await askFresh(url, `/facts/${odd.id}`)).body).toMatchObject({ category: null, tags: ['lamps'] });
    const content = `First ${'word '.repeat(40)}`;
    const taught = (await post('/teach', { type: 'procedure', content, domain: 'cooking' })).body;
    const { body: shown } = await askFresh(url, `/procedures/${taught.id}`);
    expect(shown).toMatchObject({ domain: null, tags: ['cooking'], description: content.trim() });
    expect(shown.name).toMatch(/^First (word )+word\.\.\.$/);
    expect(shown.name.length).toBeLessThanOrEqual(103);
  });
});

describe('what cannot be remembered', () => {
  it.each([
    ['/facts', { content: '' }],
    ['/facts', { content: 'x', confidence: 2 }],
    ['/facts', { content: 'x', category: 'mood' }],
    ['/episodes', { title: 'no summary' }],
    ['/procedures', { domain: 'debugging' }],
    ['/procedures', { name: 'x', domain: 'cooking' }],
    ['/censors', { trigger: 'x' }],
    ['/censors', { trigger: 'x', reason: 'y', action: 'steer' }],
    ['/censors/check', { text: '' }],
    ['/teach', { type: 'mood', content: 'x' }],
    ['/teach', { type: 'fact', content: ' ' }],
  ])('is refused, and nothing is recorded: %s %j', async (path, body) => {
    const head = await logHead(url);
    expect(await post(path, body)).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    expect(await logHead(url)).toBe(head);
  });

  it('is refused where it speaks of what is not there', async () => {
    const head = await logHead(url);
    const paths = [
      ...['confirm', 'contradict', 'supersede', 'retract', 'forget'].map((verb) => `/facts/${nowhere}/${verb}`),
      ...['end', 'forget'].map((verb) => `/episodes/${nowhere}/${verb}`),
      ...['activate', 'outcome', 'retire', 'forget'].map((verb) => `/procedures/${nowhere}/${verb}`),
      ...['escalate', 'false-positive', 'lift', 'forget'].map((verb) => `/censors/${nowhere}/${verb}`),
    ];
    for (const path of paths) {
      const verb = path.split('/').at(-1);
      const said = verb === 'contradict' || verb === 'supersede' ? { content: 'x' } : {};
      const body = verb === 'end' || verb === 'outcome' ? { outcome: 'success' } : said;
      expect((await post(path, body)).status, path).toBe(404);
    }
    for (const noun of ['facts', 'episodes', 'procedures', 'censors'])
      expect((await ask(url, `/${noun}/${nowhere}`)).status).toBe(404);
    expect(await logHead(url)).toBe(head);
  });
});
