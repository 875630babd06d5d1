import { describe, expect, it, vi } from 'vitest';
import { latch } from './agents.repertoire.ts';
import { running, type Running } from './running.server.ts';

const key = 'once-1';
const register = ({ ask }: Running, name = 'Clerk', headers: Record<string, string> = {}) =>
  ask('/agents', { json: { name }, headers: { 'idempotency-key': key, ...headers } });

describe('a request with an Idempotency-Key', () => {
  it('is done once, and answered alike ever after', async () => {
    const server = await running();
    const first = await register(server);
    const again = await register(server);
    expect(server.world.done).toHaveLength(1);
    expect([again.status, await again.text()]).toEqual([first.status, await first.text()]);
    for (const name of ['acta-position', 'etag', 'location', 'content-type'])
      expect(again.headers.get(name)).toBe(first.headers.get(name));
    expect([first.headers.get('idempotency-replayed'), again.headers.get('idempotency-replayed')]).toEqual([
      null,
      'true',
    ]);
  });

  it('is the same request however its body is written', async () => {
    const server = await running();
    const send = (body: string) =>
      server.ask('/agents', {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', 'idempotency-key': `"${key}"` },
      });
    await send('{"name":"Clerk","options":{}}');
    const again = await send(' {"options": {}, "name": "Cl\\u0065rk"}');
    expect([again.status, server.world.done.length]).toEqual([201, 1]);
  });

  it('is refused when its key stood for another', async () => {
    const server = await running();
    await register(server);
    const other = await register(server, 'Judge');
    expect([other.status, await other.json()]).toMatchObject([422, { code: 'idempotency_mismatch' }]);
    const elsewhere = await server.ask('/chat', { json: { message: 'x' }, headers: { 'idempotency-key': key } });
    expect(elsewhere.status).toBe(422);
    expect(server.world.done).toHaveLength(1);
  });

  it('is done once also when many send it at once', async () => {
    const server = await running();
    const send = () => server.ask('/slow', { json: {}, headers: { 'idempotency-key': key } });
    const first = send();
    await vi.waitFor(() => expect(server.keeper.kept.size).toBe(1));
    const meanwhile = await Promise.all([send(), send(), send()]);
    for (const answer of meanwhile) {
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([409, '1']);
      expect(await answer.json()).toMatchObject({ code: 'idempotency_in_progress', retryable: true });
    }
    server.world.latch.open();
    expect((await first).status).toBe(200);
    expect((await send()).headers.get('idempotency-replayed')).toBe('true');
    expect(server.world.done).toHaveLength(1);
  });

  it('belongs to its principal', async () => {
    const scopes = ['*'];
    const server = await running({
      authenticate: (name = '') => ({ actor: `user:${name}`, tenant: 'default', scopes }),
    });
    await register(server, 'Clerk', { authorization: 'Bearer one' });
    await register(server, 'Judge', { authorization: 'Bearer two' });
    expect(server.world.done).toHaveLength(2);
    expect(new Set(server.world.agents.keys()).size).toBe(2);
  });

  it('may be sent again with its key after bad input, and after a fault of ours', async () => {
    const server = await running();
    expect((await register(server, '')).status).toBe(400);
    expect((await register(server)).status).toBe(201);

    const failing = await running({ limits: { answerMsMax: 50 } });
    const slowly = () => failing.ask('/slow', { json: {}, headers: { 'idempotency-key': key } });
    expect((await slowly()).status).toBe(408);
    failing.world.latch.open();
    await vi.waitFor(async () => expect((await slowly()).status).toBe(200));
    expect(failing.world.done).toHaveLength(1);
  });

  it('keeps a refusal that would be the same again, but not a lost race', async () => {
    const server = await running();
    const pause = (id: string, match: string) =>
      server.ask(`/agents/${id}/pause`, {
        json: {},
        headers: { 'if-match': match, 'idempotency-key': `${key}-${id}` },
      });
    const nobody = '0198f3a0-0000-7000-8000-000000000001';
    expect((await pause(nobody, '"0"')).headers.get('idempotency-replayed')).toBe(null);
    const again = await pause(nobody, '"0"');
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([404, 'true']);

    const made = (await (await register(server)).json()) as { agent_id: string };
    expect((await pause(made.agent_id, '"7"')).status).toBe(412);
    expect((await pause(made.agent_id, '"0"')).status).toBe(200);
  });

  it('never keeps a secret', async () => {
    const server = await running();
    const issue = () => server.ask('/keys', { json: { name: 'ci' }, headers: { 'idempotency-key': key } });
    const first = await issue();
    expect(first.headers.get('cache-control')).toBe('no-store');
    expect(await first.text()).toContain('secret-of-');
    const again = await issue();
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([409, 'true']);
    const document = await again.text();
    expect(document).not.toContain('secret-of-');
    expect(JSON.parse(document)).toMatchObject({
      code: 'already_exists',
      links: [{ rel: 'result', href: first.headers.get('location') }],
    });
    expect(JSON.stringify([...server.keeper.kept])).not.toContain('secret-of-');
  });

  it.each(['down', 'silent'] as const)(
    'is still done when the store is %s, under the same command id',
    async (fault) => {
      const server = await running({ limits: { idempotencyMsMax: 50 } });
      server.keeper.faults[fault] = true;
      const first = await register(server);
      const again = await register(server);
      const other = await register(server, 'Judge');
      expect([first.status, first.headers.get('acta-degraded')]).toEqual([201, 'idempotency']);
      // The log knows its own: both attempts carry one command id, and another request another.
      const ids = [first, again, other].map((answer) => answer.headers.get('location'));
      expect(ids[1]).toBe(ids[0]);
      expect(ids[2]).not.toBe(ids[0]);
      expect(server.heard.lines.some(({ event }) => event === 'idempotency_unavailable')).toBe(true);
    },
  );

  it('has the same command id after the answer was lost', async () => {
    const server = await running();
    const first = await register(server);
    server.keeper.kept.clear();
    const again = await register(server);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
  });
});

describe('a request without a key', () => {
  it('is a new one each time', async () => {
    const { ask, world } = await running();
    world.latch = latch();
    await ask('/agents', { json: { name: 'Clerk' } });
    await ask('/agents', { json: { name: 'Clerk' } });
    expect(world.agents.size).toBe(2);
  });
});
