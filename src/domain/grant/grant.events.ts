import { z } from 'zod';
import { ArgumentCondition } from '../gate/policy.document.ts';
import { event, type Occurrence } from '../kernel/event.ts';

const id = z.uuid();
const instant = z.iso.datetime();
const reason = z.string().max(2_000);
const pattern = z.string().min(1).max(200);

/** What a person has agreed to beforehand: which calls, by whom, where, how often, and until when. */
export const GrantTerms = z.strictObject({
  /** `*` is anything, a trailing `*` a beginning. */
  capability: pattern,
  principals: z.array(pattern).min(1).max(100),
  scopes: z.array(pattern).min(1).max(100),
  constraints: z.array(ArgumentCondition).max(20),
  uses_max: z.int().min(1).max(1_000),
  expires_at: instant,
});
export type GrantTerms = z.infer<typeof GrantTerms>;

export const GrantIssued = event(
  'GrantIssued',
  z.object({
    grant_id: id,
    terms: GrantTerms,
    reason,
    issued_by: z.string().max(200),
    /** The roles of whoever issued it: a grant is their word, and worth no more. */
    issuer_roles: z.array(z.string().max(200)).max(50).default([]),
    approval_id: id.nullable(),
  }),
);
/** `use_id` names the call that it was used for: asked again, it is the same use. */
export const GrantUsed = event(
  'GrantUsed',
  z.object({ grant_id: id, use_id: id, use: z.int().min(1), for: z.string().max(300) }),
);
export const GrantExhausted = event('GrantExhausted', z.object({ grant_id: id }));
export const GrantRevoked = event('GrantRevoked', z.object({ grant_id: id, reason }));

export const grantEvents = [GrantIssued, GrantUsed, GrantExhausted, GrantRevoked] as const;
export type GrantEvent = Occurrence<typeof grantEvents>;
