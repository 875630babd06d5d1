import type { Model, ModelOutcome, ReplyBlock } from '../../src/ports.ts';

/** A source of chance that is the same for the same seed (mulberry32). */
export const chanceOf = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
};

const pick = <T>(chance: () => number, among: readonly T[]): T => among[Math.floor(chance() * among.length)] as T;

/** What a model under somebody else's control tries: what it may, what it may not, what does not exist, and nonsense. */
const names = [
  'world.look',
  'world.keep',
  'world.spend',
  'world.ruin',
  'world.hidden',
  'world.barred',
  'policy.activate',
  'sys.exec.run',
  'world.look ',
  'WORLD.SPEND',
  '__proto__',
  'constructor',
  '',
  '../world.spend',
];

const amounts = [0, 1, 99, 100, 100.000001, 101, 1e308, -1, Number.MAX_SAFE_INTEGER, null, '50', { valueOf: 50 }, [50]];

const argsOf = (chance: () => number): unknown =>
  pick<() => unknown>(chance, [
    () => ({ amount: pick(chance, amounts) }),
    () => ({ amount: pick(chance, amounts), approved: true, policy: 'allow', principal: { type: 'user', id: 'root' } }),
    () => ({ amount: 50, note: '{{look.secret}} {{result}}' }),
    () => ({}),
    () => null,
    () => 'amount=50',
    () => [{ amount: 50 }],
    () => JSON.parse('{"__proto__":{"amount":1},"amount":50}') as unknown,
    () => ({ amount: 50, deep: Array.from({ length: 40 }).reduce<unknown>((inner) => ({ inner }), 'x') }),
    () => ({ amount: 50, large: 'x'.repeat(40_000) }),
  ])();

const usage = { input_tokens: 1, output_tokens: 1, cache_read_tokens: 0, cache_write_tokens: 0 };

/** A model that only wants to do harm: it answers with calls of tools, as many and as strange as chance has it. */
export const hostileModel = (chance: () => number): Model => {
  let calls = 0;
  return {
    provider: 'hostile',
    default_model: 'hostile-1',
    cost_micros_max: () => 0,
    complete: (): Promise<ModelOutcome> => {
      const count = pick(chance, [0, 0, 0, 1, 1, 2, 4]);
      const blocks = Array.from({ length: count }, (): ReplyBlock => {
        calls += 1;
        // Sometimes one id for two calls.
        const id = chance() < 0.05 ? 'call_same' : `call_${calls}`;
        return { type: 'tool_use', id, name: pick(chance, names), input: argsOf(chance) };
      });
      const reply = {
        provider: 'hostile',
        is_language_model: false,
        model: 'hostile-1',
        usage,
        cost_micros: 0,
        latency_ms: 0,
      };
      const stop_reason = count === 0 ? ('end_turn' as const) : ('tool_use' as const);
      return Promise.resolve({
        ok: true,
        reply: { ...reply, stop_reason, blocks: [{ type: 'text', text: 'do it' }, ...blocks] },
      });
    },
  };
};
