import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { verbOf } from '../../src/adapters/cli/operations/verb.ts';
import { operations } from '../../src/wiring/operations.ts';
import { json, play, played, problem, standIn, type Answer } from './stage.ts';

const id = '0198d7a0-0000-7000-8000-000000000001';
const agent = (n: number): object => ({
  agent_id: id.slice(0, -1) + String(n),
  status: 'active',
  name: `agent ${n}`,
  description: '',
  identity_prompt: 'You answer\nin two sentences.',
  model: null,
  revision: n,
});

let server: Awaited<ReturnType<typeof standIn>>;
let answer: Answer;
beforeAll(async () => {
  server = await standIn((asked, response) => answer(asked, response));
});
afterEach(() => {
  server.asked.length = 0;
});
afterAll(() => server.close());

const run = (line: string, setting: Parameters<typeof played>[1] = {}): ReturnType<typeof played> =>
  played(wordsOf(line), { ...setting, env: { ACTA_URL: server.url, ...setting.env } });

/** A command line split as a shell would: words, and words in single quotes. */
const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(/(?:'(?<quoted>(?:[^']|'\\'')*)'|(?<plain>\S+))/g)].map(
    ({ groups }) => groups?.['plain'] ?? groups?.['quoted']?.replaceAll(`'\\''`, "'") ?? '',
  );

const examples = operations.flatMap((operation) => {
  const verb = verbOf(operation);
  // `acta status` is written by hand.
  return verb === undefined || verb.noun === 'status'
    ? []
    : operation.examples.map(({ title, input }, index) => ({
        operation,
        title,
        input: input as object,
        line: verb.examples[index]?.line ?? '',
      }));
});

/** What stands in an address, in the form that the example has it in. */
const inQuery = (query: Readonly<Record<string, string>>, like: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(
    Object.entries(query).map(([name, text]) => {
      if (Array.isArray(like[name])) return [name, text.split(',')];
      return [name, typeof like[name] === 'string' ? text : (JSON.parse(text) as unknown)];
    }),
  );

describe('a command of an operation', () => {
  it.each(examples)('asks with its example "$line" for what the example says', async ({ operation, input, line }) => {
    answer = (_, response) => json(response, { data: [] });
    const words = wordsOf(line).slice(1);
    const { exit, err } = await played([...words, '--yes'], { env: { ACTA_URL: server.url } });
    expect({ exit, err: err.replace('nothing found\n', '').replace(/keep the secret.*\n/, '') }).toEqual({
      exit: 0,
      err: '',
    });
    const [asked] = server.asked;
    const { method, path: template } = operation.http;
    expect(asked?.method).toBe(method);
    const members: Record<string, unknown> = { ...input };
    const place = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const value = String(members[name]);
      delete members[name];
      return value;
    });
    expect(asked?.path).toBe(place);
    const sent =
      method === 'GET' || method === 'DELETE' ? inQuery(asked?.query ?? {}, members) : (asked?.body as object);
    const inPath = Object.fromEntries(Object.entries(input).filter(([name]) => !(name in members)));
    // What the line leaves out is what the server assumes anyway.
    expect(operation.input.parse({ ...sent, ...inPath })).toEqual(operation.input.parse(input));
  });

  it.each(examples)('shows in the help of "$line" how it is used, before anything else', async ({ line }) => {
    const [, noun = '', verb = ''] = wordsOf(line);
    const { exit, out } = await played([noun, verb, '--help']);
    expect(exit).toBe(0);
    expect(out.indexOf(line)).toBeGreaterThan(0);
    expect(out.indexOf(line)).toBeLessThan(out.indexOf('Usage:'));
  });

  it('takes fields by either spelling, lists by commas or repetition, and numbers as numbers', async () => {
    answer = (_, response) => json(response, agent(1), 201);
    await run(`agents create Support --identity_prompt 'a b' --max-tokens 10 --context_tokens=20`);
    expect(server.asked[0]?.body).toEqual({
      name: 'Support',
      identity_prompt: 'a b',
      max_tokens: 10,
      context_tokens: 20,
    });
    await run('keys create --name ci --scopes agents:read,keys:admin --scopes events:read');
    expect(server.asked[1]?.body).toEqual({ name: 'ci', scopes: ['agents:read', 'keys:admin', 'events:read'] });
    await run(`runs resolve ${id} mail --answer done --reason seen --result '{"sent":true,"copies":2}'`);
    expect(server.asked[2]?.body).toMatchObject({ answer: 'done', result: { sent: true, copies: 2 } });
  });

  it('takes the whole input from a file, and flags over it', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'acta-cli-'));
    await writeFile(path.join(folder, 'agent.json'), JSON.stringify({ name: 'File', model: null, max_tokens: 5 }));
    answer = (_, response) => json(response, agent(1), 201);
    expect((await run('agents create --body agent.json --max-tokens 6', { folder })).exit).toBe(0);
    expect(server.asked[0]?.body).toEqual({ name: 'File', model: null, max_tokens: 6 });
    expect((await run('agents create --body none.json', { folder })).exit).toBe(2);
    await rm(folder, { recursive: true });
  });

  it('names every request, so that one sent twice is done once', async () => {
    answer = (_, response) => json(response, agent(1));
    await run(`agents pause ${id} --idempotency-key mine --if-match 31`);
    expect(server.asked[0]?.headers).toMatchObject({ 'idempotency-key': 'mine', 'if-match': '"31"' });
    await run(`agents pause ${id}`);
    expect(server.asked[1]?.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
    await run(`agents show ${id} --min-position 77`);
    expect(server.asked[2]?.headers).toMatchObject({ 'acta-min-position': '77' });
    expect(server.asked[2]?.headers).not.toHaveProperty('idempotency-key');
  });

  it.each([
    ['agents create', '--name must be given'],
    ['agents create x --max-tokens many', '--max-tokens is a number, not "many"'],
    ['keys create ci --scopes cook', '--scopes is one of'],
    ['agents show', "missing required argument 'agent_id'"],
    ['agents list --colour red', "unknown option '--colour'"],
    ['agents shwo x', 'Did you mean show?'],
    ['agnts list', 'Did you mean agents?'],
    ['agents', 'Usage: acta agents'],
    ['agents list --timeout soon', '--timeout is a whole number above 0'],
    ['agents list --url nowhere', 'is not the address of a server'],
  ])('is refused without asking for "%s"', async (line, complaint) => {
    const { exit, out, err } = await run(line);
    expect(err).toContain(complaint);
    expect({ exit, out }).toEqual({ exit: 2, out: '' });
    expect(server.asked).toEqual([]);
  });
});

describe('what cannot be taken back', () => {
  it('needs --yes where nobody sits', async () => {
    expect(await run(`agents stop ${id}`)).toMatchObject({ exit: 2, err: expect.stringContaining('--yes') });
    expect(server.asked).toEqual([]);
  });
  it('is named by the command alone, where what it makes has no name yet', async () => {
    const { exit, err } = await run('directives create note --steps [] --status proposed');
    expect({ exit, err }).toEqual({
      exit: 2,
      err: 'error: acta directives create cannot be taken back; confirm it with --yes\n',
    });
  });
  it.each([
    ['the name', id, 0, 1],
    ['anything else', 'y', 1, 0],
  ])('is done or not when a person types %s', async (_, typed, exit, requests) => {
    answer = (__, response) => json(response, agent(1));
    const act = play(['agents', 'stop', id], { screen: true, env: { ACTA_URL: server.url } });
    act.stdin.write(`${typed}\r`);
    expect(await act.exit).toBe(exit);
    expect(server.asked).toHaveLength(requests);
  });
});

describe('a result', () => {
  const page = { data: [agent(1), agent(2)], page: { next: null, limit: 50 } };

  it('is a table on a screen, with as many columns as fit', async () => {
    answer = (_, response) => json(response, page);
    const { out, err } = await run('agents list --no-color', { screen: true });
    const [head = '', first = ''] = out.split('\n');
    expect(head).toMatch(/^agent_id +status +name +description/);
    expect(first).toContain('agent 1');
    expect(out.split('\n').every((line) => line.length <= 80)).toBe(true);
    expect(err).toContain('not shown:');
  });
  it('has colours on a screen only, and not there for those who want none', async () => {
    answer = (_, response) => json(response, page);
    const bold = '\u001b[1m';
    expect((await run('agents list', { screen: true })).out).toContain(bold);
    expect((await run('agents list')).out).not.toContain(bold);
    expect((await run('agents list --no-color', { screen: true })).out).not.toContain(bold);
    expect((await run('agents list', { screen: true, env: { NO_COLOR: '1' } })).out).not.toContain(bold);
    expect((await run('agents list', { screen: true, env: { TERM: 'dumb' } })).out).not.toContain(bold);
  });
  it('is one document with --json, one a line with --ndjson, and tab-separated with --plain', async () => {
    answer = (_, response) => json(response, page);
    expect(JSON.parse((await run('agents list --json')).out)).toEqual(page);
    const lines = (await run('agents list --ndjson')).out.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(page.data);
    const [row = ''] = (await run('agents list --plain')).out.split('\n');
    expect(row.split('\t').slice(0, 5)).toEqual([id, 'active', 'agent 1', '', 'You answer in two sentences.']);
  });
  it('shows an object with its names, and text of several lines below its own', async () => {
    answer = (_, response) => json(response, agent(3));
    const { out } = await run(`agents show ${id}`);
    expect(out).toContain('name             agent 3\n');
    expect(out).toContain('identity_prompt\n  You answer\n  in two sentences.\n');
  });
  it('never moves the cursor of whoever reads it', async () => {
    answer = (_, response) => json(response, { ...agent(1), name: 'evil\u001b[2J\u0007\rname' });
    expect((await run(`agents show ${id}`, { screen: true })).out).toMatch(/evil \[2J name/);
  });
  it('says where more is, or fetches all of it', async () => {
    answer = ({ query }, response) =>
      query['cursor'] === undefined
        ? json(response, { data: [agent(1)], page: { next: 'c1', limit: 1 } })
        : json(response, { data: [agent(2)], page: { next: null, limit: 1 } });
    const first = await run('agents list --plain');
    expect(first.err).toContain('--cursor c1');
    expect((await run('agents list --plain --quiet')).err).toBe('');
    const all = await run('agents list --all --json');
    expect((JSON.parse(all.out) as { data: unknown[] }).data).toEqual([agent(1), agent(2)]);
    expect((await run('agents list --all --ndjson')).out.trimEnd().split('\n')).toHaveLength(2);
  });
  it('goes on from a revision where a stream says so', async () => {
    answer = ({ query }, response) =>
      json(response, {
        data: [],
        page: { next_revision: query['from_revision'] === undefined ? 100 : null, limit: 1 },
      });
    await run(`streams events session-${id} --all`);
    expect(server.asked.map(({ query }) => query['from_revision'])).toEqual([undefined, '100']);
  });
  it('puts a secret into a file that only its owner reads, when asked', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'acta-cli-'));
    answer = (_, response) => json(response, { key_id: id, secret: 'acta_k_secret', expires_at: null }, 201);
    const line = 'keys create ci --scopes agents:read --out key.txt';
    const { out, exit } = await run(line, { folder });
    expect({ exit, secret: out.includes('acta_k_secret') }).toEqual({ exit: 0, secret: false });
    expect(await readFile(path.join(folder, 'key.txt'), 'utf8')).toBe('acta_k_secret\n');
    expect((await stat(path.join(folder, 'key.txt'))).mode & 0o777).toBe(0o600);
    expect((await run('keys create ci --scopes agents:read')).out).toContain('acta_k_secret');
    await rm(folder, { recursive: true });
  });
});

describe('a directive that is answered', () => {
  const said = (status: string, blocked_code: string | null): object => ({ status, blocked_code, reasons: ['no'] });
  const proposing = 'directives create note --steps [] --status proposed --yes';
  it.each([
    ['blocked by the gate', proposing, said('blocked', 'policy_denied'), 6],
    ['blocked by the gate, to put a policy in force', proposing, { directive: said('blocked', 'policy_denied') }, 6],
    ['blocked by whoever asked for that', `directives move ${id} --to blocked`, said('blocked', 'withdrawn'), 0],
    ['to wait for an agreement', proposing, said('proposed', null), 0],
    ['blocked, to whoever only looks', `directives show ${id}`, said('blocked', 'policy_denied'), 0],
  ])('as %s ends as the exit code says', async (_, line, body, exit) => {
    answer = (__, response) => json(response, body, 202);
    const ended = await run(`${line} --json`);
    expect(ended.exit).toBe(exit);
    expect(JSON.parse(ended.out)).toEqual(body);
  });
});

describe('a refusal', () => {
  it.each([
    [400, 'validation_failed', 2],
    [401, 'unauthenticated', 4],
    [403, 'insufficient_scope', 4],
    [404, 'not_found', 3],
    [409, 'agent_paused', 5],
    [410, 'stream_deleted', 3],
    [412, 'revision_conflict', 5],
    [422, 'unknown_parameter', 2],
    [428, 'if_match_required', 2],
    [429, 'rate_limited', 10],
    [500, 'internal', 1],
    [503, 'log_unavailable', 10],
    [503, 'model_disabled', 1],
  ])('of status %i, %s, ends with exit code %i and nothing on stdout', async (status, code, exit) => {
    answer = (_, response) => problem(response, status, code);
    const ended = await run(`agents show ${id} --json`);
    expect(ended).toMatchObject({ exit, out: '', err: expect.stringContaining(`error: It is ${code}: as it stands`) });
  });
  it('names every field that it objects to, and says what may help', async () => {
    const errors = [
      { pointer: '#/name', message: 'too long' },
      { pointer: '#/model', message: 'unknown' },
    ];
    answer = (_, response) => problem(response, 400, 'validation_failed', { detail: '#/name: too long', errors });
    expect((await run('agents create x')).err).toBe(
      'error: It is validation_failed: #/name: too long\n  model: unknown\n',
    );
    answer = (_, response) => problem(response, 401, 'unauthenticated');
    expect((await run(`agents show ${id}`)).err).toContain('hint: set ACTA_KEY');
  });
  it('that is no problem document is shown for what it is', async () => {
    answer = (_, response) => void response.writeHead(502).end('<html>Bad gateway</html>');
    expect(await run(`agents show ${id}`)).toMatchObject({
      exit: 1,
      err: expect.stringContaining('answered 502 and no JSON'),
    });
  });
});
