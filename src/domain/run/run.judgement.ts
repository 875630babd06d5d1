import type { Verdict } from '../gate/verdict.ts';
import { differences, type Action, type Callee } from '../gate/action.ts';
import { judge, type Asker } from '../gate/judge.ts';
import type { Materials } from '../gate/materials.ts';
import type { ActionStep } from '../gate/plan.ts';
import { withHands } from '../gate/principal.ts';
import { digest } from '../kernel/digest.ts';
import { derived } from '../kernel/ids.ts';
import * as Events from './run.events.ts';
import type { RunEvent } from './run.events.ts';
import type { RunState, StepState } from './run.state.ts';

/** The key of a step's call: the same at every attempt, and after every crash (assurance 1.3). */
export const callKey = (run_id: string, step_id: string): string => derived('call', run_id, step_id);

const stepIds = ({ run_id }: RunState, { step }: StepState) => ({ run_id, step_id: step.step_id });
const unpaid = { cost_micros: 0, artifacts: [], reservations: [] };

/** The step ends before anything was done. */
export const refusedStep = (state: RunState, each: StepState, code: string, message: string, at: string): RunEvent =>
  Events.StepFailed({
    ...stepIds(state, each),
    attempt: each.attempt + 1,
    code,
    message: message.slice(0, 2_000),
    at,
    ...unpaid,
  });

/** In whose name a run asks the gate. */
export const askerOf = ({ plan, principal, scope, environment }: RunState): Asker => ({
  principal: principal ?? { type: 'user', id: 'nobody', roles: [], permissions: [], chain: [] },
  scope,
  environment,
  budget_micros: plan?.budget_micros ?? null,
  stakes: plan?.stakes ?? null,
});

/** Why an approval that is in hand does not stand for this action now; undefined where it does. */
const approvalFault = (
  each: StepState,
  action: Action,
  at: string,
): { ending: 'invalidated' | 'expired'; message: string } | undefined => {
  const { approval } = each;
  if (approval === null || !approval.granted || approval.action === null) return undefined;
  if (approval.expires_at !== null && at >= approval.expires_at)
    return { ending: 'expired', message: `the approval was good until ${approval.expires_at}` };
  const differs = differences(approval.action, action);
  return differs.length === 0
    ? undefined
    : { ending: 'invalidated', message: `it is no longer what was agreed to: ${differs.join(', ')}` };
};

/** An approval that is in hand and will not be used is ended as what it is: nobody can take it for anything any more. */
export const lapsed = (
  state: RunState,
  each: StepState,
  ending: 'invalidated' | 'withdrawn',
  reason: string,
  at: string,
): readonly RunEvent[] => {
  const { approval } = each;
  if (approval?.granted !== true) return [];
  const said = { approval_id: approval.approval_id, ending, reason: reason.slice(0, 2_000), at };
  return [Events.StepApprovalEnded({ ...stepIds(state, each), ...said })];
};

const asking = (state: RunState, each: StepState, action: Action, verdict: Verdict, at: string): RunEvent => {
  const terms = verdict.approval;
  if (terms === null || state.principal === null)
    throw new Error('a verdict that asks for an approval names its terms');
  return Events.StepApprovalRequested({
    ...stepIds(state, each),
    directive_id: state.directive_id,
    approval_id: derived('approval', state.run_id, each.step.step_id, each.round + 1),
    action,
    action_digest: action.action_digest,
    headline: `${action.capability_id}: ${verdict.reason}`.slice(0, 2_000),
    verdict,
    terms,
    requested_by: withHands(state.principal, each.amended_by),
    at,
    expires_at: new Date(Date.parse(at) + terms.expires_in_ms).toISOString(),
    supersedes: null,
  });
};

/** What steps will cost that are cleared and not intended yet. */
const clearedMicros = ({ steps }: RunState): number =>
  [...steps.values()].reduce(
    (sum, { status, judged }) => sum + (status === 'cleared' ? (judged?.callee?.cost_micros ?? 0) : 0),
    0,
  );

/** Whether this would be more than the run itself may still spend. */
export const overBudget = (state: RunState, cost_micros: number): boolean => {
  const { plan, spent_micros, reserved_micros } = state;
  const held = spent_micros + reserved_micros + clearedMicros(state);
  return typeof plan?.budget_micros === 'number' && held + cost_micros > plan.budget_micros;
};

/**
 * What the gate's answer leads to: a step that fails before anything was done, a question to a person, or a call. What
 * needs nothing to be taken first (no approval, no grant, no budget) is intended in the same append.
 */
export const judgedStep = (
  state: RunState,
  each: StepState,
  step: ActionStep,
  materials: Materials,
  at: string,
): readonly RunEvent[] => {
  const { called, standing, grant_id, budget_ids, life } = materials;
  const ids = stepIds(state, each);
  const attempt = each.attempt + 1;
  if (called !== null && called.fault !== null)
    return [
      ...lapsed(state, each, 'invalidated', called.fault, at),
      refusedStep(state, each, 'invalid_arguments', called.fault, at),
    ];
  const { question, verdict, action, callee, compensation } = judge(askerOf(state), step, materials);
  const needed = verdict.decision === 'require_approval';
  const granted = each.approval?.granted === true;
  const judged = Events.StepJudged({
    ...ids,
    attempt,
    question,
    spec_digest: action?.spec_digest ?? null,
    verdict,
    action,
    callee,
    compensation,
    grant_id: needed && !granted ? grant_id : null,
    budget_ids: (callee?.cost_micros ?? 0) > 0 ? [...budget_ids] : [],
    at,
  });
  const refused = (code: string, message: string, ending: 'invalidated' | 'withdrawn') => [
    judged,
    ...lapsed(state, each, ending, message, at),
    refusedStep(state, each, code, message, at),
  ];
  if (verdict.decision === 'deny' || action === null || callee === null)
    return refused(
      'policy_denied',
      called === null ? `${verdict.reason} (${standing})` : verdict.reason,
      'invalidated',
    );
  const fault = approvalFault(each, action, at);
  if (fault !== undefined && each.approval !== null) {
    const { ending, message } = fault;
    const ended = Events.StepApprovalEnded({
      ...ids,
      approval_id: each.approval.approval_id,
      ending,
      reason: message,
      at,
    });
    return [judged, ended, refusedStep(state, each, `approval_${ending}`, message, at)];
  }
  if (needed && !granted && grant_id === null) return [judged, asking(state, each, action, verdict, at)];
  if (overBudget(state, callee.cost_micros))
    return refused(
      'budget_exceeded',
      `the run may spend ${state.plan?.budget_micros} micro-units, and this costs ${callee.cost_micros}`,
      'withdrawn',
    );
  const claims = granted || (needed && grant_id !== null) || (callee.cost_micros > 0 && budget_ids.length > 0);
  if (claims) return [judged, Events.StepCleared({ ...ids, attempt, at })];
  return [judged, intended(state, each, action, callee, { reservations: [], life }, { attempt, grant_id: null, at })];
};

/** From here on the call may have been made. */
export const intended = (
  state: RunState,
  each: StepState,
  { action_digest }: Action,
  { effect_class, cost_micros }: { readonly effect_class: Callee['effect_class']; readonly cost_micros: number },
  claims: { readonly reservations: readonly { budget_id: string; reservation_id: string }[]; readonly life: string },
  { attempt, grant_id, at }: { readonly attempt: number; readonly grant_id: string | null; readonly at: string },
): RunEvent =>
  Events.StepIntended({
    ...stepIds(state, each),
    attempt,
    key: callKey(state.run_id, each.step.step_id),
    action_digest,
    effect_class,
    approval_id: each.approval?.approval_id ?? null,
    grant_id,
    reservations: [...claims.reservations],
    reserved_micros: cost_micros,
    life: claims.life,
    at,
  });

/** A step that only asks for a person's word passes no gate: there is nothing to call (W77). */
export const askedForWord = (
  state: RunState,
  each: StepState,
  message: string,
  { active }: Materials,
  at: string,
): RunEvent => {
  const terms = active.document.approval;
  if (state.principal === null) throw new Error('a run has a principal');
  return Events.StepApprovalRequested({
    ...stepIds(state, each),
    directive_id: state.directive_id,
    approval_id: derived('approval', state.run_id, each.step.step_id, each.round + 1),
    action: null,
    action_digest: digest({ run_id: state.run_id, step_id: each.step.step_id, message }),
    headline: message,
    verdict: null,
    terms,
    requested_by: withHands(state.principal, each.amended_by),
    at,
    expires_at: new Date(Date.parse(at) + terms.expires_in_ms).toISOString(),
    supersedes: null,
  });
};
