import { z } from 'zod';
import { Action } from '../gate/action.ts';
import { approvalRequest } from '../gate/approval.request.ts';
import { Plan, StepId } from '../gate/plan.ts';
import { Decision } from '../gate/policy.document.ts';
import { GatePrincipal } from '../gate/principal.ts';
import { Question } from '../gate/question.ts';
import { Verdict } from '../gate/verdict.ts';
import { event, type Occurrence } from '../kernel/event.ts';

const id = z.uuid();
const instant = z.iso.datetime();
const reason = z.string().max(2_000);
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const of = { directive_id: id };

/** Where a directive comes from: a call of a surface, or a tool that a model wanted in a turn. */
export const Origin = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('request') }),
  z.strictObject({ kind: z.literal('turn'), session_id: id, turn_id: id, tool_use_id: z.string().min(1).max(200) }),
]);
export type Origin = z.infer<typeof Origin>;

/** What is wanted and why (requirements D2). It is frozen when it is proposed (C17). */
export const DirectiveContent = z.strictObject({
  objective: z.string().min(1).max(2_000),
  agent_id: id.nullable(),
  /** `test`, `development`, `staging`, …: policies list the ones they allow (D22). */
  scope: z.string().min(1).max(200),
  plan: Plan,
  constraints: z.record(z.string(), z.json()).nullable(),
  success_metrics: z.record(z.string(), z.json()).nullable(),
});
export type DirectiveContent = z.infer<typeof DirectiveContent>;

export const DirectiveDrafted = event(
  'DirectiveDrafted',
  z.object({ ...of, content: DirectiveContent, origin: Origin, issued_by: z.string().max(200) }),
  { personal: ['content'] },
);
export const DirectiveRevised = event(
  'DirectiveRevised',
  /** Null where it was not recorded who revised it. */
  z.object({ ...of, content: DirectiveContent, by: z.string().min(1).max(200).nullable().default(null) }),
  { personal: ['content'] },
);
export const DirectiveProposed = event(
  'DirectiveProposed',
  z.object({ ...of, content_digest: digest, principal: GatePrincipal, environment: z.string().max(200), at: instant }),
);
/** What the gate says of every step before any of them begins; each is asked about again when it is about to. */
export const DirectiveJudged = event(
  'DirectiveJudged',
  z.object({
    ...of,
    decision: Decision,
    policy: Verdict.shape.policy,
    steps: z.array(z.object({ step_id: StepId, question: Question, spec_digest: digest.nullable(), verdict: Verdict })),
    at: instant,
  }),
  { personal: ['steps'] },
);
/** A plan of one step is agreed to before its run begins; a step among several when it is its turn. */
export const DirectiveApprovalRequested = event(
  'DirectiveApprovalRequested',
  z.object({
    ...of,
    step_id: StepId,
    ...approvalRequest,
    action: Action,
    verdict: Verdict,
  }),
  { personal: ['action', 'verdict'] },
);
/** Other arguments, given by a person instead of an agreement: it is judged anew, and asked for anew. */
export const DirectiveAmended = event(
  'DirectiveAmended',
  z.object({
    ...of,
    step_id: StepId,
    /** The request that is not needed any more. */
    approval_id: id,
    args: z.record(z.string(), z.json()),
    by: z.string().max(200),
    reason,
    at: instant,
  }),
  { personal: ['args'] },
);
export const DirectiveApproved = event(
  'DirectiveApproved',
  z.object({
    ...of,
    /** False where it passed by itself (requirements D29). */
    human_override: z.boolean(),
    approval_id: id.nullable(),
    policy: Verdict.shape.policy,
    at: instant,
  }),
);
export const DirectiveBlocked = event(
  'DirectiveBlocked',
  z.object({
    ...of,
    origin: Origin,
    by: z.enum(['policy', 'approval', 'withdrawal']),
    /** `policy_denied`, `approval_denied`, `approval_expired`, … */
    code: z.string().max(100),
    reasons: z.array(reason).min(1).max(30),
    approval_id: id.nullable(),
    at: instant,
  }),
);
export const DirectiveDispatched = event('DirectiveDispatched', z.object({ ...of, run_id: id, at: instant }));
/** Executed, which is not to say that it succeeded: the run's own end says that (requirements D16, C15). */
export const DirectiveCompleted = event(
  'DirectiveCompleted',
  z.object({
    ...of,
    run_id: id,
    origin: Origin,
    run_status: z.enum(['completed', 'failed']),
    code: z.string().max(100).nullable(),
    message: reason,
    result: z.json().default(null),
    at: instant,
  }),
  { personal: ['result'] },
);
export const DirectiveAborted = event(
  'DirectiveAborted',
  z.object({ ...of, run_id: id.nullable(), origin: Origin, reason, at: instant }),
);

export const directiveEvents = [
  DirectiveDrafted,
  DirectiveRevised,
  DirectiveProposed,
  DirectiveJudged,
  DirectiveApprovalRequested,
  DirectiveAmended,
  DirectiveApproved,
  DirectiveBlocked,
  DirectiveDispatched,
  DirectiveCompleted,
  DirectiveAborted,
] as const;
export type DirectiveEvent = Occurrence<typeof directiveEvents>;
