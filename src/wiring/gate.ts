import { approvalKind } from '../commands/approvals/perform-approval.ts';
import { offerCapability, type Offered } from '../commands/capabilities/offer.ts';
import { directiveKind } from '../commands/directives/perform-directive.ts';
import type { Engine } from '../commands/execute.ts';
import { registry } from '../commands/gate/registry.ts';
import type { Gate } from '../commands/gate/propose.ts';
import type { Kind } from '../commands/kind.ts';
import { policyActivation } from '../commands/policies/policy.activation.ts';
import { keepIn } from '../commands/runs/artifacts.ts';
import { runKind } from '../commands/runs/perform-run.ts';
import type { Memory } from '../ports.memory.ts';
import type { BlobStore, Capability } from '../ports.ts';
import type { Project } from '../projections/project.ts';
import { blobsOf } from './gate/blobs.ts';
import { installPolicy } from './gate/default-policy.ts';
import { budgetsFrom, grantsFrom } from './gate/hints.ts';
import { mcpSources } from './gate/mcp.ts';
import { memoryCapabilities } from './gate/memory.ts';
import { countGate } from './gate/numbers.ts';
import { standardLibrary } from './gate/standard.ts';
import { webhook } from './gate/webhook.ts';
import { worldClock as clock, type World } from './world.ts';

/** The gate of a node, what passes through it, and what it leaves behind. */
export interface OpenGate {
  readonly gate: Gate;
  readonly kinds: readonly Kind[];
  readonly blobs: BlobStore;
  /** Tells the registry what this node can do, and puts a first policy in force where there is none. */
  readonly register: () => Promise<void>;
  readonly close: () => Promise<void>;
}

interface Source {
  readonly capability: Capability;
  readonly source: string;
  readonly pin: string | null;
}

const offerOf = ({ capability, source, pin }: Source): Offered => ({
  spec: capability.spec,
  source,
  pin,
  unavailable: capability.unavailable ?? null,
});

/** Opens what capabilities need, joins it with the log, and makes the processes that act. */
export const openGate = async (
  { config, journal }: World,
  core: Engine,
  read: Project,
  memory: Memory,
  more: readonly Capability[] = [],
): Promise<OpenGate> => {
  const blobs = blobsOf(config);
  countGate(core);
  const [standard, servers] = await Promise.all([
    standardLibrary(config, blobs, clock),
    mcpSources(config.gate.mcp_file, journal),
  ]);
  const told = webhook(config, clock);
  const sources: readonly Source[] = [
    { capability: policyActivation(core), source: 'acta', pin: null },
    ...memoryCapabilities({ read, memory, journal }).map((capability) => ({ capability, source: 'acta', pin: null })),
    ...standard.capabilities.map((capability) => ({ capability, source: 'standard', pin: null })),
    ...more.map((capability) => ({ capability, source: 'example', pin: null })),
    ...servers.flatMap(({ name, capabilities, pins }) =>
      capabilities.map((capability) => ({
        capability,
        source: `mcp:${name}`,
        pin: pins.get(capability.spec.capability_id) ?? null,
      })),
    ),
  ];
  const codes = new Map(sources.map(({ capability }) => [capability.spec.capability_id, capability]));
  const gate: Gate = {
    engine: core,
    registry: registry(core, () => codes),
    grantFor: grantsFrom(core, read),
    budgetsOf: budgetsFrom(core),
    environment: config.gate.environment,
  };
  return {
    gate,
    blobs,
    kinds: [directiveKind(core), approvalKind(told.announce), runKind({ ...gate, keep: keepIn(blobs) })],
    register: async () => {
      await installPolicy(core, config.gate.policy_file);
      await Promise.all(sources.map((source) => offerCapability(core, offerOf(source), core.life)));
    },
    close: async () => {
      await Promise.all([standard.close(), told.close(), ...servers.map(({ close }) => close())]);
    },
  };
};
