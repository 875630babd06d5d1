import { request } from 'node:http';
import { beforeAll, describe, expect, it } from 'vitest';
import { ask, dataFolder, startHere, type Body } from '../support/acta.ts';
import { directiveEnd, logHead, policyWith, proposed, runOf, step, underPolicy } from '../support/gated.ts';
import { vault } from '../support/vault.ts';
import { eras, type AnyClient } from './clients.ts';

const bootstrap = 'bootstrap-key-of-the-mcp-tests';
const root: Readonly<Record<string, string>> = { authorization: `Bearer ${bootstrap}` };

let url = '';

/** A key with these scopes, as headers. */
const keyWith = async (...scopes: readonly string[]): Promise<Readonly<Record<string, string>>> => {
  const { body } = await ask(url, '/keys', { body: { name: 'mcp', scopes }, headers: root });
  return { authorization: `Bearer ${body.secret}` };
};

beforeAll(async () => {
  const cleanUps: (() => void | Promise<void>)[] = [];
  const later = (cleanUp: () => void | Promise<void>): void => void cleanUps.unshift(cleanUp);
  const folder = await dataFolder(later);
  const when = { capabilities: ['sys.info.get_env_var'] };
  const asking = { rule_id: 'ask', when, decision: 'require_approval' as const, reason: 'somebody has to agree' };
  const env = { ...underPolicy(folder, policyWith({ rules: [asking] })), AOS_API_KEY: bootstrap };
  const node = await startHere(folder, env, later, { capabilities: [vault(() => undefined)] });
  ({ url } = node);
  return async () => {
    for (const cleanUp of cleanUps) await cleanUp();
  };
}, 400_000);

/** What a refused call says, whichever way its era says it. */
const problemIn = ({ isError, content, structuredContent }: Body): Body => {
  expect(isError).toBe(true);
  return structuredContent ?? JSON.parse(content[0].text);
};

/** A run that has ended. */
const someRun = async (): Promise<string> => {
  const { body } = await proposed(url, [step('look', 'sys.info.get_time')], { headers: root });
  await directiveEnd(url, body.directive_id, root);
  return runOf(url, body.directive_id, root);
};

describe.each(eras)('a client of the revision %s', (_, connect) => {
  const connected = (path = '/mcp', headers = root): Promise<AnyClient> => connect(url + path, headers);

  it('sees the tools of each list', async () => {
    for (const [path, some] of [
      ['/mcp', ['chat', 'run_get', 'status']],
      ['/mcp/audit', ['event_get', 'events_read']],
      ['/mcp/ops', ['agent_pause', 'projections_list']],
    ] as const)
      expect((await (await connected(path)).tools()).map(({ name }) => name)).toEqual(
        expect.arrayContaining([...some]),
      );
  });

  it('sees only what its key permits', async () => {
    const client = await connected('/mcp', await keyWith('runs:read'));
    expect((await client.tools()).map(({ name }) => name)).toEqual(['run_get', 'runs_list']);
    const refused = problemIn(await client.call('chat', { message: 'hello' }));
    expect(refused).toMatchObject({ code: 'insufficient_scope', scope: 'sessions:write' });
  });

  it('talks, and goes on talking', async () => {
    const client = await connected();
    const first = (await client.call('chat', { message: 'hello' })).structuredContent;
    expect(first).toMatchObject({ status: 'completed', as_of_position: expect.stringMatching(/^\d+$/) });
    const { session_id } = first;
    const second = await client.call('chat', { message: 'help', session_id });
    expect(second.structuredContent.session_id).toBe(session_id);
    expect(second.content[0].text).toBe(second.structuredContent.response);
  });

  it('goes on in its own session where it names none, and in a new one when that has ended', async () => {
    const headers = await keyWith('sessions:write', 'sessions:read');
    const client = await connected('/mcp', headers);
    const chat = async (message: string, more: object = {}): Promise<string> =>
      (await client.call('chat', { message, ...more })).structuredContent.session_id;
    const end = (session_id: string) => ask(url, `/chat/${session_id}`, { method: 'DELETE', headers });
    const first = await chat('hello');
    expect(await chat('and again')).toBe(first);
    const other = (await ask(url, '/chat', { body: { message: 'hello' }, headers })).body.session_id;
    expect(other).not.toBe(first);
    expect((await end(first)).status).toBe(200);
    const key = { idempotency_key: `own-${_}` };
    const second = await chat('hello', key);
    expect([first, other]).not.toContain(second);
    expect(await chat('still there?')).toBe(second);
    await end(second);
    expect(await chat('hello', key)).toBe(second);
    expect([first, second]).not.toContain(await chat('a third time'));
  });

  it('asks for a decision, in a session of its own', async () => {
    const client = await connected();
    const { structuredContent } = await client.call('decide', { question: 'tea or coffee?', stakes: 'low' });
    expect(structuredContent).toMatchObject({ stakes: 'low', status: 'completed', frame: 'decision' });
    const again = await client.call('decide', { question: 'and then?' });
    expect(again.structuredContent).toMatchObject({ stakes: 'medium', session_id: structuredContent.session_id });
    const stream = `/streams/session-${structuredContent.session_id}/events`;
    const { body } = await ask(url, stream, { headers: root });
    expect(JSON.stringify(body)).toContain('Decision (stakes: low): tea or coffee?');
  });

  it('is told how things stand', async () => {
    const min_position = await logHead(url, root);
    const { structuredContent } = await (await connected()).call('status', { min_position });
    const { as_of_position, ...status } = structuredContent;
    expect(BigInt(as_of_position)).toBeGreaterThanOrEqual(BigInt(min_position));
    expect(status).toEqual((await ask(url, '/status', { headers: root })).body);
    expect(Object.keys(status.memory)).toEqual([
      'active_conversations',
      'active_censors',
      'total_decisions',
      'total_facts',
      'total_episodes',
      'total_procedures',
    ]);
  });

  it('does once what it asks for twice with one key', async () => {
    const client = await connected();
    const said = { message: 'hello', idempotency_key: `twice-${_}` };
    const first = await client.call('chat', said);
    expect((await client.call('chat', said)).structuredContent).toEqual(first.structuredContent);
  });

  it('reads what it wrote, by the position it was told', async () => {
    const client = await connected();
    const { structuredContent: run } = await client.call('directive_propose', {
      status: 'proposed',
      objective: 'a test',
      steps: [step('look', 'sys.info.get_time')],
    });
    await directiveEnd(url, run.directive_id, root);
    const runs = await client.call('runs_list', { min_position: run.as_of_position });
    expect(runs.isError).toBeFalsy();
    expect(BigInt(runs.structuredContent.as_of_position)).toBeGreaterThanOrEqual(BigInt(run.as_of_position));
  });

  it('is told whom what it proposed waits for: what would be done, its risk, and until when', async () => {
    const steps = [step('look', 'sys.info.get_env_var', { name: 'HOME' })];
    const client = await connected();
    const said = { status: 'proposed', objective: 'a test', steps };
    const { structuredContent: told } = await client.call('directive_propose', said);
    expect(told).toMatchObject({ waiting_for: 'approval', approval_id: expect.any(String) });
    const { headline, risk_level, expires_at } = told;
    const approval = async (): Promise<Body> =>
      (await client.call('approval_get', { approval_id: told.approval_id })).structuredContent;
    await expect.poll(approval, { timeout: 20_000 }).toMatchObject({ headline, risk_level, expires_at });
    expect(headline).toMatch(/\w/);
    const ran = await client.call('directive_propose', { ...said, steps: [step('look', 'sys.info.get_time')] });
    expect(ran.structuredContent).toMatchObject({ headline: null, risk_level: null, expires_at: null });
    await directiveEnd(url, ran.structuredContent.directive_id, root);
  });

  it('is told what is wrong with its arguments, and nothing is appended', async () => {
    const client = await connected();
    const audit = await connected('/mcp/audit');
    const before = await logHead(url, root);
    const wrong: readonly (readonly [AnyClient, string, object, object])[] = [
      [client, 'chat', {}, { code: 'validation_failed' }],
      [client, 'chat', { message: 'hello', stream: true }, { code: 'validation_failed' }],
      [client, 'chat', { message: 'hello', idempotency_key: 'two words' }, { code: 'validation_failed' }],
      [client, 'run_get', {}, { code: 'validation_failed' }],
      [client, 'chat', { message: 'hello', idempotency_key: ['a'] }, { code: 'validation_failed' }],
      [client, 'chat', { message: 'hello', idempotency_key: true }, { code: 'validation_failed' }],
      [client, 'run_get', { run_id: '..' }, { code: 'validation_failed' }],
      [client, 'run_get', { run_id: 'agent-0198d7a0-0000-7000-8000-000000000001' }, { code: 'wrong_id_kind' }],
      [client, 'run_get', { run_id: '0198d7a0-0000-7000-8000-000000000001' }, { code: 'not_found' }],
      [client, 'runs_list', { limit: 100_000 }, { code: 'validation_failed' }],
      [client, 'runs_list', { min_position: 'soon' }, { code: 'validation_failed' }],
      [client, 'directive_propose', { steps: 'all' }, { code: 'validation_failed' }],
      [client, 'approval_decide', { decision: 'approve' }, { code: 'validation_failed' }],
      [audit, 'state_at', { stream: '../keys' }, { code: 'not_found' }],
    ];
    for (const [asked, tool, args, expected] of wrong)
      expect(problemIn(await asked.call(tool, args)), `${tool} ${JSON.stringify(args)}`).toMatchObject(expected);
    await expect(client.call('no_such_tool')).rejects.toThrow('there is no tool no_such_tool here');
    expect(await logHead(url, root)).toBe(before);
  });

  it('gets what HTTP answers, and where it is to be read again', async () => {
    const run_id = await someRun();
    const client = await connected();
    const min_position = await logHead(url, root);
    const { structuredContent, content } = await client.call('run_get', { run_id, min_position });
    const { as_of_position, ...run } = structuredContent;
    expect(as_of_position).toMatch(/^\d+$/);
    expect(run).toEqual((await ask(url, `/runs/${run_id}`, { headers: root })).body);
    expect(content).toContainEqual(expect.objectContaining({ type: 'resource_link', uri: `acta://runs/${run_id}` }));
  });
});

const list = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };
const accept = 'application/json, text/event-stream';

describe.each(eras)('what a client of the revision %s can read', (_, connect) => {
  it('is what HTTP answers at the address, and as little', async () => {
    const run_id = await someRun();
    const client = await connect(`${url}/mcp`, root);
    // What is folded no further is the same to both.
    const settled = { ...root, 'acta-min-position': await logHead(url, root), prefer: 'wait=10' };
    await ask(url, `/runs/${run_id}`, { headers: settled });
    const [content] = (await client.read(`acta://runs/${run_id}`)).contents;
    expect(content).toMatchObject({ uri: `acta://runs/${run_id}`, mimeType: 'application/json' });
    expect(JSON.parse(content.text)).toEqual((await ask(url, `/runs/${run_id}`, { headers: root })).body);
    const events = await client.read(`acta://streams/run-${run_id}?limit=1`);
    expect(JSON.parse(events.contents[0].text).data).toHaveLength(1);
    expect(JSON.parse((await client.read('acta://approvals/open')).contents[0].text)).toHaveProperty('data');
    const schema = JSON.parse((await client.read('acta://schemas/FactLearned/1')).contents[0].text);
    expect(schema).toMatchObject({ type: 'FactLearned', schema: { type: 'object' } });
    expect((await client.read('acta://docs/use-over-mcp')).contents[0].text).toContain('# Use it over');
  });

  it('ends where its key ends, and where there is nothing', async () => {
    const client = await connect(`${url}/mcp`, await keyWith('agents:read'));
    const run = 'acta://runs/0198d7a0-0000-7000-8000-000000000001';
    await expect(client.read(run)).rejects.toThrow('insufficient_scope');
    const all = await connect(`${url}/mcp`, root);
    for (const uri of ['acta://runs/%', 'acta://runs/%ED%A0%80'])
      await expect(all.read(uri), uri).rejects.toMatchObject({ code: -32_602 });
    for (const uri of [run, 'acta://runs/..', 'acta://docs/../package', 'acta://nothing', 'file:///etc/passwd'])
      await expect(all.read(uri), uri).rejects.toThrow();
  });
});

/** The result of a plain request of the protocol. */
const resultOf = async (method: string, params: object = {}): Promise<Body> => {
  const asked = { body: { jsonrpc: '2.0', id: 1, method, params }, headers: { ...root, accept } };
  const { body } = await ask(url, '/mcp', asked);
  return typeof body === 'string' ? JSON.parse(body.slice(body.indexOf('data: ') + 6)).result : body.result;
};

it('a search says more over MCP than over HTTP where nobody says how much, and no more than fifty anywhere', async () => {
  const learn = (n: number) => ask(url, '/facts', { body: { content: `Zebra ${n} has ${n} stripes.` }, headers: root });
  for (let n = 1; n <= 6; n += 1) expect((await learn(n)).status).toBe(201);
  const client = await eras[0][1](`${url}/mcp`, root);
  const min_position = await logHead(url, root);
  const { items } = (await client.call('recall', { query: 'zebra', min_position })).structuredContent;
  expect(items).toHaveLength(6);
  const over = (body: object) => ask(url, '/recall', { body: { query: 'zebra', ...body }, headers: root });
  expect((await over({})).body.items).toHaveLength(5);
  expect((await over({ limit: 50 })).body.items).toHaveLength(6);
  expect((await over({ limit: 51 })).status).toBe(400);
});

it('an id that was begun is completed, whatever it is of', async () => {
  const body = (path: string, said: object) => ask(url, path, { body: said, headers: root });
  const decided = { description: 'Pack well.', confidence: 0.9, category: 'process', stakes: 'low' };
  const reasons = [{ type: 'analysis', text: 'they break' }];
  const context = { context: 'They break.', pattern: 'packing', tags: ['lamp'] };
  const things = {
    fact_id: (await body('/facts', { content: 'Lamps break.' })).body.fact_id,
    decision_id: (await body('/decisions', { ...decided, ...context, reasons })).body.decision_id,
    agent_id: (await body('/agents', { name: 'Somebody' })).body.agent_id,
    run_id: await someRun(),
  };
  for (const [name, id] of Object.entries(things)) {
    const uri = `acta://${name.replace('_id', 's')}/{${name}}`;
    const argument = { name, value: id.slice(0, 13) };
    const begun = async (): Promise<readonly string[]> =>
      (await resultOf('completion/complete', { ref: { type: 'ref/resource', uri }, argument })).completion.values;
    await expect.poll(begun, { timeout: 20_000 }).toContain(id);
  }
});

it('every prompt names what it takes, and links to what is to be read', async () => {
  const { prompts } = await resultOf('prompts/list');
  expect(prompts.map(({ name }: Body) => name)).toEqual([...new Set(prompts.map(({ name }: Body) => name))].toSorted());
  for (const { name, arguments: takes } of prompts) {
    const given = Object.fromEntries(takes.map(({ name: argument }: Body) => [argument, 'one-of-these']));
    const { messages } = await resultOf('prompts/get', { name, arguments: given });
    expect(messages[0].content.text, name).toMatch(/\w/);
    expect(messages.slice(1).map(({ content }: Body) => content.type)).toContain('resource_link');
  }
});

describe('every address of the protocol', () => {
  const paths = ['/mcp', '/mcp/audit', '/mcp/ops'];

  it.each(paths)('%s is closed to pages of other origins, and open without one', async (path) => {
    const asked = (origin: Readonly<Record<string, string>>) =>
      ask(url, path, { body: list, headers: { ...root, accept, ...origin } });
    expect((await asked({ origin: 'https://elsewhere.example' })).status).toBe(403);
    expect((await asked({ origin: 'null' })).status).toBe(403);
    expect((await asked({})).status).toBe(200);
    expect((await asked({ origin: url })).status).toBe(200);
  });

  it.each(paths)('%s asks for a key', async (path) => {
    const { status, headers } = await ask(url, path, { body: list, headers: { accept } });
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toContain('Bearer');
  });

  it.each(paths)('%s keeps no stream open for whoever only asks for one', async (path) => {
    expect((await ask(url, path, { headers: { ...root, accept: 'text/event-stream' } })).status).toBe(405);
  });

  it('takes no larger bodies than any other', async () => {
    const huge = { ...list, params: { filler: 'x'.repeat(1_100_000) } };
    expect((await ask(url, '/mcp', { body: huge, headers: { ...root, accept } })).status).toBe(413);
  });
});

it('is not there where it is turned off', async () => {
  const node = await startHere(await dataFolder(), { ACTA_MCP: 'off' });
  expect((await ask(node.url, '/mcp', { body: {} })).status).toBe(404);
}, 120_000);

it('without keys, answers to the names of this machine alone', async () => {
  const node = await startHere(await dataFolder());
  const { port } = new URL(node.url);
  const statusAs = (host: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const headers = { host, 'content-type': 'application/json', accept };
      const asked = request({ port, host: '127.0.0.1', method: 'POST', path: '/mcp/ops', headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      asked.on('error', reject).end(JSON.stringify(list));
    });
  expect(await statusAs(`localhost:${port}`)).toBe(200);
  expect(await statusAs('rebound.example')).toBe(403);
}, 120_000);
