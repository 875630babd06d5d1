import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reflectionPrompt } from '../../src/domain/cognition/reflection.ts';
import { ask, askFresh, dataFolder, startHere, type Body, type Reply } from '../support/acta.ts';
import { eventsOf, logHead } from '../support/gated.ts';
import { serverPrograms, temporaryServer } from '../support/postgres.server.ts';

/** The first source system's surface, row by row of the requirements (1.7), as Acta answers for it over HTTP. */

const [firstLine = ''] = reflectionPrompt.split('\n');
const reflection = [
  'task: a delivery',
  'learned: The lamp is delivered on Thursday.',
  '- Learned: Iris lives in Uppsala.',
  'lesson: ask for the address first',
].join('\n');
const script = {
  rules: [
    { when: { contains: firstLine }, reply: { text: reflection } },
    { when: { contains: 'break' }, fail: { fault: 'invalid_request', message: 'the provider does not take it' } },
  ],
  otherwise: { text: 'message {{turn}}: {{message}}' },
};

let url: string;
beforeAll(async () => {
  const folder = await dataFolder(afterAll);
  const file = join(folder, 'first.json');
  writeFileSync(file, JSON.stringify(script));
  ({ url } = await startHere(folder, { ACTA_SCRIPT: file }, afterAll));
});

const nowhere = '0198d7a0-0000-7000-8000-000000000018';
const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) as string;
const anything = expect.anything() as unknown;
const number = expect.any(Number) as number;
const has = (...keys: readonly string[]): object =>
  Object.fromEntries(keys.map((key) => [key, expect.toBeOneOf([anything, null])]));
const say = (message: string, more: object = {}): Promise<Reply> => ask(url, '/chat', { body: { message, ...more } });
const decided = { category: 'architecture', stakes: 'high', tags: ['storage'], confidence: 0.8 };
const decide = async (description: string): Promise<string> =>
  (await ask(url, '/decisions', { body: { ...decided, description, reasons: [{ type: 'analysis', text: 'so' }] } }))
    .body.decision_id;

describe('R1: POST /chat', () => {
  it('answers with response, session_id, frame and decision_id, in a new session where none is named', async () => {
    const [one, other] = [await say('hello'), await say('hello')];
    expect(one).toMatchObject({ status: 200, body: { session_id: uuid, frame: 'conversation', decision_id: null } });
    expect(one.body.response).toBe('message 1: hello');
    expect(other.body.session_id).not.toBe(one.body.session_id);
    const { session_id } = one.body;
    expect((await say('again', { session_id })).body).toMatchObject({ session_id, response: 'message 2: again' });
  });
  it('opens the session that a caller names, and says which decision a turn recorded', async () => {
    const session_id = '0198d7a0-0000-4000-8000-000000000777';
    const { body } = await say('Should we choose a queue or a log?', { session_id });
    expect(body).toMatchObject({ session_id, frame: 'decision', decision_id: uuid });
    expect((await askFresh(url, `/decisions/${body.decision_id}`)).status).toBe(200);
  });
});

describe('R2: DELETE /chat/{session_id}', () => {
  it('ends the conversation, and what the agent learned of it is among the facts', async () => {
    const { session_id } = (await say('Where is my lamp?')).body;
    await say('I live in Uppsala.', { session_id });
    const ended = await ask(url, `/chat/${session_id}`, { method: 'DELETE' });
    expect(ended).toMatchObject({ status: 200, body: { status: 'ended', session_id } });
    const facts = (await askFresh(url, '/facts?q=lamp')).body;
    expect(facts.facts).toMatchObject([
      { content: 'The lamp is delivered on Thursday.', category: 'rule', source: { kind: 'reflection', session_id } },
    ]);
    expect((await ask(url, '/facts?q=Uppsala')).body.facts).toMatchObject([{ content: 'Iris lives in Uppsala.' }]);
    const { episodes } = (await askFresh(url, '/episodes?limit=100')).body;
    const episode = episodes.find((each: Body) => each.session_id === session_id);
    expect(episode).toMatchObject({ outcome: 'success', lessons: ['ask for the address first'] });
    expect(await say('and now?', { session_id })).toMatchObject({ status: 409, body: { code: 'session_closed' } });
  });
  it('is said twice and done once', async () => {
    const { session_id } = (await say('hello')).body;
    await ask(url, `/chat/${session_id}`, { method: 'DELETE' });
    const head = await logHead(url);
    const again = await ask(url, `/chat/${session_id}`, { method: 'DELETE' });
    expect(again).toMatchObject({ status: 200, body: { status: 'ended', session_id } });
    expect(await logHead(url)).toBe(head);
  });
});

describe('R3: GET /status', () => {
  it('says who the agent is, how sure it is and how right, and what it remembers', async () => {
    const { status, body } = await askFresh(url, '/status');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      agent_id: uuid,
      agent_name: 'Acta',
      model: { provider: 'scripted', name: 'scripted-1' },
      calibration: {
        ...has('brier_score', 'accuracy'),
        ...{ total_decisions: number, reviewed_decisions: number },
      },
      memory: {
        ...{ active_conversations: number, active_censors: number, total_decisions: number },
        ...{ total_facts: number, total_episodes: number, total_procedures: number },
      },
    });
    await ask(url, '/facts', { body: { content: 'The warehouse closes at six.' } });
    const after = (await askFresh(url, '/status')).body;
    expect(after.memory.total_facts).toBe(body.memory.total_facts + 1);
  });
});

describe('R4, R5, N23, N24: decisions', () => {
  it('are listed newest first, twenty where nothing else is said, with how many there are in all', async () => {
    const ids = [await decide('first'), await decide('second')];
    const { body } = await askFresh(url, '/decisions');
    expect(body).toMatchObject({ limit: 20, offset: 0, total: number });
    expect(body.decisions.slice(0, 2).map(({ decision_id }: Body) => decision_id)).toEqual(ids.toReversed());
    const second = await ask(url, '/decisions?limit=1&offset=1');
    expect(second.body).toMatchObject({ limit: 1, offset: 1, total: body.total, decisions: [{ decision_id: ids[0] }] });
    expect(second.body.decisions[0]).toMatchObject(
      has('description', 'confidence', 'category', 'stakes', 'outcome', 'pattern', 'tags', 'created_at'),
    );
  });
  it('are shown with all that is known of them', async () => {
    const decision_id = await decide('third');
    expect((await askFresh(url, `/decisions/${decision_id}`)).body).toMatchObject({
      ...{ decision_id, ...decided, description: 'third', agent_id: uuid, reasons: [{ type: 'analysis', text: 'so' }] },
      ...has('context', 'quality_score', 'outcome_result', 'reviewed_at', 'updated_at', 'bridge', 'thoughts'),
    });
  });
});

describe('R6 to R10: what is remembered, and how it is thought', () => {
  it('R6: GET /episodes answers with episodes, as many as are asked for', async () => {
    await say('hello');
    await say('hello');
    const { status, body } = await askFresh(url, '/episodes?limit=1');
    expect([status, body.episodes.length]).toEqual([200, 1]);
    expect(body).toMatchObject({ total: number, limit: 1, offset: 0 });
  });
  it('R7: GET /facts answers with those that are asked for, or with all, and how many there are', async () => {
    await ask(url, '/facts', { body: { content: 'The kettle whistles.' } });
    expect((await askFresh(url, '/facts?q=kettle&limit=20')).body).toMatchObject({
      facts: [{ content: 'The kettle whistles.' }],
      total: 1,
    });
    const browsed = (await ask(url, '/facts')).body;
    expect(browsed.total).toBeGreaterThan(1);
    expect(browsed.limit).toBe(20);
  });
  it('R8: GET /censors answers with those in force', async () => {
    const censor = (trigger: string) => ask(url, '/censors', { body: { trigger, reason: 'it was asked for' } });
    const [kept, gone] = [(await censor('sell the office')).body, (await censor('sell the roof')).body];
    expect((await ask(url, `/censors/${gone.censor_id}/lift`, { body: {} })).status).toBe(200);
    const ids = (await askFresh(url, '/censors')).body.censors.map(({ censor_id }: Body) => censor_id);
    expect(ids).toContain(kept.censor_id);
    expect(ids).not.toContain(gone.censor_id);
  });
  it('R9: GET /frames answers with the six, in the form of a selection', async () => {
    const { status, body } = await askFresh(url, '/frames');
    expect(status).toBe(200);
    expect(body.frames.map(({ frame_id }: Body) => frame_id)).toEqual([
      ...['decision', 'debug', 'task', 'question', 'creative', 'conversation'],
    ]);
    for (const frame of body.frames)
      expect(frame).toMatchObject({
        ...has('frame_id', 'frame_name', 'confidence', 'match_method', 'description'),
        ...has('default_category', 'default_stakes', 'questions_to_ask'),
      });
  });
  it('R10: GET /calibration answers with the report', async () => {
    expect(await askFresh(url, '/calibration')).toMatchObject({
      status: 200,
      body: has(
        ...['total_decisions', 'reviewed_decisions', 'brier_score', 'accuracy', 'confidence_mean'],
        ...['confidence_stddev', 'category_stats', 'reason_type_stats'],
      ),
    });
  });
});

describe('R11: GET /health', () => {
  it('is healthy where the database answers', async () => {
    expect(await ask(url, '/health')).toMatchObject({ status: 200, body: { status: 'healthy' } });
  });
  const programs = serverPrograms();
  it.skipIf(programs === undefined)(
    'is 503 and says why where the database is gone, and healthy again',
    async () => {
      const server = await temporaryServer(programs ?? '');
      const node = await startHere(await dataFolder(), { DATABASE_URL: server.url });
      await server.kill();
      const { status, body } = await ask(node.url, '/health');
      expect({ status, body }).toMatchObject({
        status: 503,
        body: { status: 503, error: anything, code: 'not_ready' },
      });
      await server.start();
      await expect.poll(async () => (await ask(node.url, '/health')).status, { timeout: 20_000 }).toBe(200);
      await node.stop(1_000);
      await server.stop();
    },
    60_000,
  );
});

describe('a conversation', () => {
  it('reaches the model with twenty messages at most, however long it is (N150)', async () => {
    const { session_id } = (await say('1')).body;
    for (let n = 2; n <= 12; n += 1) await say(String(n), { session_id });
    expect((await say('13', { session_id })).body.response).toBe('message 11: 13');
  });
  it('goes on after a turn in which the model failed, and what comes after a turn still came (N151)', async () => {
    const { session_id } = (await say('hello')).body;
    const failed = await say('break', { session_id });
    expect(failed).toMatchObject({ status: 502, body: { code: 'model_failed', fault: 'invalid_request', session_id } });
    const types = (await eventsOf(url, `session-${session_id}`)).map(({ type }) => type);
    expect(types.slice(-3)).toEqual(['ModelFailed', 'TurnAssessed', 'TurnFailed']);
    expect((await say('and now?', { session_id })).body.response).toBe('message 2: and now?');
  });
  it('that nobody spoke in ends without asking a model (N152)', async () => {
    const { session_id } = (await ask(url, '/sessions', { body: {} })).body;
    expect(await ask(url, `/chat/${session_id}`, { method: 'DELETE' })).toMatchObject({ body: { status: 'ended' } });
    const types = (await eventsOf(url, `session-${session_id}`)).map(({ type }) => type);
    expect(types).toEqual(['SessionOpened', 'SessionClosed']);
  });
});

describe('bad input', () => {
  const unknown = { status: 404, code: 'not_found' };
  const invalid = { status: 400, code: 'validation_failed' };
  /** Well formed, and impossible (decision 0002). */
  const unasked = { status: 422, code: 'unknown_parameter' };
  it.each([
    ['R1: no message', 'POST', '/chat', {}, invalid],
    ['R1: an empty message', 'POST', '/chat', { message: '' }, invalid],
    ['R1: a message that is no text', 'POST', '/chat', { message: 7 }, invalid],
    ['R1: a session that is no id', 'POST', '/chat', { message: 'hi', session_id: 'mine' }, invalid],
    ['R1: a body that is no JSON', 'POST', '/chat', '{"message":', { status: 400, code: 'malformed_request' }],
    ['R2: a session that is no id', 'DELETE', '/chat/mine', undefined, invalid],
    ['R2: a session that is not there', 'DELETE', `/chat/${nowhere}`, undefined, unknown],
    ['R3: a question that nobody knows', 'GET', '/status?mood=good', undefined, unasked],
    ['R4: a limit that is no number', 'GET', '/decisions?limit=few', undefined, invalid],
    ['R4: an offset below nothing', 'GET', '/decisions?offset=-1', undefined, invalid],
    ['R5: a decision that is no id', 'GET', '/decisions/first', undefined, invalid],
    ['R5: a decision that is not there', 'GET', `/decisions/${nowhere}`, undefined, unknown],
    ['R6: a limit that is no number', 'GET', '/episodes?limit=1.5', undefined, invalid],
    ['R7: an empty question', 'GET', '/facts?q=', undefined, invalid],
    ['R7: a limit beyond all bounds', 'GET', '/facts?limit=100000', undefined, invalid],
    ['R8: an agent that is no id', 'GET', '/censors?agent_id=me', undefined, invalid],
    ['R9: an agent that is not there', 'GET', `/frames?agent_id=${nowhere}`, undefined, unknown],
    ['R10: a position that is none', 'GET', '/calibration?as_of=now', undefined, invalid],
    ['R11: a question that nobody knows', 'GET', '/health?deep=yes', undefined, unasked],
  ] as const)('%s', async (_, method, path, body, expected) => {
    const head = await logHead(url);
    const answer = await ask(url, path, { method, ...(body === undefined ? {} : { body }) });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer).toMatchObject({ status: expected.status, body: expected });
    expect(answer.body).toMatchObject(has('detail', 'title', 'request_id'));
    expect(await logHead(url)).toBe(head);
  });
});
