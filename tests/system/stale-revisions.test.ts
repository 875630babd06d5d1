import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations } from '../../src/wiring/operations.ts';
import { ask, dataFolder, startHere, type Reply } from '../support/acta.ts';

let url: string;
beforeAll(async () => {
  ({ url } = await startHere(await dataFolder(afterAll), {}, afterAll));
  const { fact_id: ref_id } = (await ask(url, '/facts', { body: { content: 'Lamps break.' } })).body;
  bodies['load_items'] = { items: [{ kind: 'fact', ref_id }] };
});

const opened = async (): Promise<{ agent_id: string; session_id: string }> => {
  const { agent_id } = (await ask(url, '/agents', { body: { name: 'Somebody' } })).body;
  const { session_id } = (await ask(url, '/sessions', { body: { agent_id } })).body;
  return { agent_id, session_id };
};
const underWay = async (): Promise<object> => {
  const { session_id } = await opened();
  const { turn_id } = (await ask(url, `/sessions/${session_id}/turns`, { body: { message: 'take your time' } })).body;
  // It records its own steps first; then it stands still for as long as the model talks.
  const types = async (): Promise<string> =>
    JSON.stringify((await ask(url, `/streams/session-${session_id}/events`)).body);
  await expect.poll(types, { timeout: 10_000 }).toContain('ModelCalled');
  return { session_id, turn_id };
};

/** What a path may name: how there comes to be one, and the stream it lives in. */
const nouns: Readonly<Record<string, () => Promise<object>>> = {
  agent_id: opened,
  session_id: opened,
  turn_id: underWay,
  key_id: async () => (await ask(url, '/keys', { body: { name: 'a key', scopes: ['agents:read'] } })).body,
};
/** What must be said, and what must have happened, where an empty request on a fresh thing is not enough. */
const bodies: Record<string, object> = {
  revise_agent: { name: 'Another' },
  take_turn: { message: 'hi' },
  focus_working_memory: { task: 'Another' },
  open_thread: { description: 'why?' },
  resolve_thread: { text: 'why?' },
};
const paused = (thing: string) => ask(url, `${thing}/pause`, { body: {} });
const spoken = (thing: string) => ask(url, `${thing}/turns`, { body: { message: 'hi', wait: true } });
const focused = (thing: string) =>
  ask(url, `${thing}/working-memory/focus`, { method: 'PUT', body: { task: 'this', frame: null } });
const before: Readonly<Record<string, (thing: string) => Promise<Reply>>> = {
  resume_agent: paused,
  fork_session: spoken,
  focus_working_memory: focused,
  open_thread: focused,
  resolve_thread: focused,
  clear_working_memory: focused,
  load_items: focused,
  evict_item: focused,
};

/** Commands on what is there already; what works a read model lives in no stream. */
const commands = operations.filter(
  ({ kind, http: { path } }) => kind === 'command' && Object.keys(nouns).some((noun) => path.includes(`{${noun}}`)),
);

const prepared = async (name: string, path: string) => {
  const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, noun = '']) => noun);
  const ids = Object.entries(await nouns[named.at(-1) ?? '']!());
  const concrete = ids.reduce((text, [noun, id]) => text.replace(`{${noun}}`, String(id)), path);
  const thing = /^\/[^/]+\/[^/]+/.exec(concrete)?.[0] ?? '';
  await before[name]?.(thing);
  const noun = path.includes('working-memory') ? 'working_memory' : (named[0]?.replace('_id', '') ?? '');
  return { concrete, stream: `${noun}-${thing.split('/').at(-1) ?? ''}` };
};

const newest = async (stream: string): Promise<number> =>
  (await ask(url, `/streams/${stream}/events`)).body.data.at(-1).revision;

describe('a command on what has changed since its caller looked', () => {
  it('is known for every noun', () => {
    expect(commands.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['take_turn', 'close_session', 'end_chat', 'cancel_turn', 'stop_agent', 'rotate_key']),
    );
  });
  it.each(commands.map(({ name, http }) => [name, http] as const))('%s is refused', async (name, { method, path }) => {
    const { concrete, stream } = await prepared(name, path);
    const sent = (revision: number): Promise<Reply> =>
      ask(url, concrete, { method, body: bodies[name] ?? {}, headers: { 'if-match': `"${revision}"` } });
    expect(await sent(1_000)).toMatchObject({ status: 412, body: { code: 'revision_conflict' } });
    expect((await sent(await newest(stream))).status).toBeLessThan(300);
  });
});

it('a message to a session that has changed since its caller looked is refused, and so is one to a session to come', async () => {
  const { session_id } = await opened();
  const said = (headers: Readonly<Record<string, string>>, body: object) =>
    ask(url, '/chat', { body: { message: 'hi', ...body }, headers });
  expect((await said({ 'if-match': '"7"' }, { session_id })).status).toBe(412);
  expect((await said({ 'if-match': '"0"' }, { session_id })).status).toBe(200);
  expect((await said({ 'if-match': '"0"' }, {})).status).toBe(412);
});
