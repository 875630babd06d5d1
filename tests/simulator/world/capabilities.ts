import type { CapabilitySpec } from '../../../src/domain/capability/capability.spec.ts';
import type { Capability, Invoked } from '../../../src/ports.ts';
import type { OutsidePort } from './outside.ts';
import type { Chance } from './chance.ts';

type Kind = Pick<CapabilitySpec, 'effect_class' | 'operation' | 'cost_micros'> & {
  readonly level: CapabilitySpec['risk']['level'];
  readonly reversible: boolean;
  /** `own` for its own undo, else the capability that compensates. */
  readonly undone_by: string | null;
};

const kinds: Readonly<Record<string, Kind>> = {
  'sim.look': {
    effect_class: 'read',
    operation: 'read',
    cost_micros: 0,
    level: 'low',
    reversible: true,
    undone_by: null,
  },
  'sim.put': {
    effect_class: 'natural',
    operation: 'write',
    cost_micros: 10,
    level: 'medium',
    reversible: true,
    undone_by: 'own',
  },
  'sim.pay': {
    effect_class: 'keyed',
    operation: 'network',
    cost_micros: 100,
    level: 'medium',
    reversible: true,
    undone_by: 'sim.refund',
  },
  'sim.refund': {
    effect_class: 'keyed',
    operation: 'network',
    cost_micros: 0,
    level: 'medium',
    reversible: true,
    undone_by: null,
  },
  'sim.order': {
    effect_class: 'queryable',
    operation: 'network',
    cost_micros: 60,
    level: 'high',
    reversible: true,
    undone_by: 'own',
  },
  'sim.mail': {
    effect_class: 'unkeyed',
    operation: 'network',
    cost_micros: 5,
    level: 'critical',
    reversible: false,
    undone_by: null,
  },
};

export const capabilityIds = Object.keys(kinds);
const timeoutMs = 8_000;
const undoFails = 0.15;
const refuses = 0.12;
const oddResult = 0.05;
/** Done, and whoever asked hears of a timeout; most of all where there is no key to ask again under. */
const doneAndLost = { unkeyed: 0.3, other: 0.06 };

/** What the registry is told; another `version` is another spec. */
export const specOf = (capability_id: string, version = '1.0.0'): CapabilitySpec => {
  const kind = kinds[capability_id];
  if (kind === undefined) throw new Error(`there is no ${capability_id}`);
  const { effect_class, operation, cost_micros, level, reversible, undone_by } = kind;
  const supported = undone_by !== null;
  return {
    capability_id,
    name: capability_id,
    description: 'Acts on the simulated world.',
    operation,
    risk: { level, justification: 'as it is' },
    side_effects: { reversible, scope: 'external', description: '' },
    compensation: {
      supported,
      strategy: supported ? 'automatic' : 'none',
      capability_id: undone_by === 'own' ? null : undone_by,
    },
    effect_class,
    parameters: {},
    result: {},
    permissions: [],
    timeout_ms: timeoutMs,
    cost_micros,
    version,
    tags: [],
    deprecated: false,
  };
};

const refusal: Invoked = {
  ok: false,
  fault: 'third_party',
  message: 'no, not this',
  retryable: false,
  happened: 'no',
};

const lost: Invoked = { ok: false, fault: 'timeout', message: 'no answer', retryable: true, happened: 'unknown' };

/** Capabilities of every effect class; what they do, they do to the world's ledger. */
export const simulatedCapabilities = (
  outside: OutsidePort,
  chance: Chance,
  healed: () => boolean,
): ReadonlyMap<string, Capability> => {
  const capability = (capability_id: string): Capability => {
    const spec = specOf(capability_id);
    const { effect_class } = spec;
    const own = kinds[capability_id]?.undone_by === 'own';
    const wrong = (probability: number): boolean => !healed() && chance.happens(probability);
    return {
      spec,
      accepts: (args) =>
        typeof args === 'object' && args !== null && !('wrong' in args)
          ? { ok: true, args }
          : { ok: false, message: 'these are wrong' },
      invoke: async ({ key, args }) => {
        if (wrong(refuses)) return refusal;
        const invoked = await outside.invoke(capability_id, effect_class, { key, args });
        if (!invoked.ok) return invoked;
        if (wrong(effect_class === 'unkeyed' ? doneAndLost.unkeyed : doneAndLost.other)) return lost;
        const result = wrong(oddResult) ? ['not', 'as', 'promised'] : { ref: key.slice(0, 8) };
        return { ok: true, result, ...(own ? { undo: { key } } : {}) };
      },
      ...(own
        ? {
            undo: (_: unknown, { key }: { readonly key: string }) =>
              wrong(undoFails)
                ? Promise.resolve(refusal)
                : outside.invoke(`undo:${capability_id}`, 'natural', { key, args: null }),
          }
        : {}),
      ...(effect_class === 'queryable'
        ? { happened: ({ key }: { readonly key: string }) => outside.happened(key) }
        : {}),
    };
  };
  return new Map(capabilityIds.map((id) => [id, capability(id)]));
};
