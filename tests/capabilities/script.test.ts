import { afterAll, describe, expect, it } from 'vitest';
import { scriptCapabilities } from '../../src/adapters/capabilities/script/script.capabilities.ts';
import { scriptSandbox } from '../../src/adapters/sandbox/script.sandbox.ts';

const { sandbox } = await scriptSandbox();
afterAll(() => sandbox?.close());

const call = { key: 'k', tenant: 't', principal: 'agent:a', signal: new AbortController().signal };
const emit = () => Promise.reject(new Error('nothing is kept'));

describe.skipIf(sandbox === undefined)('js.eval', () => {
  const [found] = scriptCapabilities({ sandbox });
  const run = (args: unknown) => found!.invoke({ ...call, args, emit });

  it('computes with what it is given', async () => {
    expect(await run({ source: 'return input.map((x) => x * 2)', input: [1, 2] })).toEqual({
      ok: true,
      result: { value: [2, 4] },
    });
    expect(await run({ source: '1' })).toEqual({ ok: true, result: { value: null } });
  });

  it('says what went wrong, and that nothing was done', async () => {
    expect(await run({ source: 'throw new Error("no")' })).toMatchObject({ fault: 'failed', happened: 'no' });
    const late = await run({ source: 'for (;;);', timeout_ms: 50 });
    expect(late).toMatchObject({ fault: 'timeout', retryable: false, happened: 'no' });
    expect(await run({ source: 'return "x".repeat(3e6)' })).toMatchObject({ fault: 'limit_exceeded' });
    expect(await run({ source: '', timeout_ms: 50 })).toMatchObject({ fault: 'invalid_arguments' });
    expect(await run({ source: 'x'.repeat(70_000) })).toMatchObject({ fault: 'invalid_arguments' });
  });
});

describe('js.eval without a sandbox', () => {
  it('is disabled, with the reason', async () => {
    const [found] = scriptCapabilities({ sandbox: undefined, reason: 'no engine here' });
    expect(found?.unavailable).toBe('no engine here');
    const answer = await found?.invoke({ ...call, args: { source: 'return 1' }, emit });
    expect(answer).toMatchObject({ ok: false, fault: 'disabled', message: 'no engine here' });
  });
});
