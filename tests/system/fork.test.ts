import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execute } from '../../src/commands/execute.ts';
import { derived } from '../../src/domain/kernel/ids.ts';
import { session } from '../../src/domain/session/session.decider.ts';
import { defaultAgentId } from '../../src/wiring/default-agent.ts';
import { ask, askFresh, dataFolder, startHere, type Body } from '../support/acta.ts';
import { eventsOf, logHead } from '../support/gated.ts';

/** Says how many messages of the user it was sent, which shows what was quoted. */
const counting = {
  rules: [{ when: { contains: 'break' }, fail: { fault: 'invalid_request' } }],
  otherwise: { text: 'message {{turn}}: {{message}}' },
};
const theirs = derived('session', 'of another tenant');

let url: string;
beforeAll(async () => {
  const folder = await dataFolder(afterAll);
  const script = join(folder, 'counting.json');
  writeFileSync(script, JSON.stringify(counting));
  ({ url } = await startHere(folder, { ACTA_SCRIPT: script }, afterAll, {
    register: async (engine) => {
      const opening = { type: 'OpenSession', session_id: theirs, agent_id: defaultAgentId, title: null } as const;
      const by = { command_id: derived(theirs), actor: 'user:eve', tenant: 'other', correlation_id: theirs };
      await execute(engine, session, `session-${theirs}`, opening, by);
    },
  }));
});

const opened = async (): Promise<string> => (await ask(url, '/sessions', { body: {} })).body.session_id;
const said = async (session_id: string, message: string): Promise<Body> =>
  (await ask(url, `/sessions/${session_id}/turns`, { body: { message, wait: true } })).body;
const fork = (session_id: string, body: object = {}, headers: Readonly<Record<string, string>> = {}) =>
  ask(url, `/sessions/${session_id}/fork`, { body, headers });

describe('a fork', () => {
  it('goes on from the turn that was named, quotes it where it stands, and leaves the original alone', async () => {
    const origin = await opened();
    const turns = [await said(origin, 'one'), await said(origin, 'two'), await said(origin, 'three')];
    const before = await eventsOf(url, `session-${origin}`);
    const { status, body, headers } = await fork(origin, { at_turn: turns[1].turn_id, title: 'otherwise' });
    expect(status).toBe(201);
    const revision = before.findIndex(
      ({ type, data }) => type === 'TurnCompleted' && data.turn_id === turns[1].turn_id,
    );
    const from = { session_id: origin, turn_id: turns[1].turn_id, revision };
    expect(body).toMatchObject({ status: 'idle', turns: 0, origin: from });
    expect(headers.get('location')).toBe(`/sessions/${body.session_id}`);
    expect((await askFresh(url, `/sessions/${body.session_id}`)).body).toMatchObject({
      origin: from,
      title: 'otherwise',
    });

    const turn = await said(body.session_id, 'four');
    expect(turn.response).toBe('message 3: four');
    const context = await askFresh(url, `/sessions/${body.session_id}/turns/${turn.turn_id}/context`);
    const history = context.body.context.sections.find(({ name }: Body) => name === 'history');
    expect(history.turn_ids).toEqual(turns.slice(0, 2).map(({ turn_id }) => turn_id));
    expect((await said(body.session_id, 'five')).response).toBe('message 4: five');
    expect(await eventsOf(url, `session-${origin}`)).toEqual(before);
    expect((await said(origin, 'four')).response).toBe('message 4: four');
  });

  it('holds no copy of what was said, and its record leads back to the turn that it comes from', async () => {
    const origin = await opened();
    await said(origin, 'a secret');
    const { body } = await fork(origin);
    const [first] = await eventsOf(url, `session-${body.session_id}`);
    expect(JSON.stringify(first)).not.toContain('secret');
    const completed = (await eventsOf(url, `session-${origin}`)).at(-1);
    expect(first).toMatchObject({ type: 'SessionOpened', causation_id: completed.id });
  });

  it('is forked again, also when the original is closed, and quotes both', async () => {
    const origin = await opened();
    await said(origin, 'one');
    const closed = await ask(url, `/sessions/${origin}/close`, { body: { reflect: false } });
    expect(closed.status).toBe(200);
    const first = (await fork(origin)).body.session_id;
    await said(first, 'two');
    const second = (await fork(first)).body.session_id;
    expect((await said(second, 'three')).response).toBe('message 3: three');
  });

  it('has an episode of its own', async () => {
    const origin = await opened();
    await said(origin, 'one');
    const { body } = await fork(origin);
    await said(body.session_id, 'two');
    const { body: listed } = await askFresh(url, '/episodes?limit=100');
    const of = (id: string): readonly Body[] => listed.episodes.filter(({ session_id }: Body) => session_id === id);
    expect([of(origin), of(body.session_id)]).toEqual([
      [expect.objectContaining({ summary: 'one' })],
      [expect.objectContaining({ summary: 'two' })],
    ]);
  });

  it('is made once, however often it is asked for with one key', async () => {
    const origin = await opened();
    await said(origin, 'one');
    const key = { 'idempotency-key': 'fork-once' };
    const [first, again] = [await fork(origin, {}, key), await fork(origin, {}, key)];
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });
});

describe('what cannot be forked', () => {
  const nowhere = '0198d7a0-0000-7000-8000-000000000018';
  it('is refused, and nothing is recorded', async () => {
    const [empty, origin] = [await opened(), await opened()];
    await said(origin, 'one');
    const { turn_id: broken } = await said(origin, 'break');
    const failed = (await askFresh(url, `/sessions/${origin}/turns`)).body.data.at(-1);
    expect([failed.status, broken]).toEqual(['failed', failed.turn_id]);
    const head = await logHead(url);
    const answers = [
      await fork(nowhere),
      await fork(theirs),
      await fork(origin, { at_turn: nowhere }),
      await fork(empty),
      await fork(origin, { at_turn: failed.turn_id }),
      await fork(origin, { at_turn: 'the second' }),
      await fork('not-an-id'),
      await fork(origin, { mode: 'dry' }),
      await fork(origin, {}, { 'if-match': '"0"' }),
    ];
    expect(answers.map(({ status, body }) => `${status} ${body.code}`)).toEqual([
      '404 not_found',
      '404 not_found',
      '404 not_found',
      '409 turn_not_completed',
      '409 turn_not_completed',
      '400 validation_failed',
      '400 validation_failed',
      '400 validation_failed',
      '412 revision_conflict',
    ]);
    expect(await logHead(url)).toBe(head);
  });
});
