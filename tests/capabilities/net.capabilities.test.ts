import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { guardedFetch, type GuardedFetch } from '../../src/adapters/capabilities/net/guarded.fetch.ts';
import { netCapabilities } from '../../src/adapters/capabilities/net/net.capabilities.ts';
import type { Invoked } from '../../src/ports.ts';
import { serverOf } from './net.server.ts';

let server: Awaited<ReturnType<typeof serverOf>>;
const guards: GuardedFetch[] = [];
beforeEach(async () => {
  server = await serverOf();
});
afterEach(async () => {
  server.close();
  for (const guard of guards.splice(0)) await guard.close();
});

const never = new AbortController().signal;
const open = (): GuardedFetch => {
  const guard = guardedFetch({ allow: [`127.0.0.1:${server.port}`] });
  guards.push(guard);
  return guard;
};

describe('the capabilities of net.http', () => {
  const call = (id: string, args: Record<string, unknown>, hosts: readonly string[] = []): Promise<Invoked> => {
    const found = netCapabilities({ http: open(), idempotent_hosts: hosts }).find(
      ({ spec }) => spec.capability_id === id,
    );
    const accepted = found!.accepts({ url: server.url, ...args });
    if (!accepted.ok) throw new Error(accepted.message);
    const told = { key: 'key-1', tenant: 't', principal: 'agent:a', signal: never };
    return found!.invoke({ ...told, args: accepted.args, emit: () => Promise.reject(new Error('nothing is kept')) });
  };

  it('say what may be repeated and what nobody undoes', () => {
    const specs = netCapabilities({ http: open(), idempotent_hosts: ['api.test'] }).map(({ spec }) => spec);
    expect(specs.map((s) => [s.capability_id, s.effect_class, s.risk.level])).toEqual([
      ['net.http.get', 'read', 'medium'],
      ['net.http.post', 'unkeyed', 'critical'],
      ['net.http.put', 'natural', 'critical'],
      ['net.http.post_idempotent', 'keyed', 'critical'],
    ]);
    expect(netCapabilities({ http: open() })).toHaveLength(3);
  });

  it('answer a thousand characters, and more when more are asked for', async () => {
    server.answers((_, response) => response.end('é'.repeat(5_000)));
    const short = await call('net.http.get', {});
    expect(short).toMatchObject({ ok: true, result: { status: 200, bytes: 10_000, truncated: true } });
    expect(short.ok && (short.result as { body: string }).body).toHaveLength(1_000);
    expect(await call('net.http.get', { max_chars: 6_000 })).toMatchObject({ result: { truncated: false } });
  });

  it('send what they were given, under the key of the call', async () => {
    expect(await call('net.http.post', { body: '{"a":1}' })).toMatchObject({ ok: true });
    await call('net.http.put', { body: 'x', content_type: 'text/plain', headers: { 'if-match': '"1"' } });
    expect(server.seen[0]).toMatchObject({
      method: 'POST',
      body: '{"a":1}',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'key-1' },
    });
    expect(server.seen[1]).toMatchObject({
      method: 'PUT',
      headers: { 'content-type': 'text/plain', 'if-match': '"1"' },
    });
  });

  it.each([
    [404, 'not_found', false, 'no'],
    [403, 'permission_denied', false, 'no'],
    [422, 'failed', false, 'no'],
    [429, 'rate_limited', true, 'no'],
    [500, 'third_party', false, 'unknown'],
    [503, 'third_party', false, 'unknown'],
  ])('say of a POST answered %s that it is %s', async (status, fault, retryable, happened) => {
    server.answers((_, response) => response.writeHead(status, { 'retry-after': '3' }).end('why'));
    const failed = { ok: false, fault, retryable, happened, retry_after_ms: 3_000 };
    expect(await call('net.http.post', { body: '' })).toMatchObject(failed);
  });

  it('try again what may be done twice', async () => {
    server.answers((_, response) => response.writeHead(500).end());
    expect(await call('net.http.get', {})).toMatchObject({ retryable: true, happened: 'no' });
    expect(await call('net.http.put', { body: '' })).toMatchObject({ retryable: true, happened: 'unknown' });
    const host = `127.0.0.1:${server.port}`;
    const keyed = await call('net.http.post_idempotent', { body: '' }, [host]);
    expect(keyed).toMatchObject({ retryable: true, happened: 'unknown' });
    server.answers((_, response) => response.destroy());
    expect(await call('net.http.post', { body: '' })).toMatchObject({ retryable: false, happened: 'unknown' });
  });

  it('keep to the hosts that promised to know a key', async () => {
    const refused = await call('net.http.post_idempotent', { body: '' }, ['other.test']);
    expect(refused).toMatchObject({ ok: false, fault: 'permission_denied', happened: 'no' });
    expect(server.seen).toEqual([]);
  });

  it.each([
    { headers: { host: 'a.test' } },
    { headers: { 'transfer-encoding': 'chunked' } },
    { headers: { 'content-length': '1' } },
    { headers: { 'X-Upper': 'x' } },
    { headers: { x: 'a\r\nb: c' } },
    { headers: { 'proxy-authorization': 'x' } },
    { url: 'file:///etc/passwd' },
    { max_chars: 1e9 },
    { method: 'DELETE' },
  ])('refuse %j', (args) => {
    const [first] = netCapabilities({ http: open() });
    expect(first!.accepts({ url: server.url, ...args })).toMatchObject({ ok: false });
  });
});
