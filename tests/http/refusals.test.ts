import { describe, expect, it } from 'vitest';
import { strangersIn } from '../../src/adapters/http/intake/json.schema.ts';
import { bodyOf, operatorKey, raw, readerKey, running, type Running } from './running.server.ts';

const agentId = '0198f3a0-0000-7000-8000-000000000001';

const problemOf = async (answer: Response): Promise<Readonly<Record<string, unknown>>> => {
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  const document = (await answer.json()) as Record<string, unknown>;
  expect(document).toMatchObject({ status: answer.status, request_id: answer.headers.get('request-id') });
  expect(document['type']).toBe(`/problems/${String(document['code'])}`);
  return document;
};

const json = 'application/json';

interface Case {
  readonly what: string;
  readonly path: string;
  readonly init?: Parameters<Running['ask']>[1];
  readonly status: number;
  readonly code: string;
  readonly more?: object;
}

const post = (
  body: string | Uint8Array<ArrayBuffer>,
  type: string | undefined = json,
): Parameters<Running['ask']>[1] => ({
  method: 'POST',
  body,
  headers: type === undefined ? {} : { 'content-type': type },
});

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

const cases: readonly Case[] = [
  { what: 'an unknown route', path: '/nowhere', status: 404, code: 'not_found' },
  { what: 'a body for an unknown route', path: '/nowhere', init: post('{'), status: 404, code: 'not_found' },
  { what: 'a wrong method', path: '/agents', init: { method: 'DELETE' }, status: 405, code: 'method_not_allowed' },
  { what: 'malformed JSON', path: '/agents', init: post('{"name": '), status: 400, code: 'malformed_request' },
  { what: 'JSON 10,000 deep', path: '/agents', init: post(nested(10_000)), status: 400, code: 'malformed_request' },
  {
    what: 'an object 33 deep',
    path: '/agents',
    init: post(`${'{"a":'.repeat(33)}1${'}'.repeat(33)}`),
    status: 400,
    code: 'malformed_request',
  },
  {
    what: 'a body beyond a mebibyte',
    path: '/agents',
    init: post(JSON.stringify({ name: 'x'.repeat(1024 * 1024) })),
    status: 413,
    code: 'payload_too_large',
    more: { bytes_max: 1_048_576 },
  },
  ...['null', '[]', '"name"', '1'].map((body) => ({
    what: `the body ${body}`,
    path: '/agents',
    init: post(body),
    status: 400,
    code: 'validation_failed',
    more: { detail: '#: expected an object' },
  })),
  { what: 'text', path: '/agents', init: post('name', 'text/plain'), status: 415, code: 'unsupported_media_type' },
  ...['gzip', 'br', 'identity, deflate'].map((coding) => ({
    what: `a body in ${coding}`,
    path: '/agents',
    init: { method: 'POST', body: '{"name":"a"}', headers: { 'content-type': json, 'content-encoding': coding } },
    status: 415,
    code: 'unsupported_media_type',
  })),
  ...['utf-16', '"iso-8859-1"', 'utf-8; charset=utf-7', ''].map((charset) => ({
    what: `a body in the charset ${charset}`,
    path: '/agents',
    init: post('{"name":"a"}', `${json}; Charset=${charset}`),
    status: 415,
    code: 'unsupported_media_type',
  })),
  {
    what: 'bytes that are not UTF-8',
    path: '/agents',
    init: post(Buffer.from([0x22, 0xff, 0x22])),
    status: 400,
    code: 'malformed_request',
  },
  {
    what: 'U+0000 in text',
    path: '/agents',
    init: post('{"name":"a\\u0000"}'),
    status: 400,
    code: 'malformed_request',
  },
  {
    what: 'half a surrogate pair',
    path: '/agents',
    init: post('{"name":"\\ud800"}'),
    status: 400,
    code: 'malformed_request',
  },
  {
    what: '__proto__',
    path: '/agents',
    init: post('{"name":"a","__pr\\u006fto__":{}}'),
    status: 400,
    code: 'malformed_request',
  },
  { what: 'a list for a body', path: '/agents', init: post('[]'), status: 400, code: 'validation_failed' },
  {
    what: 'an unknown field',
    path: '/agents',
    init: post('{"name":"a","naem":"b"}'),
    status: 400,
    code: 'validation_failed',
    more: { errors: [{ pointer: '#/naem', code: 'unknown_field', message: 'there is no such field; perhaps name' }] },
  },
  {
    what: 'an unknown field deep inside',
    path: '/agents',
    init: post('{"name":"a","options":{"temprature":1}}'),
    status: 400,
    code: 'validation_failed',
    more: { errors: [expect.objectContaining({ pointer: '#/options/temprature' })] },
  },
  {
    what: 'a missing field',
    path: '/agents',
    init: post('{}'),
    status: 400,
    code: 'validation_failed',
    more: { errors: [{ pointer: '#/name', code: 'missing', message: 'it is required' }] },
  },
  {
    what: 'a field of the wrong form',
    path: '/agents',
    init: post('{"name":7}'),
    status: 400,
    code: 'validation_failed',
    more: { errors: [expect.objectContaining({ pointer: '#/name', code: 'invalid_type' })] },
  },
  { what: 'a text where a number belongs', path: '/agents?limit=many', status: 400, code: 'validation_failed' },
  { what: 'a number out of bounds', path: '/agents?limit=201', status: 400, code: 'validation_failed' },
  {
    what: 'an unknown query parameter',
    path: '/agents?limt=5',
    status: 422,
    code: 'unknown_parameter',
    more: { parameter: 'limt', nearest: 'limit', allowed: ['status', 'limit', 'newest_first', 'name'] },
  },
  {
    what: 'a query for a command',
    path: '/agents?name=a',
    init: post('{"name":"a"}'),
    status: 422,
    code: 'unknown_parameter',
  },
  { what: 'the id of another noun', path: `/agents/session-${agentId}`, status: 422, code: 'wrong_id_kind' },
  { what: 'what is no id at all', path: '/agents/nobody', status: 400, code: 'validation_failed' },
  { what: 'an unknown id', path: `/agents/${agentId}`, status: 404, code: 'not_found' },
  { what: 'a broken percent code', path: '/agents/%zz', status: 400, code: 'malformed_request' },
  { what: 'U+0000 in the address', path: '/agents?name=%00', status: 400, code: 'malformed_request' },
  {
    what: 'a guarded command without If-Match',
    path: `/agents/${agentId}/pause`,
    init: post('{}'),
    status: 428,
    code: 'if_match_required',
  },
  {
    what: 'an unreadable If-Match',
    path: `/agents/${agentId}/pause`,
    init: { method: 'POST', headers: { 'if-match': 'newest' } },
    status: 400,
    code: 'malformed_request',
  },
  {
    what: 'a keyed command without a key',
    path: '/keys',
    init: post('{"name":"a"}'),
    status: 400,
    code: 'idempotency_key_required',
  },
  {
    what: 'an endless key',
    path: '/keys',
    init: {
      method: 'POST',
      body: '{"name":"a"}',
      headers: { 'content-type': json, 'idempotency-key': 'x'.repeat(300) },
    },
    status: 400,
    code: 'malformed_request',
  },
  {
    what: 'a position that is none',
    path: '/agents',
    init: { headers: { 'acta-min-position': 'soon' } },
    status: 400,
    code: 'malformed_request',
  },
  { what: 'no key', path: '/agents', init: { headers: { authorization: '' } }, status: 401, code: 'unauthenticated' },
  {
    what: 'a wrong key',
    path: '/agents',
    init: { headers: { authorization: 'Bearer wrong' } },
    status: 401,
    code: 'unauthenticated',
  },
  {
    what: 'another scheme',
    path: '/agents',
    init: { headers: { authorization: 'Basic eDp5' } },
    status: 401,
    code: 'unauthenticated',
  },
  {
    what: 'two keys that differ',
    path: '/agents',
    init: { headers: { 'x-aos-key': readerKey } },
    status: 401,
    code: 'unauthenticated',
  },
  {
    what: 'a key that does not cover it',
    path: '/agents',
    init: {
      method: 'POST',
      body: '{"name":"a"}',
      headers: { 'content-type': json, authorization: `Bearer ${readerKey}` },
    },
    status: 403,
    code: 'insufficient_scope',
    more: { scope: 'agents:write' },
  },
  {
    what: 'another origin',
    path: '/agents',
    init: { headers: { origin: 'https://evil.example' } },
    status: 403,
    code: 'origin_not_allowed',
  },
  { what: 'a fault of ours', path: '/fail', status: 500, code: 'internal' },
  { what: 'an unknown problem', path: '/problems/nothing', status: 404, code: 'not_found' },
];

describe('a bad request', () => {
  it.each(cases)('with $what is refused with $status $code', async ({ path, init, status, code, more = {} }) => {
    const { ask, world } = await running();
    const answer = await ask(path, init);
    const document = await problemOf(answer);
    expect(document).toMatchObject({ status, code, ...more });
    expect(document['instance']).toBe(path.split('?')[0]);
    expect(world.done).toEqual([]);
  });

  it('leaves the server as it was', async () => {
    const { ask } = await running();
    for (const { path, init } of cases) await ask(path, init);
    const answer = await ask('/agents', { json: { name: 'Clerk' } });
    expect(answer.status).toBe(201);
  });

  it('hears of the first unknown fields only, and no more are looked for', async () => {
    const { ask } = await running();
    const json = Object.fromEntries(Array.from({ length: 40_000 }, (_, n) => [`nam${n}`, 1]));
    const { errors } = await problemOf(await ask('/agents', { json: { ...json, options: json } }));
    expect(errors).toHaveLength(20);
    const strangers = strangersIn(
      { list: Array.from({ length: 1_000 }, () => json) },
      {
        properties: { list: { items: { properties: { name: {} }, additionalProperties: false } } },
      },
    );
    expect(strangers).toHaveLength(20);
  });

  it.each(['utf-8', 'UTF8', '"utf-8"'])('is not one that says what it is: identity, in %s', async (charset) => {
    const { ask } = await running();
    const headers = { 'content-type': `${json};charset=${charset}`, 'content-encoding': 'identity' };
    expect((await ask('/agents', { method: 'POST', body: '{"name":"a"}', headers })).status).toBe(201);
  });

  it('learns which methods an address has', async () => {
    const { ask } = await running();
    const answer = await ask('/agents', { method: 'PATCH' });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS, POST']);
    const options = await ask('/agents', { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS, POST']);
  });

  it('is told how to prove itself, alike for a missing and a wrong key', async () => {
    const { ask } = await running();
    const missing = await ask('/agents', { headers: { authorization: '' } });
    const wrong = await ask('/agents', { headers: { authorization: 'Bearer wrong' } });
    expect(missing.headers.get('www-authenticate')).toBe('Bearer realm="acta"');
    const without = (document: Readonly<Record<string, unknown>>) => ({ ...document, request_id: '' });
    expect(without(await problemOf(wrong))).toEqual(without(await problemOf(missing)));
  });

  it('that is not HTTP is answered as a problem and ends the connection', async () => {
    const { port } = await running();
    const said = await raw(port, 'NONSENSE\r\n\r\n');
    expect(said).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(bodyOf(said)).toMatchObject({ code: 'malformed_request', status: 400 });
    expect(bodyOf(said)['request_id']).toBe(/^Request-Id: (.*)\r$/m.exec(said)?.[1]);
  });

  it.each([
    ['headers beyond 16 KiB', `GET /agents HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`, 431],
    [
      'a Content-Length that is no number',
      'POST /agents HTTP/1.1\r\nHost: localhost\r\nContent-Length: ten\r\n\r\n',
      400,
    ],
    ['no Host', 'GET /health HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['an expectation', 'GET /health HTTP/1.1\r\nHost: localhost\r\nExpect: magic\r\n\r\n', 417],
    ['an unknown method', 'PROPFIND /agents HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 404],
  ])('with %s is answered as a problem', async (_, bytes, status) => {
    const { port } = await running();
    const said = await raw(port, bytes);
    expect(said.split(' ')[1]).toBe(String(status));
    expect(said).toContain('application/problem+json');
    expect(bodyOf(said)).toMatchObject({ status });
  });

  it('that comes too slowly is answered as a problem and ends the connection', async () => {
    const { port, ask } = await running({ limits: { headerMsMax: 100, receiveMsMax: 200 } });
    const [headers, body] = await Promise.all([
      raw(port, 'GET /health HTTP/1.1\r\nHost: loc'),
      raw(
        port,
        'POST /agents HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{',
      ),
    ]);
    expect(bodyOf(headers)).toMatchObject({ code: 'request_timeout', status: 408 });
    expect(body.startsWith('HTTP/1.1 4')).toBe(true);
    expect((await ask('/health')).status).toBe(200);
  });

  it('from an address with too many connections is not even read', async () => {
    const { port, ask } = await running({ limits: { connectionsPerAddressMax: 1 } });
    expect((await ask('/health')).status).toBe(200);
    // The first connection is kept alive by the client.
    await expect(raw(port, 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n').catch(() => '')).resolves.toBe('');
  });

  it('never hears a secret again, and neither does the log', async () => {
    const { ask, heard } = await running();
    const said: string[] = [];
    for (const { path, init } of cases) said.push(await (await ask(path, init)).text());
    said.push(await (await ask('/agents', { headers: { 'x-aos-key': 'key-wrong-canary-1111' } })).text());
    said.push(await (await ask(`/agents?api_key=${operatorKey}`)).text());
    said.push(await (await ask('/agents', post(`{"name": "key-body-canary-2222`))).text());
    const everything = said.join('\n');
    expect(everything).not.toMatch(/canary/);
    const logged = heard.lines.filter(({ event }) => event !== 'http_internal_error');
    expect(JSON.stringify(logged)).not.toMatch(/canary/);
    // The stack is for the operator, under the id that the caller was told.
    expect(heard.lines.some(({ event }) => event === 'http_internal_error')).toBe(true);
  });
});
