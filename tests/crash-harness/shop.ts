import { z } from 'zod';
import { capability, type Call } from '../../src/adapters/capabilities/define.ts';
import { failure } from '../../src/adapters/capabilities/failure.ts';
import type { Capability } from '../../src/ports.ts';

export const payMicros = 1_000;
export const noteMicros = 10;

const Args = z.strictObject({ effect: z.string().max(100) });

/** Calls the ledger; a call whose answer is lost may have happened. */
const told = async (ledger: string, route: string, effect: string, { key, signal }: Call) => {
  try {
    const response = await fetch(`${ledger}/${route}/${effect}`, {
      method: 'POST',
      headers: { 'idempotency-key': key },
      signal,
    });
    if (response.ok) return undefined;
    return failure('unavailable', `it answered ${response.status}`, { happened: 'no', retryable: true });
  } catch (error) {
    return failure('unavailable', String(error), { happened: 'unknown', retryable: true });
  }
};

const deed = (ledger: string, route: 'keyed' | 'unkeyed', id: string, cost_micros: number): Capability =>
  capability({
    capability_id: id,
    name: id,
    description: `An effect that is ${route}, and costs something.`,
    operation: 'write',
    risk: { justification: 'It can be undone.' },
    effect_class: route,
    cost_micros,
    parameters: Args,
    result: z.object({ effect: z.string() }),
    invoke: async ({ effect }, call) =>
      (await told(ledger, route, effect, call)) ?? { ok: true, result: { effect }, undo: { effect } },
    undo: {
      record: Args,
      run: async ({ effect }, call) => (await told(ledger, 'undo', effect, call)) ?? { ok: true, result: null },
    },
  });

/** Two effects on the ledger that cost something: `shop.pay` keeps its key, `shop.note` promises nothing. */
export const shop = (ledger: string): readonly Capability[] => [
  deed(ledger, 'keyed', 'shop.pay', payMicros),
  deed(ledger, 'unkeyed', 'shop.note', noteMicros),
];
