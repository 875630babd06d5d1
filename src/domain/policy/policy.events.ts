import { z } from 'zod';
import { PolicyDocument } from '../gate/policy.document.ts';
import { event, type Occurrence } from '../kernel/event.ts';

const id = z.uuid();
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const version = z.int().min(1);
const reason = z.string().max(2_000);

export const PolicyDrafted = event(
  'PolicyDrafted',
  z.object({ policy_id: id, version, document: PolicyDocument, digest, note: reason }),
);
export const PolicyActivated = event(
  'PolicyActivated',
  z.object({ policy_id: id, version, digest, previous_version: version.nullable(), reason }),
);
/** From here on nothing is allowed until another version is activated. */
export const PolicySuspended = event('PolicySuspended', z.object({ policy_id: id, version, reason }));
export const PolicyRetired = event('PolicyRetired', z.object({ policy_id: id, reason }));

export const policyEvents = [PolicyDrafted, PolicyActivated, PolicySuspended, PolicyRetired] as const;
export type PolicyEvent = Occurrence<typeof policyEvents>;
