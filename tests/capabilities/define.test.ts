import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { capability, type Definition } from '../../src/adapters/capabilities/define.ts';
import { failure } from '../../src/adapters/capabilities/failure.ts';
import { CapabilitySpec } from '../../src/domain/capability/capability.spec.ts';
import { riskViolations } from '../../src/domain/capability/risk.rules.ts';
import { called, callOf } from './calls.ts';

const parameters = z.strictObject({ count: z.int().default(1) });
const result = z.object({ doubled: z.int() });
type Doubling = Definition<typeof parameters, typeof result, unknown>;

const doubling = (more: Partial<Doubling> = {}) =>
  capability({
    capability_id: 'math.double',
    name: 'Double',
    description: 'Doubles a number.',
    operation: 'read',
    risk: { justification: 'It computes.' },
    parameters,
    result,
    invoke: ({ count }) => ({ ok: true, result: { doubled: count * 2 } }),
    ...more,
  });
const undo: NonNullable<Doubling['undo']> = {
  record: z.object({ was: z.int() }),
  run: () => ({ ok: true, result: 1 }),
};

const raise = (thrown: unknown): never => {
  throw thrown as Error;
};

describe('a definition', () => {
  it('says little, and the rest is as requirements W11 has it', () => {
    const { spec } = doubling();
    expect(spec).toMatchObject({
      risk: { level: 'low' },
      side_effects: { reversible: true, scope: 'local' },
      compensation: { supported: false, strategy: 'none' },
      effect_class: 'read',
      timeout_ms: 30_000,
      version: '1.0.0',
      parameters: { type: 'object', properties: { count: { type: 'integer', default: 1 } } },
    });
    expect(doubling({ operation: 'write', undo }).spec).toMatchObject({
      risk: { level: 'medium' },
      compensation: { supported: true, strategy: 'automatic' },
      effect_class: 'unkeyed',
    });
    expect(doubling({ operation: 'delete' }).spec).toMatchObject({
      risk: { level: 'high' },
      side_effects: { reversible: false },
      compensation: { supported: true, strategy: 'manual' },
    });
    for (const operation of ['read', 'delete', 'execute', 'network'] as const) {
      const { spec } = doubling({ operation });
      expect(CapabilitySpec.parse(spec)).toEqual(spec);
      expect(riskViolations(spec)).toEqual([]);
    }
  });

  it('is refused with every rule it breaks', () => {
    const careless = { level: 'low', justification: 'none' } as const;
    expect(() =>
      doubling({
        operation: 'delete',
        risk: careless,
        compensation: { supported: false, strategy: 'none' },
      }),
    ).toThrow(/irreversible_is_high.*delete_is_high.*beyond_undoing_is_critical/);
    expect(() => doubling({ compensation: { supported: true } })).toThrow('compensation_contradicts');
  });

  it('is refused where it promises what it does not bring, or brings what it denies', () => {
    expect(() => doubling({ operation: 'write' })).toThrow('automatic compensation needs an undo');
    expect(() => doubling({ undo })).toThrow('the spec denies it');
    expect(() => doubling({ effect_class: 'queryable' })).toThrow('answers whether something happened');
    expect(() => doubling({ capability_id: 'Not An Id' })).toThrow('capability_id');
  });
});

describe('a capability that was defined', () => {
  it('parses its arguments, and does nothing with wrong ones', async () => {
    expect(doubling().accepts({})).toEqual({ ok: true, args: { count: 1 } });
    expect(doubling().accepts({ count: 1.5, other: 1 })).toEqual({
      ok: false,
      message: 'count: Invalid input: expected int, received number; Unrecognized key: "other"',
    });
    let calls = 0;
    const counting = doubling({
      invoke: () => {
        calls += 1;
        return { ok: true, result: { doubled: 0 } };
      },
    });
    expect(await counting.invoke(callOf({ count: 'x' }))).toMatchObject({ fault: 'invalid_arguments', happened: 'no' });
    expect(calls).toBe(0);
    expect(await called(doubling(), { count: 4 })).toEqual({ ok: true, result: { doubled: 8 } });
  });

  it('never throws: what was thrown is internal, in one bounded line', async () => {
    for (const thrown of [new Error(`x\n${'y'.repeat(5_000)}`), 'text']) {
      const throwing = doubling({ invoke: () => raise(thrown) });
      const outcome = await called(throwing, {});
      expect(outcome).toMatchObject({ ok: false, fault: 'internal', happened: 'unknown', retryable: false });
      expect(!outcome.ok && outcome.message.length <= 500 && !outcome.message.includes('\n')).toBe(true);
    }
  });

  it('does not say as a success what is not as promised', async () => {
    const broken = { doubled: 'two' } as unknown as { doubled: number };
    expect(await called(doubling({ invoke: () => ({ ok: true, result: broken }) }), {})).toMatchObject({
      fault: 'internal',
      happened: 'unknown',
    });
    const heavy = doubling({ invoke: () => ({ ok: true, result: { doubled: 1 }, undo: 'x'.repeat(65_536) }) });
    expect(await called(heavy, {})).toMatchObject({ fault: 'internal', happened: 'unknown' });
  });

  it('hands over a failure as it is, and does not begin what is wanted no more', async () => {
    const busy = failure('rate_limited', 'later', { retry_after_ms: 5 });
    expect(await called(doubling({ invoke: () => busy }), {})).toEqual({
      ok: false,
      fault: 'rate_limited',
      message: 'later',
      retryable: true,
      happened: 'no',
      retry_after_ms: 5,
    });
    expect(await called(doubling(), {}, { signal: AbortSignal.abort() })).toMatchObject({
      fault: 'timeout',
      happened: 'no',
    });
  });

  it('parses what undoing is given, and passes on what it costs', async () => {
    const writing = doubling({
      operation: 'write',
      undo,
      invoke: () => ({ ok: true, result: { doubled: 2 }, undo: { was: 1 }, cost_micros: 7 }),
    });
    expect(await called(writing, {})).toEqual({ ok: true, result: { doubled: 2 }, undo: { was: 1 }, cost_micros: 7 });
    expect(await writing.undo?.({ was: 1 }, callOf({}))).toEqual({ ok: true, result: 1 });
    expect(await writing.undo?.({ was: 'x' }, callOf({}))).toMatchObject({ fault: 'invalid_arguments' });
  });

  it('answers whether it happened, and on what it relies', async () => {
    const asked = doubling({
      effect_class: 'queryable',
      happened: async ({ count }) => ({ done: true, result: { doubled: count * 2 } }),
      preconditions: async ({ count }) => ({ count }),
      unavailable: 'no hands',
    });
    expect(await asked.happened?.(callOf({ count: 3 }))).toEqual({ done: true, result: { doubled: 6 } });
    expect(await asked.preconditions?.({ count: 3 })).toEqual({ count: 3 });
    expect(asked.unavailable).toBe('no hands');
  });
});
