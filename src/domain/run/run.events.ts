import { z } from 'zod';
import { Action, Callee } from '../gate/action.ts';
import { approvalRequest } from '../gate/approval.request.ts';
import { Plan, StepId } from '../gate/plan.ts';
import { GatePrincipal } from '../gate/principal.ts';
import { Question } from '../gate/question.ts';
import { Verdict } from '../gate/verdict.ts';
import { event, type Occurrence } from '../kernel/event.ts';

const id = z.uuid();
const instant = z.iso.datetime();
const reason = z.string().max(2_000);
const code = z.string().min(1).max(100);
const micros = z.int().min(0);
const attempt = z.int().min(1).max(100);
const run = { run_id: id };
const step = { run_id: id, step_id: StepId };
/** What was set aside in budgets for a call. */
const reservations = z.array(z.object({ budget_id: id, reservation_id: id })).max(10);
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

export const Artifact = z.object({
  type: z.string().min(1).max(100),
  uri: z.string().max(500),
  digest,
  bytes: z.int().min(0),
  media_type: z.string().max(200),
});

/** An approval that came with the directive: it was asked for before the run, for a plan of one step. */
const Held = z.object({ step_id: StepId, approval_id: id, action: Action });

export const RunCreated = event(
  'RunCreated',
  z.object({
    ...run,
    directive_id: id,
    plan: Plan,
    principal: GatePrincipal,
    scope: z.string().max(200),
    environment: z.string().max(200),
    approval: Held.nullable(),
  }),
  { personal: ['plan', 'approval'] },
);
export const RunStarted = event('RunStarted', z.object({ ...run, at: instant }));

/** The gate's answer for a step, with all that it was given. The `action` is what would run, null where nothing may. */
export const StepJudged = event(
  'StepJudged',
  z.object({
    ...step,
    attempt,
    question: Question,
    spec_digest: digest.nullable(),
    verdict: Verdict,
    action: Action.nullable(),
    callee: Callee.nullable(),
    /** What would undo it, judged with it: nothing that needs undoing begins where its undoing is denied. */
    compensation: z.object({ action: Action, callee: Callee, verdict: Verdict }).nullable(),
    /** A grant that stands for the approval; null where none is needed or none covers it. */
    grant_id: id.nullable(),
    /** Budgets in which room is set aside before it is called. */
    budget_ids: z.array(id).max(10),
    at: instant,
  }),
  { personal: ['question', 'verdict', 'action', 'compensation'] },
);
export const StepApprovalRequested = event(
  'StepApprovalRequested',
  z.object({
    ...step,
    directive_id: id,
    ...approvalRequest,
    action: Action.nullable(),
    action_digest: digest,
    verdict: Verdict.nullable(),
  }),
  { personal: ['action', 'verdict'] },
);
export const StepApprovalEnded = event(
  'StepApprovalEnded',
  z.object({
    ...step,
    approval_id: id,
    ending: z.enum(['granted', 'denied', 'expired', 'withdrawn', 'superseded', 'invalidated']),
    reason,
    at: instant,
  }),
);
/** Other arguments, given by a person before anything ran: it is judged anew (requirements C17). */
export const StepAmended = event(
  'StepAmended',
  z.object({ ...step, args: z.record(z.string(), z.json()), by: z.string().max(200), reason, at: instant }),
  { personal: ['args'] },
);
/** Allowed; what it needs (a budget, a grant, an approval) is taken before its intent. */
export const StepCleared = event('StepCleared', z.object({ ...step, attempt, at: instant }));
/**
 * What it was cleared under is not so any more: the run was paused meanwhile, or what it needed took its time. It is judged
 * anew, and nothing was called (assurance F86).
 */
export const StepClearanceLapsed = event(
  'StepClearanceLapsed',
  z.object({ ...step, attempt, why: reason, at: instant }),
);
/** From here on the call may have been made. `life` names the life of the node that makes it. */
export const StepIntended = event(
  'StepIntended',
  z.object({
    ...step,
    attempt,
    key: z.string().max(200),
    action_digest: digest,
    effect_class: Callee.shape.effect_class,
    approval_id: id.nullable(),
    grant_id: id.nullable(),
    reservations,
    reserved_micros: micros,
    life: z.string().max(100),
    at: instant,
  }),
);

const ended = { ...step, attempt, at: instant, cost_micros: micros, artifacts: z.array(Artifact).max(50) };
export const StepSucceeded = event(
  'StepSucceeded',
  z.object({
    ...ended,
    result: z.json(),
    /** What undoes it; null where there is nothing to undo. `own` is handed to the capability's own undo. */
    undo: z
      .discriminatedUnion('by', [
        z.object({ by: z.literal('capability'), capability_id: z.string(), own: z.json() }),
        z.object({ by: z.literal('compensation'), action: Action, callee: Callee }),
        z.object({ by: z.literal('nothing'), why: reason }),
      ])
      .nullable(),
    reservations,
  }),
  { personal: ['result', 'undo'] },
);
export const StepRetryScheduled = event(
  'StepRetryScheduled',
  z.object({ ...ended, code, message: reason, retry_at: instant, reservations }),
);
/** The pause is over: the step is judged again, for the policy may be another one by now. */
export const StepRetryDue = event('StepRetryDue', z.object({ ...step, attempt }));
export const StepFailed = event('StepFailed', z.object({ ...ended, code, message: reason, reservations }));
/** Nobody knows whether it was done. It is not tried again by itself; a person says what is so (assurance 1.3). */
export const StepOutcomeUnknown = event('StepOutcomeUnknown', z.object({ ...ended, why: reason, reservations }));
export const StepOutcomeResolved = event(
  'StepOutcomeResolved',
  z.object({
    ...step,
    attempt,
    answer: z.enum(['done', 'not_done', 'retry']),
    result: z.json().nullable(),
    by: z.string().max(200),
    reason,
    at: instant,
  }),
  { personal: ['result'] },
);
export const StepSkipped = event('StepSkipped', z.object({ ...step, why: reason }));

export const RunPaused = event('RunPaused', z.object({ ...run, reason, at: instant }));
export const RunResumed = event('RunResumed', z.object({ ...run, reason, at: instant }));
export const RunCancelRequested = event(
  'RunCancelRequested',
  z.object({ ...run, reason, rollback: z.boolean(), at: instant }),
);
export const RunTimedOut = event('RunTimedOut', z.object({ ...run, at: instant }));
export const RollbackStarted = event(
  'RollbackStarted',
  z.object({ ...run, reason, /** In the order in which they are undone. */ step_ids: z.array(StepId).max(25) }),
);
/** The gate's answer for a compensation, whose arguments are whole only now that it is needed. */
export const UndoJudged = event(
  'UndoJudged',
  z.object({ ...step, question: Question, spec_digest: digest.nullable(), verdict: Verdict, at: instant }),
  { personal: ['question', 'verdict'] },
);
export const UndoIntended = event(
  'UndoIntended',
  z.object({
    ...step,
    key: z.string().max(200),
    by: z.enum(['capability', 'compensation']),
    reservations: reservations.default([]),
    reserved_micros: micros.default(0),
    life: z.string().max(100),
    at: instant,
  }),
);
/** What an undoing cost, what it left, and what was set aside for it. */
const undone = {
  ...step,
  at: instant,
  cost_micros: micros.default(0),
  artifacts: z.array(Artifact).max(50).default([]),
  reservations: reservations.default([]),
};
export const UndoSucceeded = event('UndoSucceeded', z.object({ ...undone, result: z.json() }), {
  personal: ['result'],
});
export const UndoFailed = event('UndoFailed', z.object({ ...undone, code, message: reason }));

const rollback = z.enum(['not_needed', 'complete', 'incomplete', 'left']);
export const RunCompleted = event(
  'RunCompleted',
  z.object({
    ...run,
    directive_id: id,
    outcome: z.enum(['success', 'partial']),
    /** What its one step answered, or what each did, by step; null where that is too large to repeat. */
    result: z.json().default(null),
    cost_micros: micros,
    at: instant,
  }),
  { personal: ['result'] },
);
export const RunFailed = event(
  'RunFailed',
  z.object({
    ...run,
    directive_id: id,
    step_id: StepId.nullable(),
    code,
    message: reason,
    rollback,
    cost_micros: micros,
    at: instant,
  }),
);
export const RunCanceled = event(
  'RunCanceled',
  z.object({ ...run, directive_id: id, reason, rollback, cost_micros: micros, at: instant }),
);

export const runEvents = [
  RunCreated,
  RunStarted,
  StepJudged,
  StepApprovalRequested,
  StepApprovalEnded,
  StepAmended,
  StepCleared,
  StepClearanceLapsed,
  StepIntended,
  StepSucceeded,
  StepRetryScheduled,
  StepRetryDue,
  StepFailed,
  StepOutcomeUnknown,
  StepOutcomeResolved,
  StepSkipped,
  RunPaused,
  RunResumed,
  RunCancelRequested,
  RunTimedOut,
  RollbackStarted,
  UndoJudged,
  UndoIntended,
  UndoSucceeded,
  UndoFailed,
  RunCompleted,
  RunFailed,
  RunCanceled,
] as const;
export type RunEvent = Occurrence<typeof runEvents>;
