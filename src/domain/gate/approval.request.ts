import { z } from 'zod';
import { ApprovalTerms } from './policy.document.ts';
import { GatePrincipal } from './principal.ts';

const id = z.uuid();
const instant = z.iso.datetime();

/** What whoever waits for an agreement says of the request: the same for a whole directive and for a step of its run. */
export const approvalRequest = {
  approval_id: id,
  headline: z.string().max(2_000),
  terms: ApprovalTerms,
  requested_by: GatePrincipal,
  at: instant,
  expires_at: instant,
  /** The request that it takes the place of. */
  supersedes: id.nullable(),
} as const;
