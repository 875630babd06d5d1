import { z } from 'zod';
import { event, type Occurrence } from '../kernel/event.ts';
import { CapabilitySpec } from './capability.spec.ts';

const id = z.uuid();
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const reason = z.string().max(2_000);

/** A spec, and what its source said when it was taken over: `pin` is a digest of that, null for what is built in. */
const described = {
  capability_key: id,
  spec: CapabilitySpec,
  spec_digest: digest,
  /** `standard`, `acta`, `example:…` or `mcp:<server>`. */
  source: z.string().min(1).max(200),
  pin: digest.nullable(),
};

export const CapabilityRegistered = event('CapabilityRegistered', z.object(described));
export const CapabilityRevised = event('CapabilityRevised', z.object(described));
/** `by_itself`: it cannot work here now; it is enabled again when it can. Otherwise somebody disabled it. */
export const CapabilityDisabled = event(
  'CapabilityDisabled',
  z.object({ capability_key: id, reason, by_itself: z.boolean() }),
);
export const CapabilityEnabled = event('CapabilityEnabled', z.object({ capability_key: id, reason }));
/** Its source describes it otherwise than it did: nobody may call it until a person accepts what is offered now. */
export const CapabilitySuspended = event(
  'CapabilitySuspended',
  z.object({ ...described, changed: z.array(z.string()) }),
);
export const CapabilityAccepted = event('CapabilityAccepted', z.object({ ...described, reason }));
export const CapabilityRetired = event('CapabilityRetired', z.object({ capability_key: id, reason }));

export const capabilityEvents = [
  CapabilityRegistered,
  CapabilityRevised,
  CapabilityDisabled,
  CapabilityEnabled,
  CapabilitySuspended,
  CapabilityAccepted,
  CapabilityRetired,
] as const;
export type CapabilityEvent = Occurrence<typeof capabilityEvents>;
