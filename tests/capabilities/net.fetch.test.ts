import { once } from 'node:events';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  guardedFetch,
  type GuardedFetch,
  type GuardSettings,
} from '../../src/adapters/capabilities/net/guarded.fetch.ts';
import { bodyBytesMax } from '../../src/adapters/capabilities/net/limits.ts';
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
const guarded = (settings: GuardSettings = {}): GuardedFetch => {
  const guard = guardedFetch(settings);
  guards.push(guard);
  return guard;
};
const open = (): GuardedFetch => guarded({ allow: [`127.0.0.1:${server.port}`] });
const get = (guard: GuardedFetch, url: string, headers = {}) =>
  guard.fetch({ url, method: 'GET', headers, signal: never });

describe('the guarded fetch', () => {
  it.each([
    ...[
      '127.0.0.1',
      '127.1',
      '127.0.1',
      '2130706433',
      '0x7f000001',
      '0x7f.1',
      '0177.0.0.1',
      '017700000001',
      '127.0.0.1.',
    ],
    ...['①②⑦.0.0.1', '１２７.０.０.１', 'localhost', 'localhost.', 'LOCALHOST', '0', '0.0.0.0', '[::1]', '[::]'],
    ...['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[0:0:0:0:0:ffff:127.0.0.1]', '[::127.0.0.1]', '[64:ff9b::127.0.0.1]'],
    ...['[2002:7f00:1::]', '127.127.127.127', '%31%32%37.0.0.1', '0x7f.0x0.0x0.0x1'],
  ])('connects to nothing for %s', async (host) => {
    const fetched = await get(guarded({ connect_timeout_ms: 2_000 }), `http://${host}:${server.port}/`);
    expect(fetched).toMatchObject({ ok: false, sent: false });
    expect(fetched.ok || fetched.fault).toMatch(/denied|invalid/);
    expect(server.connections()).toBe(0);
  });

  it.each(['http://169.254.169.254/latest/', 'http://10.0.0.1/', 'http://100.64.0.1/', 'http://[fd00:ec2::254]/'])(
    'denies %s at once',
    async (url) => {
      expect(await get(guarded(), url)).toMatchObject({ ok: false, fault: 'denied', sent: false });
    },
  );

  it('denies a name when one of its addresses is private, and resolves it once', async () => {
    let asked = 0;
    const resolve = async () => {
      asked += 1;
      return asked === 1 ? ['93.184.216.34', '127.0.0.1'] : ['93.184.216.34'];
    };
    expect(await get(guarded({ resolve }), 'http://mixed.test/')).toMatchObject({ fault: 'denied' });
    expect(asked).toBe(1);
  });

  it('connects to the address it checked, whatever the name means a moment later', async () => {
    let asked = 0;
    const resolve = async () => {
      asked += 1;
      return asked === 1 ? ['127.0.0.1'] : ['127.0.0.2'];
    };
    const guard = guarded({ resolve, allow: ['127.0.0.1/32'] });
    const fetched = await get(guard, `http://rebind.test:${server.port}/`);
    expect(fetched).toMatchObject({ ok: true, status: 200 });
    expect(server.seen[0]?.headers.host).toBe(`rebind.test:${server.port}`);
    expect(asked).toBe(1);
  });

  it('takes no proxy from the environment', async () => {
    process.env.HTTP_PROXY = server.url;
    process.env.http_proxy = server.url;
    await get(guarded(), 'http://10.0.0.1/');
    delete process.env.HTTP_PROXY;
    delete process.env.http_proxy;
    expect(server.connections()).toBe(0);
  });

  it('checks every hop of a redirection like the first', async () => {
    const other = await serverOf();
    for (const location of [
      other.url,
      'file:///etc/passwd',
      'http://u:p@a.test/',
      'http://169.254.169.254/',
      'http://a.test:22/',
    ]) {
      server.answers((_, response) => response.writeHead(302, { location }).end());
      expect(
        await get(guarded({ allow: [`127.0.0.1:${server.port}`], resolve: async () => ['93.184.216.34'] }), server.url),
      ).toMatchObject({ ok: false });
    }
    expect(other.connections()).toBe(0);
    other.close();
  });

  it('gives up after five redirections', async () => {
    server.answers((_, response) => response.writeHead(302, { location: '/again' }).end());
    expect(await get(open(), server.url)).toMatchObject({ ok: false, fault: 'denied' });
    expect(server.seen).toHaveLength(6);
  });

  it('tells another origin no credentials, and the same one all', async () => {
    const other = await serverOf();
    server.answers(({ url }, response) =>
      response.writeHead(302, { location: url === '/own' ? '/there' : `${other.url}/there` }).end(),
    );
    const headers = { authorization: 'Bearer x', cookie: 'a=b', 'x-api-key': 'k', accept: 'text/plain' };
    const guard = guarded({ allow: ['127.0.0.0/8'] });
    await get(guard, `${server.url}/own`, headers);
    expect(server.seen[1]?.headers).toMatchObject({ authorization: 'Bearer x' });
    expect(other.seen[0]?.headers).toMatchObject({ accept: 'text/plain' });
    for (const name of ['authorization', 'cookie', 'x-api-key']) expect(other.seen[0]?.headers[name]).toBeUndefined();
    server.answers((_, response) => response.writeHead(307, { location: other.url }).end());
    expect(await guard.fetch({ url: server.url, method: 'POST', body: 'secret', signal: never })).toMatchObject({
      ok: false,
      fault: 'denied',
      sent: true,
    });
    expect(other.seen).toHaveLength(1);
    other.close();
  });

  it('asks with GET and without a body where a redirection says "see other"', async () => {
    server.answers(({ url }, response) =>
      url === '/' ? response.writeHead(303, { location: '/seen' }).end() : response.end('ok'),
    );
    await open().fetch({
      url: server.url,
      method: 'POST',
      body: 'x',
      headers: { 'content-type': 'a/b' },
      signal: never,
    });
    expect(server.seen[1]).toMatchObject({ method: 'GET', url: '/seen', body: '' });
    expect(server.seen[1]?.headers['content-type']).toBeUndefined();
  });

  it('unpacks, and holds no bomb', async () => {
    const packs = [
      ['gzip', gzipSync],
      ['br', brotliCompressSync],
    ] as const;
    for (const [encoding, pack] of packs) {
      server.answers((_, response) => response.writeHead(200, { 'content-encoding': encoding }).end(pack('hello')));
      const fetched = await get(open(), server.url);
      expect(fetched.ok && fetched.body.toString()).toBe('hello');
      const bomb = pack(Buffer.alloc(bodyBytesMax * 4));
      server.answers((_, response) => response.writeHead(200, { 'content-encoding': encoding }).end(bomb));
      expect(await get(open(), server.url)).toMatchObject({ ok: false, fault: 'too_large' });
    }
    server.answers((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip'));
    expect(await get(open(), server.url)).toMatchObject({ ok: false, fault: 'broke_off' });
  });

  it('ends an answer that never does, by size and by time', async () => {
    server.answers((_, response) => {
      const pour = (): void => void (response.destroyed || response.write(Buffer.alloc(65_536), pour));
      pour();
    });
    expect(await get(open(), server.url)).toMatchObject({ ok: false, fault: 'too_large' });
    server.answers((_, response) => void response.write('x'));
    const short = guarded({ allow: ['127.0.0.0/8'], timeout_ms: 100 });
    expect(await get(short, server.url)).toMatchObject({ ok: false, fault: 'timeout', sent: true });
  });

  it('takes only so many headers', async () => {
    server.answers((_, response) => response.writeHead(200, { 'x-long': 'x'.repeat(20_000) }).end());
    expect(await get(open(), server.url)).toMatchObject({ ok: false, fault: 'broke_off' });
  });

  it('knows what was never sent from what may have been', async () => {
    const gone = await serverOf();
    gone.close();
    expect(await get(guarded({ allow: ['127.0.0.0/8'] }), gone.url)).toMatchObject({
      fault: 'unreachable',
      sent: false,
    });
    const silent = createTcpServer((socket) => socket.once('data', () => socket.destroy())).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const cut = await get(guarded({ allow: ['127.0.0.0/8'] }), `http://127.0.0.1:${port}`);
    silent.close();
    expect(cut).toMatchObject({ ok: false, fault: 'broke_off', sent: true });
    const stop = new AbortController();
    server.answers(() => stop.abort());
    expect(await open().fetch({ url: server.url, method: 'GET', signal: stop.signal })).toMatchObject({
      fault: 'timeout',
    });
  });
});
