import * as E from 'fp-ts/lib/Either.js';
import { capability } from '../../domain/capability/capability.decider.ts';
import type { CapabilitySpec } from '../../domain/capability/capability.spec.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import type { Capability } from '../../ports.ts';
import type { Engine } from '../execute.ts';
import { recall } from '../recall.ts';

/** The id under which the registry keeps a capability. It is the deployment's, not a tenant's. */
export const capabilityKey = (capability_id: string): string => derived('capability', capability_id);
export const capabilityStream = (capability_id: string): string => streamOf('capability', capabilityKey(capability_id));

/** What is registered of a capability now; `spec` is null where nobody may call it, and `standing` says why. */
export interface Standing {
  readonly spec: CapabilitySpec | null;
  readonly standing: string;
  /** The code behind it, where this node has it. */
  readonly code: Capability | undefined;
}

/** The registry as the log has it, with the code that this node brings. */
export interface Registry {
  readonly find: (capability_id: string) => Promise<Standing>;
  readonly code: (capability_id: string) => Capability | undefined;
  /** What this node brings code for. */
  readonly ids: () => readonly string[];
}

/**
 * Joins what the log says of capabilities with the code that does them. What the log does not know, or has disabled, nobody
 * may call, whatever code there is. Throws the log's errors.
 */
export const registry = (engine: Engine, codes: () => ReadonlyMap<string, Capability>): Registry => ({
  code: (capability_id) => codes().get(capability_id),
  ids: () => [...codes().keys()],
  find: async (capability_id) => {
    const { log, catalogue, remembered } = engine;
    const code = codes().get(capability_id);
    const found = await recall(log, catalogue, remembered, capability, capabilityStream(capability_id));
    if (E.isLeft(found)) return { spec: null, standing: `unreadable: ${found.left.cause.reason}`, code };
    const { phase, described, disabled } = found.right.state;
    if (phase === 'enabled' && described !== null) return { spec: described.spec, standing: 'enabled', code };
    return { spec: null, standing: disabled === null ? phase : `${phase}: ${disabled.reason}`, code };
  },
});
