import { randomUUID } from 'node:crypto';
import net from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { readerKey, running, unbound } from './running.server.ts';

describe('a quota', () => {
  const quotas = { read: { requests: 3, seconds: 30 }, write: { requests: 1, seconds: 30 } };

  it('is told with every answer, and refuses what goes beyond it', async () => {
    const at = 1_000_000;
    const { ask } = await running({ quotas, clock: { now: () => at, id: () => 'id', chance: () => 0 } });
    const first = await ask('/agents');
    expect(first.headers.get('ratelimit-policy')).toBe('"read";q=3;w=30');
    expect(first.headers.get('ratelimit')).toBe('"read";r=2;t=10');
    await ask('/agents');
    expect((await ask('/agents')).headers.get('ratelimit')).toBe('"read";r=0;t=30');
    const over = await ask('/agents');
    expect([over.status, over.headers.get('retry-after')]).toEqual([429, '10']);
    expect(await over.json()).toMatchObject({ code: 'rate_limited', retryable: true });
  });

  it('comes back with time, and is counted for each principal and each kind of work', async () => {
    let at = 1_000_000;
    const { ask } = await running({ quotas, clock: { now: () => at, id: () => randomUUID(), chance: () => 0 } });
    const status = async (path: string, init?: Parameters<typeof ask>[1]) => (await ask(path, init)).status;
    for (const expected of [200, 200, 200, 429]) expect(await status('/agents')).toBe(expected);
    expect(await status('/agents', { json: { name: 'a' } })).toBe(201);
    expect(await status('/agents', { json: { name: 'a' } })).toBe(429);
    expect(await status('/agents', { headers: { authorization: `Bearer ${readerKey}` } })).toBe(200);
    at += 10_000;
    expect(await status('/agents')).toBe(200);
    expect(await status('/agents')).toBe(429);
  });

  it('does not count who asks whether it lives, and counts who guesses keys', async () => {
    const { ask } = await running({ quotas, clock: { now: () => 0, id: () => 'id', chance: () => 0 } });
    for (let n = 0; n < 10; n += 1) expect((await ask('/health')).status).toBe(200);
    const guess = async () => (await ask('/agents', { headers: { authorization: 'Bearer guess' } })).status;
    const guesses = [await guess(), await guess(), await guess(), await guess()];
    expect(guesses).toEqual([401, 401, 401, 429]);
    expect((await ask('/agents')).status).toBe(200);
  });
});

describe('too much at once', () => {
  it('is refused early, by kind, while what was begun is finished', async () => {
    const { ask, world, server } = await running({ limits: { commandsInFlightMax: 2 } });
    const begun = [ask('/slow', { json: {} }), ask('/slow', { json: {} })];
    const overloaded = await vi.waitFor(async () => {
      const answer = await ask('/agents', { json: { name: 'Clerk' } });
      expect(answer.status).toBe(503);
      return answer;
    });
    expect(overloaded.headers.get('retry-after')).toBe('1');
    expect(await overloaded.json()).toMatchObject({ code: 'overloaded', retryable: true });
    expect((await ask('/agents')).status).toBe(200);
    world.latch.open();
    expect((await Promise.all(begun)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await ask('/agents', { json: { name: 'Clerk' } })).status).toBe(201);
    expect(server.address()).toBeDefined();
  });

  it('for one answer ends with request_timeout, and the work is told to stop', async () => {
    const { ask, world } = await running({ limits: { answerMsMax: 30 } });
    const answer = await ask('/slow', { json: {} });
    expect([answer.status, await answer.json()]).toMatchObject([408, { code: 'request_timeout', retryable: true }]);
    world.latch.open();
    expect(world.done).toEqual([]);
  });
});

describe('a stop', () => {
  it('lets what was begun finish, and refuses what comes', async () => {
    const { ask, world, server, port } = await running();
    const begun = ask('/slow', { json: {} });
    // A connection that was open before.
    const socket = net.connect(port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    let heard = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (heard += chunk));
    socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\nX-Part: ');
    await vi.waitFor(async () => expect((await ask('/health')).status).toBe(200));

    const stopped = server.close(30_000);
    socket.write('x\r\n\r\n');
    await vi.waitFor(() => expect(heard).toContain('shutting_down'));
    expect(heard).toMatch(/^HTTP\/1\.1 503 .*\r\n/);
    expect(heard.toLowerCase()).toContain('connection: close');
    await expect(ask('/health')).rejects.toThrow();

    world.latch.open();
    const answer = await begun;
    expect([answer.status, await answer.json()]).toEqual([200, { worked: true }]);
    await stopped;
    expect(server.address()).toBeUndefined();
  });

  it('ends what does not finish within the grace, and says so', async () => {
    const { ask, server, world } = await running();
    const begun = ask('/slow', { json: {} });
    await vi.waitFor(async () => expect((await ask('/health')).status).toBe(200));
    await server.close(50);
    const answer = await begun;
    expect([answer.status, await answer.json()]).toMatchObject([503, { code: 'shutting_down' }]);
    expect(world.done).toEqual([]);
  });

  it('is one stop, however often it is asked for', async () => {
    const { server } = await running();
    await Promise.all([server.close(10), server.close(10)]);
    await server.close(10);
  });
});

describe('a port', () => {
  it('that is taken is passed over for the next free one, where that will do', async () => {
    const first = await running();
    const again = unbound();
    await expect(again.listen('127.0.0.1', first.port)).rejects.toThrow(
      `port ${first.port} is taken on 127.0.0.1; set another PORT, or 0 for any`,
    );
    const moved = await again.listen('127.0.0.1', first.port, { next_free: true });
    expect(moved.port).toBeGreaterThan(first.port);
    expect(moved.moved).toBe(true);
    expect((await fetch(`${moved.url}/health`)).status).toBe(200);
  });
});
