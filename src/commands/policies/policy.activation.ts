import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import type { CapabilitySpec } from '../../domain/capability/capability.spec.ts';
import { derived } from '../../domain/kernel/ids.ts';
import { inForce, policy } from '../../domain/policy/policy.decider.ts';
import type { Capability, Invocation, Invoked } from '../../ports.ts';
import { execute, type Engine } from '../execute.ts';
import { policyStream } from '../gate/policy-in-force.ts';
import { recall } from '../recall.ts';

export const activationId = 'policy.activate';

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const Parameters = z.strictObject({ version: z.int().min(1), digest, reason: z.string().max(2_000) });
const Result = z.object({ version: z.int(), previous_version: z.int().nullable() });
const Left = z.object({ version: z.int(), digest, activated: z.int() });

const json = (schema: z.ZodType): CapabilitySpec['parameters'] =>
  z.toJSONSchema(schema) as CapabilitySpec['parameters'];

export const activationSpec: CapabilitySpec = {
  capability_id: activationId,
  name: 'Put a policy in force',
  description: 'From then on every verdict is given under this version.',
  operation: 'write',
  risk: { level: 'critical', justification: 'It decides what everybody else may do.' },
  side_effects: { reversible: true, scope: 'local', description: 'The version before it is no longer in force.' },
  compensation: { supported: true, strategy: 'automatic', capability_id: null },
  effect_class: 'natural',
  parameters: json(Parameters),
  result: json(Result),
  permissions: ['policies:admin'],
  timeout_ms: 30_000,
  cost_micros: 0,
  version: '1.0.0',
  tags: ['acta'],
  deprecated: false,
};

const refused = (why: string, retryable = false): Invoked => ({
  ok: false,
  fault: 'failed',
  message: `the policy refuses: ${why}`,
  retryable,
  happened: 'no',
});

/** The activation of a policy as a capability like any other: it is judged, agreed to, recorded, and can be undone. */
export const policyActivation = (engine: Engine): Capability => {
  const activated = async (
    version: number,
    named: string,
    reason: string,
    call: Omit<Invocation, 'args'>,
    /** The version that this is to take the place of; undefined for whichever is in force. */
    replaces?: number,
  ): Promise<Invoked> => {
    const { log, catalogue, remembered } = engine;
    const stream = policyStream(call.tenant);
    const known = await recall(log, catalogue, remembered, policy, stream);
    if (E.isLeft(known)) return refused('its stream cannot be read');
    const command_id = derived('activate', call.key);
    const { state, tail, done } = known.right;
    const before = done.has(command_id) ? state.active : inForce(state);
    // A suspension is lifted by people, and what they have put in force since is not undone: neither is what was judged.
    if (before === null) return refused('the policy was suspended since this was judged');
    const expected = replaces === undefined || [replaces, version].includes(before.version);
    if (!expected && !done.has(command_id)) return refused(`version ${before.version} is in force since`);
    const command = { type: 'ActivatePolicy', version, digest: named, reason } as const;
    const about = {
      command_id,
      actor: call.principal,
      tenant: call.tenant,
      ...(call.matter ?? { correlation_id: call.key }),
    };
    const outcome = await execute(engine, policy, stream, command, about, { if_match: tail.revision });
    if (E.isLeft(outcome)) return refused(outcome.left.reason, outcome.left.reason === 'StaleRevision');
    const recorded = outcome.right.events[0]?.data as { previous_version?: number | null } | undefined;
    const previous = recorded?.previous_version ?? null;
    const undo =
      before.version === version
        ? {}
        : { undo: { version: before.version, digest: before.digest, activated: version } };
    return { ok: true, result: { version, previous_version: previous }, ...undo };
  };
  return {
    spec: activationSpec,
    accepts: (args) => {
      const parsed = Parameters.safeParse(args);
      return parsed.success ? { ok: true, args: parsed.data } : { ok: false, message: z.prettifyError(parsed.error) };
    },
    invoke: ({ args, ...call }) => {
      const { version, digest: named, reason } = Parameters.parse(args);
      return activated(version, named, reason, call);
    },
    undo: (left, call) => {
      const { version, digest: named, activated: replaces } = Left.parse(left);
      return activated(version, named, 'the run that activated another version was rolled back', call, replaces);
    },
  };
};
