import { z } from 'zod';
import { CapabilityId, EffectClass, type CapabilitySpec } from '../capability/capability.spec.ts';
import { digest } from '../kernel/digest.ts';

const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/**
 * Exactly what would be done, and under which conditions that was agreed (assurance 1.3: an approval binds to bytes). The
 * `action_digest` is taken over all the others; whatever of it changes, it is another action.
 */
export const Action = z.object({
  capability_id: CapabilityId,
  capability_version: z.string().max(50),
  spec_digest: Digest,
  args: z.record(z.string(), z.json()),
  args_digest: Digest,
  policy_digest: z.string().max(100),
  /** What whoever agrees relies on, as it was when they were asked. */
  preconditions: z.record(z.string(), z.json()),
  action_digest: Digest,
});
export type Action = z.infer<typeof Action>;

/** The action that a call with these arguments is. */
export const actionOf = (
  spec: CapabilitySpec,
  args: Action['args'],
  policy_digest: string,
  preconditions: Action['preconditions'] = {},
): Action => {
  const said = {
    capability_id: spec.capability_id,
    capability_version: spec.version,
    spec_digest: digest(spec),
    args_digest: digest(args),
    policy_digest,
    preconditions,
  };
  return { ...said, args, action_digest: digest(said) };
};

const parts = [
  'capability_id',
  'capability_version',
  'spec_digest',
  'args_digest',
  'policy_digest',
  'preconditions',
] as const;

/** The same action with other arguments. */
export const withArgs = ({ action_digest: _, args: __, ...said }: Action, args: Action['args']): Action => {
  const other = { ...said, args_digest: digest(args) };
  return { ...other, args, action_digest: digest(other) };
};

/** What of an action is no longer as it was agreed to; empty where it is the same. */
export const differences = (agreed: Action, now: Action): readonly string[] =>
  agreed.action_digest === now.action_digest ? [] : parts.filter((part) => digest(agreed[part]) !== digest(now[part]));

/** What of a capability a run must remember to call it, and to know after a crash what may be repeated. */
export const Callee = z.object({
  capability_id: CapabilityId,
  version: z.string().max(50),
  effect_class: EffectClass,
  timeout_ms: z.int().positive(),
  cost_micros: z.int().min(0),
});
export type Callee = z.infer<typeof Callee>;
