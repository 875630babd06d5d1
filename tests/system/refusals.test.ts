import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, askFresh, dataFolder, startHere, startInVain } from '../support/acta.ts';

let url: string;
beforeAll(async () => {
  ({ url } = await startHere(await dataFolder(afterAll), {}, afterAll));
});

const head = async (): Promise<string> => (await ask(url, '/projections')).body.data[0].head;
const unknown = '0198d7a0-0000-7000-8000-00000000dead';

const registered = async (): Promise<string> =>
  (await ask(url, '/agents', { body: { name: 'Somebody' } })).body.agent_id;

describe('what cannot be done', () => {
  it.each([
    ['an agent that there is not', '/chat', { message: 'hi', agent_id: unknown }, 404, 'not_found'],
    ['no message', '/chat', {}, 400, 'validation_failed'],
    ['an unknown field', '/chat', { message: 'hi', massage: 'hi' }, 400, 'validation_failed'],
    ['an id that is none', '/chat', { message: 'hi', session_id: 'nonsense' }, 400, 'validation_failed'],
    ['the id of something else', '/chat', { message: 'hi', session_id: `agent-${unknown}` }, 422, 'wrong_id_kind'],
    ['half a character', '/chat', '{"message":"\\ud800"}', 400, 'malformed_request'],
    ['a message that is too long', '/chat', { message: 'x'.repeat(65_537) }, 400, 'validation_failed'],
    ['a session that there is not', `/sessions/${unknown}/turns`, { message: 'hi' }, 404, 'not_found'],
    ['a projection that there is not', '/projections/nothing/rebuild', {}, 404, 'not_found'],
  ])('with %s is refused, and nothing is recorded', async (_, path, body, status, code) => {
    const before = await head();
    expect(await ask(url, path, { body })).toMatchObject({ status, body: { code } });
    expect(await head()).toBe(before);
  });

  it('by a paused agent is refused until it is resumed, by a stopped one for good', async () => {
    const agent_id = await registered();
    await ask(url, `/agents/${agent_id}/pause`, { body: { reason: 'lunch' } });
    expect(await ask(url, '/chat', { body: { message: 'hi', agent_id } })).toMatchObject({
      status: 409,
      body: { code: 'agent_paused' },
    });
    await ask(url, `/agents/${agent_id}/resume`, { body: {} });
    expect((await ask(url, '/chat', { body: { message: 'hi', agent_id } })).status).toBe(200);
    await ask(url, `/agents/${agent_id}/stop`, { body: { reason: 'enough' } });
    expect(await ask(url, '/chat', { body: { message: 'hi', agent_id } })).toMatchObject({
      status: 409,
      body: { code: 'agent_stopped' },
    });
    expect(await ask(url, `/agents/${agent_id}/resume`, { body: {} })).toMatchObject({
      status: 409,
      body: { code: 'invalid_transition', phase: 'stopped' },
    });
  });

  it('in a closed session is refused', async () => {
    const { session_id } = (await ask(url, '/chat', { body: { message: 'hello' } })).body;
    expect((await ask(url, `/chat/${session_id}`, { method: 'DELETE' })).body).toEqual({ status: 'ended', session_id });
    expect(await ask(url, '/chat', { body: { message: 'hi', session_id } })).toMatchObject({
      status: 409,
      body: { code: 'session_closed' },
    });
  });

  it('to give an agent frames where it was registered without any is none', async () => {
    const agent_id = await registered();
    const { body, status } = await ask(url, `/agents/${agent_id}`, {
      method: 'PATCH',
      body: { frames: [] },
      headers: { 'if-match': '"0"' },
    });
    expect(status, JSON.stringify(body)).toBe(200);
  });

  it('on a revision that is no longer the newest is refused', async () => {
    const agent_id = await registered();
    const change = { method: 'PATCH', body: { name: 'Another' }, headers: { 'if-match': '"0"' } };
    expect((await ask(url, `/agents/${agent_id}`, change)).status).toBe(200);
    const again = { ...change, body: { name: 'A third' } };
    expect(await ask(url, `/agents/${agent_id}`, again)).toMatchObject({
      status: 412,
      body: { code: 'revision_conflict', current_revision: 1 },
    });
  });

  it('by a running turn of an agent that is stopped is canceled', async () => {
    const agent_id = await registered();
    const { session_id } = (await ask(url, '/sessions', { body: { agent_id } })).body;
    const turn = await ask(url, `/sessions/${session_id}/turns`, { body: { message: 'take your time' } });
    const position = turn.headers.get('acta-position') ?? '';
    const fresh = { headers: { 'acta-min-position': position, prefer: 'wait=10' } };
    expect((await ask(url, `/sessions/${session_id}`, fresh)).body.status).toBe('running');
    await ask(url, `/agents/${agent_id}/stop`, { body: { reason: 'enough' } });
    const path = `/sessions/${session_id}/turns/${turn.body.turn_id}`;
    await expect.poll(async () => (await ask(url, path)).body.status, { timeout: 10_000 }).toBe('canceled');
  });
});

describe('a server that cannot start', () => {
  it('says that nobody may be let in where others can reach it and there is no key', async () => {
    const { exit, said } = await startInVain(await dataFolder(), { HOST: '0.0.0.0' });
    expect(exit).not.toBe(0);
    expect(said).toContain('AOS_API_KEY');
  });

  it('says who has its folder', async () => {
    const folder = await dataFolder();
    await startHere(folder);
    const { exit, said } = await startInVain(folder, {});
    expect(exit).not.toBe(0);
    expect(said).toContain(`is in use by process ${process.pid}`);
  });
});

it('what was refused for how things stood is decided anew when it is asked again under the same key', async () => {
  const agent_id = await registered();
  const chat = () =>
    ask(url, '/chat', { body: { message: 'hi', agent_id }, headers: { 'idempotency-key': `again-${agent_id}` } });
  await ask(url, `/agents/${agent_id}/pause`, { body: {} });
  expect((await chat()).body.code).toBe('agent_paused');
  await ask(url, `/agents/${agent_id}/resume`, { body: {} });
  const said = await chat();
  expect(said.status).toBe(200);
  expect((await chat()).body).toEqual(said.body);
});

describe('a cursor that somebody has made up', () => {
  it.each(['/agents', '/events', '/streams', '/sessions'])('of %s is refused as one', async (path) => {
    for (let n = 0; n < 2; n += 1)
      await ask(url, '/chat', { body: { message: 'hello', agent_id: await registered() } });
    const { body } = await askFresh(url, `${path}?limit=1`);
    const cursor = JSON.parse(Buffer.from(body.page.next, 'base64url').toString()) as { after: string[] };
    for (const made of ['abc', '1.5', '9'.repeat(30), '\0', '9999-99-99T99:99:99.000Z']) {
      const forged = { ...cursor, after: cursor.after.map(() => made) };
      const next = Buffer.from(JSON.stringify(forged)).toString('base64url');
      expect(await ask(url, `${path}?limit=1&cursor=${next}`)).toMatchObject({
        status: 422,
        body: { code: 'cursor_mismatch' },
      });
    }
    expect((await ask(url, `${path}?limit=1&cursor=${body.page.next}`)).status).toBe(200);
  });
});

describe('what is too much for an event or a context', () => {
  it('is refused before a session is opened for it', async () => {
    const before = await head();
    const message = '\u0001'.repeat(60_000);
    expect(await ask(url, '/chat', { body: { message } })).toMatchObject({ status: 400 });
    expect(await head()).toBe(before);
  });
  it('is said to be so, and not that the model did not answer', async () => {
    expect(await ask(url, '/chat', { body: { message: 'word '.repeat(12_000) } })).toMatchObject({
      status: 413,
      body: { code: 'payload_too_large', fault: 'context_too_large' },
    });
  });
});

it('a revision beyond all numbers is one that is not there', async () => {
  const agent_id = await registered();
  expect(await ask(url, `/streams/agent-${agent_id}/state?revision=9007199254740991`)).toMatchObject({
    status: 404,
    body: { code: 'revision_not_found' },
  });
  expect((await ask(url, '/projections/turns/parked/9999999999999999999/skip', { body: {} })).status).toBe(400);
});
