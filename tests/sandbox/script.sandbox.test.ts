import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { engineNames } from '../../src/adapters/sandbox/script.engine.ts';
import { scriptSandbox } from '../../src/adapters/sandbox/script.sandbox.ts';
import { codeCharsMax, inputCharsMax, resultCharsMax } from '../../src/adapters/sandbox/limits.ts';
import type { Ran } from '../../src/ports.ts';

const mebibyte = 1024 * 1024;
const attempts = await Promise.all(
  engineNames.map(async (engine) => ({ engine, attempt: await scriptSandbox([engine]) })),
);
afterAll(async () => {
  for (const { attempt } of attempts) await attempt.sandbox?.close();
});

/** What scripts try in order to get at a host's object; each returns what it found, or throws. */
const escapes: readonly (readonly [string, string])[] = [
  ['the function constructor', 'return globalThis.constructor.constructor("return process")().env'],
  ["the input's constructor", 'return input.constructor.constructor("return process")().env'],
  ['a function of the program around it', 'return (() => {}).constructor("return process")().env'],
  ['require', 'return require("node:fs").readFileSync("/etc/passwd", "utf8")'],
  ['import', 'return (await import("node:fs")).readFileSync("/etc/passwd", "utf8")'],
  ['the main module', 'return globalThis.process.mainModule.require("fs")'],
  ['fetch', 'return await fetch("http://127.0.0.1/")'],
  ['call sites', 'Error.prepareStackTrace = (_, sites) => sites; return new Error("x").stack[0].getThis().process.env'],
  [
    'a thrown call site',
    'Error.prepareStackTrace = (_, s) => s.map((f) => f.getFunction()); throw new Error("x").stack[0].constructor("return process")()',
  ],
  ['the caller', 'return (function f() { return f.caller.caller.constructor("return process")(); })()'],
  [
    'a stack overflow in the host',
    'const f = () => { try { f(); } catch (e) { return e.constructor.constructor("return process")().env; } }; return f()',
  ],
  ['a proxy as the result', 'return new Proxy({}, { get: (_, k) => k === "toJSON" ? () => process.env : 1 })'],
  ['a thenable result', 'return { then: (resolve) => resolve.constructor("return process")().env }'],
  [
    'an async generator',
    'async function* g() { yield (async () => {}).constructor("return process")(); } return (await g().next()).value.env',
  ],
  [
    'a species',
    'class P extends Promise { static get [Symbol.species]() { return process; } } return P.resolve(1).then(() => 1)',
  ],
  ['closing the program early', 'return 1; })({}); process.exit(1); (async () => {'],
  ['a changed JSON', 'JSON.stringify = (v) => process; JSON.parse = () => process; return process.env'],
  ['workers', 'return new Worker("data:,1")'],
  ['WebAssembly', 'return new WebAssembly.Memory({ initial: 1000 }).buffer.byteLength'],
  ['shared memory', 'return new SharedArrayBuffer(1e9).byteLength'],
  ['an endless wait', 'return Atomics.wait(new Int32Array(8), 0, 0)'],
  ['a reference of the host', 'return $0.constructor.constructor("return process")()'],
  ['the addon', 'return ivm.Isolate'],
];

for (const { engine, attempt } of attempts)
  describe.skipIf(attempt.sandbox === undefined)(`scripts in ${engine} ${attempt.reason ?? ''}`, () => {
    const run = (
      code: string,
      input: unknown = null,
      more: { timeout_ms?: number; signal?: AbortSignal } = {},
    ): Promise<Ran> =>
      attempt.sandbox!.run(
        code,
        input,
        { timeout_ms: more.timeout_ms ?? 10_000, memory_bytes: 32 * mebibyte },
        more.signal ?? new AbortController().signal,
      );
    const works = async (): Promise<void> => expect(await run('return 1 + 1')).toEqual({ ok: true, value: 2 });

    it('take JSON and answer JSON', async () => {
      const input = { list: [1, 'zwei', null, true], deep: { er: '\u2028 "' } };
      expect(await run('return input', input)).toEqual({ ok: true, value: input });
      expect(await run('return input.list.map((x) => typeof x)', input)).toEqual({
        ok: true,
        value: ['number', 'string', 'object', 'boolean'],
      });
      expect(await run('')).toEqual({ ok: true, value: null });
      expect(await run('return await Promise.resolve(7) // a comment')).toEqual({ ok: true, value: 7 });
    });

    it('say what went wrong', async () => {
      expect(await run('throw new TypeError("no such harbour")')).toMatchObject({
        ok: false,
        fault: 'failed',
        message: expect.stringContaining('no such harbour'),
      });
      expect(await run('this is no script')).toMatchObject({ ok: false, fault: 'failed' });
      expect(await run('throw null')).toMatchObject({ ok: false, fault: 'failed' });
      expect(await run('return 1n')).toMatchObject({ ok: false, fault: 'failed' });
      const long = await run('throw new Error("x\\n".repeat(10000))');
      expect(!long.ok && long.message.length).toBeLessThanOrEqual(500);
      await works();
    });

    it.each(escapes)('reach nothing of the host by %s', async (_, code) => {
      process.env.ACTA_CANARY = 'canary-5150';
      const ran = await run(code, {}, { timeout_ms: 2_000 });
      delete process.env.ACTA_CANARY;
      expect(ran).toMatchObject({ ok: false });
      expect(JSON.stringify(ran)).not.toMatch(/canary-5150|root:/);
      await works();
    });

    it('know no name of the host', async () => {
      const names = [
        'process',
        'require',
        'module',
        'global',
        'Buffer',
        'fetch',
        'setTimeout',
        'WebSocket',
        'navigator',
      ];
      const code = `return input.filter((name) => typeof globalThis[name] !== 'undefined')`;
      expect(await run(code, names)).toEqual({ ok: true, value: [] });
    });

    it.each([
      ['a loop', 'while (true);'],
      ['a loop while it is being compiled', '})(); for (;;); (async () => {'],
      ['a loop of jobs', 'for (;;) await 0'],
      ['jobs that nobody waits for', 'const f = async () => { for (;;) await 0; }; f(); await new Promise(() => {})'],
      ['a promise that is never kept', 'await new Promise(() => {})'],
      ['a slow expression', 'return /^(a+)+$/.test("a".repeat(40) + "b")'],
      ['a loop in toJSON', 'return { toJSON: () => { for (;;); } }'],
    ])('are ended in time: %s', async (_, code) => {
      expect(await run(code, null, { timeout_ms: 200 })).toMatchObject({ ok: false, fault: 'timeout' });
      await works();
    });

    it.each([
      ['arrays', 'const a = []; for (;;) a.push([1, 2, 3, 4, 5, 6, 7, 8]);'],
      ['strings', 'const a = []; for (let i = 0; ; i++) a.push("x".repeat(100000) + i);'],
      ['buffers', 'const a = []; for (;;) a.push(new Uint8Array(1e6).fill(1));'],
      ['recursion', 'const f = (n) => f(n + 1) + 1; return f(0);'],
      ['depth', 'let r = []; for (let i = 0; i < 1e6; i++) r = [r]; return r;'],
    ])('are ended when they take too much: %s', async (_, code) => {
      expect(await run(code, null, { timeout_ms: 1_500 })).toMatchObject({ ok: false });
      await works();
    });

    it('are held to sizes', async () => {
      expect(await run(`return "x".repeat(${resultCharsMax})`)).toMatchObject({ ok: false, fault: 'too_large' });
      expect(await run('return 1', 'x'.repeat(inputCharsMax))).toMatchObject({ ok: false, fault: 'too_large' });
      expect(await run('/'.repeat(codeCharsMax + 1))).toMatchObject({ ok: false, fault: 'too_large' });
      const round: { self?: unknown } = {};
      round.self = round;
      expect(await run('return 1', round)).toMatchObject({ ok: false, fault: 'failed' });
      await works();
    });

    it('leave nothing to the next one', async () => {
      await run('Object.prototype.polluted = 1; Array.prototype.map = null; globalThis.left = 2; JSON.parse = null;');
      const code = 'return [({}).polluted ?? null, globalThis.left ?? null, [1].map((x) => x)[0], typeof JSON.parse]';
      expect(await run(code)).toEqual({ ok: true, value: [null, null, 1, 'function'] });
      expect(({} as { polluted?: number }).polluted).toBeUndefined();
    });

    it('answer a key that names a prototype as a key', async () => {
      const ran = await run('return JSON.parse(\'{"__proto__": {"polluted": 1}}\')');
      expect(ran.ok && Object.getPrototypeOf(ran.value)).toBe(Object.prototype);
    });

    it('are stopped when they are wanted no more', async () => {
      const stop = new AbortController();
      const ran = run('while (true);', null, { timeout_ms: 30_000, signal: stop.signal });
      stop.abort();
      expect(await ran).toMatchObject({ ok: false, fault: 'timeout' });
      expect(await run('return 1', null, { signal: AbortSignal.abort() })).toMatchObject({ ok: false });
      await works();
    });

    it('run side by side, and one that misbehaves spoils none of the others', async () => {
      const bomb = 'const a = []; for (;;) a.push([1, 2, 3, 4]);';
      const ran = await Promise.all(
        Array.from({ length: 12 }, (_, n) =>
          run(n % 4 === 0 ? bomb : 'return input', n, { timeout_ms: n % 4 === 0 ? 500 : 10_000 }),
        ),
      );
      for (const [n, one] of ran.entries())
        if (n % 4 === 0) expect(one.ok).toBe(false);
        else expect(one).toEqual({ ok: true, value: n });
    });

    it('open no socket', async () => {
      let connections = 0;
      const server = createServer(() => (connections += 1)).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      await run(`await fetch("http://127.0.0.1:${port}/")`);
      await run(`new XMLHttpRequest().open("GET", "http://127.0.0.1:${port}/")`);
      server.close();
      expect(connections).toBe(0);
    });
  });

describe('a sandbox for scripts', () => {
  it('is not there where no engine runs, and says why', async () => {
    const attempt = await scriptSandbox([]);
    expect(attempt).toMatchObject({ sandbox: undefined, reason: expect.stringContaining('no engine') });
  });

  it('answers nobody once it is closed', async () => {
    const { sandbox } = await scriptSandbox();
    await sandbox?.close();
    const limits = { timeout_ms: 1_000, memory_bytes: 16 * mebibyte };
    expect(await sandbox?.run('return 1', null, limits, new AbortController().signal)).toMatchObject({ ok: false });
  });
});
