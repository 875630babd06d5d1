import { z } from 'zod';
import { Action } from '../gate/action.ts';
import { ApprovalTerms } from '../gate/policy.document.ts';
import { GatePrincipal } from '../gate/principal.ts';
import { Verdict } from '../gate/verdict.ts';
import { event, type Occurrence } from '../kernel/event.ts';

const id = z.uuid();
const instant = z.iso.datetime();
const reason = z.string().max(2_000);
const actor = z.string().min(1).max(200);
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/** Who waits for it: a directive before its run, a step of a run, or a decision before it counts. */
export const ApprovalSubject = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('directive'), directive_id: id, step_id: z.string() }),
  z.object({ kind: z.literal('run'), run_id: id, directive_id: id, step_id: z.string() }),
  z.object({ kind: z.literal('decision'), decision_id: id }),
]);
export type ApprovalSubject = z.infer<typeof ApprovalSubject>;

/** All that a person has to know to agree; `action` is null for a step that only asks for a person's word. */
export const ApprovalPaper = z.object({
  subject: ApprovalSubject,
  action: Action.nullable(),
  /** What they agree to, by digest: the action's, or that of the message. */
  action_digest: digest,
  headline: z.string().max(2_000),
  risk_level: z.enum(['low', 'medium', 'high', 'critical']),
  verdict: Verdict.nullable(),
  terms: ApprovalTerms,
  requested_by: GatePrincipal,
  requested_at: instant,
  expires_at: instant,
  /** The request that this one takes the place of. */
  supersedes: id.nullable(),
});
export type ApprovalPaper = z.infer<typeof ApprovalPaper>;

/** Every end says whose it is, so that whoever waits can be told. */
const of = { approval_id: id, subject: ApprovalSubject };

export const Vote = z.enum(['approve', 'deny', 'request_changes']);
export type Vote = z.infer<typeof Vote>;

export const ApprovalRequested = event('ApprovalRequested', z.object({ approval_id: id, paper: ApprovalPaper }), {
  personal: ['paper'],
});
export const ApprovalVoteCast = event(
  'ApprovalVoteCast',
  z.object({
    approval_id: id,
    by: actor,
    roles: z.array(z.string().max(200)).max(50),
    vote: Vote,
    reason,
    action_digest: digest,
    at: instant,
    /** False where whoever voted called without a key, so that nobody knows whether they are another person. */
    four_eyes_proven: z.boolean(),
    /** Where it came over the Model Context Protocol: what the program calls itself, and whether it was to ask a person. */
    over_mcp: z
      .object({ client: z.string().max(200).nullable(), asked: z.boolean() })
      .nullable()
      .default(null),
  }),
);
/** A person was asked at their client and did not answer: neither yes nor no, and the request stays open. */
export const ApprovalPromptDismissed = event(
  'ApprovalPromptDismissed',
  z.object({
    approval_id: id,
    by: actor,
    answer: z.enum(['decline', 'cancel']),
    client: z.string().max(200).nullable(),
    at: instant,
  }),
);
export const ApprovalGranted = event('ApprovalGranted', z.object({ ...of, by: z.array(actor).min(1), at: instant }));
export const ApprovalDenied = event(
  'ApprovalDenied',
  z.object({ ...of, by: actor, reason, changes_requested: z.boolean(), at: instant }),
);
export const ApprovalExpired = event('ApprovalExpired', z.object({ ...of, at: instant }));
export const ApprovalWithdrawn = event('ApprovalWithdrawn', z.object({ ...of, reason, at: instant }));
/** Another request, or none, has taken its place. */
export const ApprovalSuperseded = event('ApprovalSuperseded', z.object({ ...of, at: instant }));
/** What was agreed to is no longer what would be done. */
export const ApprovalInvalidated = event(
  'ApprovalInvalidated',
  z.object({ ...of, differs: z.array(z.string().max(200)).min(1), at: instant }),
);
/** It was used, and cannot be used for another call; attempts of the one call are one use. */
export const ApprovalUsed = event(
  'ApprovalUsed',
  /** No run and no step where a decision used it. */
  z.object({ approval_id: id, run_id: id.nullable(), step_id: z.string(), at: instant }),
);
export const ApprovalAnnounced = event(
  'ApprovalAnnounced',
  z.object({ approval_id: id, attempt: z.int().min(1), at: instant }),
);
export const ApprovalAnnouncementFailed = event(
  'ApprovalAnnouncementFailed',
  z.object({ approval_id: id, attempt: z.int().min(1), message: reason, retry_at: instant.nullable() }),
);
/** The pause before another attempt to announce is over. */
export const ApprovalAnnouncementDue = event(
  'ApprovalAnnouncementDue',
  z.object({ approval_id: id, attempt: z.int().min(1) }),
);

export const approvalEvents = [
  ApprovalRequested,
  ApprovalVoteCast,
  ApprovalPromptDismissed,
  ApprovalGranted,
  ApprovalDenied,
  ApprovalExpired,
  ApprovalWithdrawn,
  ApprovalSuperseded,
  ApprovalInvalidated,
  ApprovalUsed,
  ApprovalAnnounced,
  ApprovalAnnouncementFailed,
  ApprovalAnnouncementDue,
] as const;
export type ApprovalEvent = Occurrence<typeof approvalEvents>;
