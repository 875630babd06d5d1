import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { intake } from '../../src/adapters/http/intake/input.ts';
import { nearest } from '../../src/adapters/http/intake/nearest.ts';
import { operation } from '../../src/domain/kernel/operation.ts';
import { isDeeper } from '../../src/domain/kernel/json.depth.ts';
import { operator, operatorKey, running } from './running.server.ts';

describe('an answer', () => {
  it('says where it stands, what it is, and which request it belongs to', async () => {
    const { ask } = await running();
    const made = await ask('/agents', { json: { name: 'Clerk' }, headers: { 'x-request-id': 'mine-1' } });
    expect(made.status).toBe(201);
    const { agent_id } = (await made.json()) as { agent_id: string };
    expect(Object.fromEntries(made.headers)).toMatchObject({
      'acta-position': '101',
      'cache-control': 'private, no-cache',
      'content-type': 'application/json; charset=utf-8',
      etag: '"0"',
      location: `/agents/${agent_id}`,
      'request-id': 'mine-1',
      'x-content-type-options': 'nosniff',
      'x-request-id': 'mine-1',
    });
    const read = await ask(`/agents/agent-${agent_id}`);
    expect(read.headers.get('acta-projection')).toBe('agents@v1');
    expect(await read.json()).toEqual({ agent_id, name: 'Clerk', status: 'active' });
  });

  it.each([['x'.repeat(65)], ['with space'], ['']])('has an id of its own where the given one is %j', async (id) => {
    const { ask } = await running();
    const answer = await ask('/health', { headers: { 'request-id': id } });
    expect(answer.headers.get('request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('to a HEAD request has the headers of a GET and no body', async () => {
    const { ask } = await running();
    const answer = await ask('/agents', { method: 'HEAD' });
    expect([answer.status, await answer.text()]).toEqual([200, '']);
    expect(answer.headers.get('content-length')).not.toBe('0');
  });

  it('is not sent again to whoever has it already', async () => {
    const { ask } = await running();
    const made = await ask('/agents', { json: { name: 'Clerk' } });
    const path = made.headers.get('location')!;
    const unchanged = await ask(path, { headers: { 'if-none-match': 'W/"7", "0"' } });
    expect([unchanged.status, unchanged.headers.get('etag'), await unchanged.text()]).toEqual([304, '"0"', '']);
    const changed = await ask(path, { headers: { 'if-none-match': '"7"' } });
    expect(changed.status).toBe(200);
  });

  it('may be text rather than JSON', async () => {
    const { ask } = await running();
    const answer = await ask('/metrics');
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await answer.text()).toBe('acta_up 1\n');
  });

  it('writes positions as strings, however deep they stand', async () => {
    const { ask } = await running();
    expect(await (await ask('/positions')).json()).toEqual({
      position: '100',
      list: ['1', { deep: '1152921504606846976' }],
    });
  });

  it('is the same at an alias', async () => {
    const { ask, world } = await running();
    const { headers } = await ask('/agents', { json: { name: 'Clerk' } });
    const path = `${headers.get('location')!}/paused`;
    const answer = await ask(path, { method: 'PUT', headers: { 'if-match': '"0"' } });
    expect([answer.status, answer.headers.get('etag')]).toEqual([200, '"1"']);
    expect(world.done).toHaveLength(2);
  });
});

describe('a query string', () => {
  it('is read in the form that its fields want', async () => {
    const { ask } = await running();
    const asked = async (query: string): Promise<unknown> =>
      ((await (await ask(`/agents?${query}`)).json()) as { asked: unknown }).asked;
    expect(await asked('status=active,paused&limit=7&newest_first&name=7')).toEqual({
      status: ['active', 'paused'],
      limit: 7,
      newest_first: true,
      name: '7',
    });
    expect(await asked('status=active&status=paused&newest_first=false')).toMatchObject({
      status: ['active', 'paused'],
      newest_first: false,
      limit: 50,
    });
  });
});

describe('a path', () => {
  it('is read in the form that its fields want, and a body may say the same', () => {
    const seat = operation<unknown>()({
      name: 'seat',
      kind: 'command',
      summary: 'Take a seat',
      scope: null,
      input: z.strictObject({ hall: z.string(), row: z.int(), taken: z.boolean().default(true) }),
      output: z.object({}),
      http: { method: 'PUT', path: '/halls/{hall}/rows/{row}', tag: 'seats' },
      examples: [],
      run: () => Promise.resolve({ output: {} }),
    });
    const take = intake(seat, 'PUT', seat.http.path);
    const at = (row: string, body: unknown) => take({ params: { hall: '12', row }, query: {}, body });
    expect(at('7', undefined)).toEqual({ ok: true, input: { hall: '12', row: 7, taken: true } });
    expect(at('7', { row: 7, taken: false })).toEqual({ ok: true, input: { hall: '12', row: 7, taken: false } });
    expect(at('7', { row: 8 })).toMatchObject({ ok: false, problem: { detail: '#/row: the path says otherwise' } });
    expect(at('seven', {})).toMatchObject({ ok: false, problem: { code: 'validation_failed' } });
  });
});

describe('a name that is not known', () => {
  it.each([
    ['stauts', ['status', 'limit'], 'status'],
    ['digest', ['decision', 'reason', 'action_digest'], 'action_digest'],
    ['risk', ['limit', 'risk_level'], 'risk_level'],
    ['digest', ['action_digest', 'spec_digest'], undefined],
    ['foo', ['limit', 'cursor', 'status'], undefined],
  ])('%s of %j is taken for %s', (name, known, meant) => {
    expect(nearest(name, known)).toBe(meant);
  });
});

describe('an ETag', () => {
  it('lets one of two writers through', async () => {
    const { ask, world } = await running();
    const { headers } = await ask('/agents', { json: { name: 'Clerk' } });
    const pause = () =>
      ask(`${headers.get('location')!}/pause`, { json: {}, headers: { 'if-match': headers.get('etag')! } });
    const answers = await Promise.all([pause(), pause()]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 412]);
    const stale = answers.find(({ status }) => status === 412)!;
    expect(await stale.json()).toMatchObject({ code: 'revision_conflict', current_revision: 1 });
    expect(world.done.filter((done) => done.startsWith('pause'))).toHaveLength(1);
  });
});

describe('a position', () => {
  const behind = { reached: false, position: 90n, state: 'live' } as const;

  it('is waited for, as long as the caller prefers and no longer than ten seconds', async () => {
    const waits: unknown[] = [];
    const { ask } = await running({
      waitFor: (required, { projection, wait_ms }) => {
        waits.push([required, projection, wait_ms]);
        return Promise.resolve({ reached: true, position: required });
      },
    });
    const asking = (prefer: string | undefined) =>
      ask('/agents', { headers: { 'acta-min-position': '101', ...(prefer === undefined ? {} : { prefer }) } });
    for (const prefer of [undefined, 'wait=0.5', 'respond-async, wait=60', 'wait=never'])
      expect((await asking(prefer)).status).toBe(200);
    expect(waits).toEqual([
      [101n, 'agents', 2_000],
      [101n, 'agents', 500],
      [101n, 'agents', 10_000],
      [101n, 'agents', 2_000],
    ]);
  });

  it('that is not reached is a refusal, which says how far it is', async () => {
    const { ask } = await running({ waitFor: () => Promise.resolve(behind) });
    const answer = await ask('/agents', { headers: { 'acta-min-position': '101', prefer: 'wait=0' } });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await answer.json()).toMatchObject({
      code: 'projection_behind',
      position: '90',
      required: '101',
      projection: 'agents',
      state: 'live',
      retryable: true,
    });
  });

  it('that is not reached is no matter to whoever is lenient, who is told', async () => {
    const { ask } = await running({ waitFor: () => Promise.resolve(behind) });
    const answer = await ask('/agents', { headers: { 'acta-min-position': '101', prefer: 'handling=lenient' } });
    expect([answer.status, answer.headers.get('acta-stale')]).toEqual([200, 'true']);
  });
});

describe('a credential', () => {
  it('is taken from either header, or from both when they agree', async () => {
    const { ask } = await running();
    const by = async (headers: Record<string, string>) => (await ask('/agents', { headers })).status;
    expect(await by({ authorization: '', 'x-aos-key': operatorKey })).toBe(401);
    expect(await by({ authorization: `bearer ${operatorKey}` })).toBe(200);
    expect(await by({ 'x-aos-key': operatorKey })).toBe(200);
  });

  it('is asked for by every address except those that anyone may read', async () => {
    const { url, server } = await running();
    const { paths } = server.document as { paths: Record<string, Record<string, { security: unknown[] }>> };
    const open: string[] = [];
    for (const [path, methods] of Object.entries(paths))
      for (const [method, { security }] of Object.entries(methods)) {
        const answer = await fetch(`${url}${path.replaceAll(/\{\w+\}/g, 'x')}`, { method: method.toUpperCase() });
        if (answer.status !== 401) open.push(`${method} ${path}`);
        expect(security.length === 0).toBe(answer.status !== 401);
      }
    expect(open).toEqual(['get /health', 'get /problems', 'get /problems/{code}']);
  });
});

describe('a server without keys', () => {
  const keyless = {
    keyless: true,
    authenticate: (key: string | undefined) => ({ actor: `user:${key ?? 'local'}`, tenant: 'default', scopes: ['*'] }),
  };

  it.each(['localhost', 'LOCALHOST:8000', '127.0.0.1:1', '127.1.2.3', '[::1]:8000', 'acta.localhost'])(
    'answers to %s',
    async (host) => {
      const { port } = await running(keyless);
      expect(await statusWith(port, { host })).toBe(200);
    },
  );

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    'localhost:8000@evil.example',
  ])('does not answer to %s', async (host) => {
    const { port } = await running(keyless);
    expect(await statusWith(port, { host })).toBe(403);
  });

  it('does not answer pages of other origins', async () => {
    const { port } = await running(keyless);
    const host = 'localhost:8000';
    expect(await statusWith(port, { host, origin: 'http://localhost:8000' })).toBe(200);
    expect(await statusWith(port, { host, origin: 'http://localhost:9000' })).toBe(403);
    expect(await statusWith(port, { host, origin: 'null' })).toBe(403);
  });
});

describe('an origin that is named', () => {
  const origin = 'https://console.example';

  it('may ask, after a preflight', async () => {
    const { ask } = await running({ cors_origins: [origin] });
    const preflight = await ask('/agents', {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', authorization: '' },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, origin]);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('Idempotency-Key');
    expect(preflight.headers.get('vary')).toBe('Origin');
    const answer = await ask('/agents', { headers: { origin } });
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    expect(answer.headers.get('access-control-expose-headers')).toContain('Acta-Position');
  });

  it('is the only one, also for a preflight', async () => {
    const { ask } = await running({ cors_origins: [origin] });
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    const preflight = await ask('/agents', { method: 'OPTIONS', headers });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([403, null]);
  });

  it.each([origin, 'null'])('may be any by *, as %s, without credentials', async (any) => {
    const { ask } = await running({ cors_origins: ['*'] });
    const headers = { origin: any, 'access-control-request-method': 'POST', authorization: '' };
    const preflight = await ask('/agents', { method: 'OPTIONS', headers });
    const answer = await ask('/agents', { headers: { origin: any } });
    expect([preflight.status, answer.status]).toEqual([204, 200]);
    for (const { headers: said } of [preflight, answer]) {
      expect(said.get('access-control-allow-origin')).toBe('*');
      expect(said.get('access-control-allow-credentials')).toBe(null);
    }
  });

  it('opens a server without keys to no other name by *', async () => {
    const { port } = await running({ cors_origins: ['*'], keyless: true, authenticate: () => operator });
    expect(await statusWith(port, { host: 'localhost', origin })).toBe(200);
    expect(await statusWith(port, { host: 'evil.example', origin: 'http://evil.example' })).toBe(403);
  });
});

describe('JSON', () => {
  it('is measured for its depth without being built', () => {
    expect(isDeeper('[[[]]]', 3)).toBe(false);
    expect(isDeeper('[[[[', 3)).toBe(true);
    expect(isDeeper('{"a":"[[[[[[","b":"\\"[[[[\\\\"}', 1)).toBe(false);
    expect(isDeeper('["\\\\", [[', 2)).toBe(true);
    expect(isDeeper(`"${'\\'.repeat(1_000_000)}`, 1)).toBe(false);
  });
});

const statusWith = async (port: number, headers: Record<string, string>): Promise<number> => {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path: '/agents', headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
};
