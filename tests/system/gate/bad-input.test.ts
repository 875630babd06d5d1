import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations } from '../../../src/wiring/operations.ts';
import { ask, dataFolder, startHere, type Reply } from '../../support/acta.ts';
import { logHead } from '../../support/gated.ts';

let url: string;
beforeAll(async () => {
  ({ url } = await startHere(await dataFolder(afterAll), {}, afterAll));
});

const tags = new Set(['directives', 'approvals', 'runs', 'capabilities', 'policies', 'budgets']);
const ours = operations.filter(({ http }) => tags.has(http.tag));
const strangerId = '0198d7a0-0000-7000-8000-00000000dead';

/** A path with a stranger's id, or with this in the place of every name. */
const pathOf = (path: string, named?: string): string =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    if (named !== undefined) return encodeURIComponent(named);
    return name === 'capability_id'
      ? 'nobody.knows'
      : name === 'version'
        ? '999'
        : name === 'step_id'
          ? 'step'
          : strangerId;
  });

type Asked = (typeof ours)[number];
/** Members that take any object: what is in them is the capability’s business. */
const freeForm = new Set(['args', 'constraints', 'success_metrics', 'result']);

const sent = ({ http: { method, path } }: Asked, body: unknown, named?: string): Promise<Reply> =>
  method === 'GET'
    ? ask(url, `${pathOf(path, named)}?${new URLSearchParams(body as Record<string, string>).toString()}`)
    : ask(url, pathOf(path, named), {
        method,
        body,
        headers: { 'if-match': '"0"', 'idempotency-key': crypto.randomUUID() },
      });

/** A refusal that a caller can do something with, and nothing that it must not see. */
const isClear = ({ status, headers, body }: Reply): void => {
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  expect(headers.get('content-type')).toContain('application/problem+json');
  expect(body).toMatchObject({ code: expect.stringMatching(/^[a-z_]+$/), title: expect.any(String), status });
  expect(body.detail.length).toBeGreaterThan(0);
  expect(JSON.stringify(body)).not.toMatch(/\.ts:\d+|node_modules|\n +at /);
};

const untouched = async (work: () => Promise<void>): Promise<void> => {
  const before = await logHead(url);
  await work();
  expect(await logHead(url)).toBe(before);
};

const exampleOf = ({ examples }: Asked): Readonly<Record<string, unknown>> =>
  (examples[0]?.input ?? {}) as Readonly<Record<string, unknown>>;
const withoutNames = (each: Asked): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(exampleOf(each)).filter(([name]) => !each.http.path.includes(`{${name}}`)));

const commands = ours.filter(({ http }) => http.method !== 'GET');
const withName = ours.filter(({ http }) => http.path.includes('{'));
/** Those that a body of nothing is too little for. */
const demanding = commands.filter(({ input, http }) => {
  const names = Object.fromEntries([...http.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => [name, strangerId]));
  return !input.safeParse(names).success && !input.safeParse({ ...names, capability_id: 'nobody.knows' }).success;
});
const called = (list: readonly Asked[]): readonly (readonly [string, Asked])[] => list.map((each) => [each.name, each]);

describe('bad input', () => {
  it('is tried on everything that the gate and runs can be asked', () => {
    expect(ours.length).toBeGreaterThan(40);
    expect(demanding.length).toBeGreaterThan(8);
    expect(new Set(ours.map(({ http }) => http.tag))).toEqual(tags);
  });

  it.each([
    ['set', '/budgets', 'POST', { scope: { kind: 'tenant' }, period: 'total' }],
    ['revised', `/budgets/${strangerId}`, 'PUT', { limit_micros: null, limit_tokens: null }],
  ])('a budget that would limit nothing is too little, when it is %s', async (_, path, method, body) => {
    await untouched(async () => {
      const errors = [expect.objectContaining({ pointer: '#', message: expect.stringContaining('limit_tokens') })];
      const refused = await ask(url, path, { method, body });
      expect(refused).toMatchObject({ status: 400, body: { code: 'validation_failed', errors } });
    });
  });

  it.each(called(demanding))('nothing at all is too little: %s', async (_, each) => {
    await untouched(async () => isClear(await sent(each, {})));
  });

  it.each(called(ours))('a member that nobody knows is named: %s', async (_, each) => {
    await untouched(async () => {
      const { status, body, ...more } = await sent(each, {
        ...withoutNames(each),
        ...(each.http.method === 'GET' ? { surprise: 'x' } : { surprise: true }),
      });
      isClear({ status, body, ...more });
      expect([400, 422]).toContain(status);
      expect(JSON.stringify(body)).toMatch(/surprise|takes no body/);
    });
  });

  it.each(called(commands))('what is of the wrong type is named: %s', async (_, each) => {
    const members = Object.keys(withoutNames(each));
    await untouched(async () => {
      for (const member of members.filter((name) => !freeForm.has(name)))
        isClear(await sent(each, { ...withoutNames(each), [member]: { neither: ['this', 'nor', 'that'] } }));
      for (const body of ['not json', '[]', '"text"', '{"a":1', '{"__proto__":{"polluted":true}}'])
        isClear(await sent(each, body));
    });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each(called(withName))(
    'a name that nobody bears is not found, and what is no name is no name: %s',
    async (_, each) => {
      await untouched(async () => {
        const unknown = await sent(each, each.http.method === 'GET' ? {} : withoutNames(each));
        // What the gate would say of a call that nobody has registered is an answer, and lists of nothing are lists.
        if (unknown.status !== 200) isClear(unknown);
        else expect(['check_capability', 'list_run_steps', ...listsBelow]).toContain(each.name);
        for (const odd of ['..%2f..', 'x y', 'a'.repeat(600), '\u202e', "'; drop table runs; --"])
          isClear(await sent(each, each.http.method === 'GET' ? {} : withoutNames(each), odd));
      });
    },
  );
});

const listsBelow = ours.filter(({ name }) => name.startsWith('list_')).map(({ name }) => name);
