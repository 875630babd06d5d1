import { digest } from '../kernel/digest.ts';
import { judgeUndoing } from '../gate/judge.ts';
import { derived } from '../kernel/ids.ts';
import type { Outcome } from '../kernel/process.ts';
import type { CallEnd, UndoReadiness } from './run.commands.ts';
import * as Events from './run.events.ts';
import type { RunEvent } from './run.events.ts';
import { askerOf } from './run.judgement.ts';
import type { RunState, StepState, Undo } from './run.state.ts';

const messageMax = 2_000;

type Compensation = Extract<Undo, { by: 'compensation' }>;

const failed = ({ run_id }: RunState, { step }: StepState, code: string, message: string, at: string): RunEvent =>
  Events.UndoFailed({ run_id, step_id: step.step_id, code, message: message.slice(0, messageMax), at });

const intended = ({ run_id }: RunState, { step }: StepState, by: Undo['by'], life: string, at: string): RunEvent => {
  const { step_id } = step;
  if (by === 'nothing') throw new Error(`${step_id}: nothing undoes it`);
  return Events.UndoIntended({ run_id, step_id, key: derived('undo', run_id, step_id), by, life, at });
};

/**
 * The gate's word on a compensation as it would run now. It needs no new agreement where one was asked for together with the
 * step; where none was, what has been filled in since must not need one either: then a person decides what becomes of it.
 */
const judged = (
  state: RunState,
  each: StepState,
  { action }: Compensation,
  gate: NonNullable<UndoReadiness['gate']>,
  at: string,
): { readonly events: readonly RunEvent[]; readonly allowed: boolean } => {
  const { question, verdict } = judgeUndoing(askerOf(state), action, gate);
  const { run_id } = state;
  const { called } = gate;
  const spec_digest = called === null ? null : digest(called.spec);
  const said = Events.UndoJudged({ run_id, step_id: each.step.step_id, question, spec_digest, verdict, at });
  const agreed = each.judged?.compensation?.verdict.decision === 'require_approval';
  const ends = (code: string, message: string) => ({
    events: [said, failed(state, each, code, message, at)],
    allowed: false,
  });
  if (called !== null && called.fault !== null) return ends('invalid_arguments', called.fault);
  if (verdict.decision === 'deny') return ends('policy_denied', verdict.reason);
  if (verdict.decision === 'require_approval' && !agreed)
    return ends('approval_required', `nobody was asked for it with the step: ${verdict.reason}`);
  return { events: [said], allowed: true };
};

/**
 * A step is about to be undone: the intent, and before it the gate's answer where that calls something. The life that was
 * named first stays: whoever comes later must not take the undoing for its own.
 */
export const intendedUndo = (
  state: RunState,
  each: StepState,
  outcome: Outcome<UndoReadiness>,
): readonly RunEvent[] => {
  const { at } = outcome;
  const { undo, undoing, step } = each;
  if (state.rollback?.left[0] !== step.step_id || undoing !== null || undo === null || undo.by === 'nothing') return [];
  if (undo.by === 'capability')
    return [intended(state, each, undo.by, outcome.ok ? outcome.result.life : 'unknown', at)];
  if (!outcome.ok) return [failed(state, each, outcome.failure.code, outcome.failure.message, at)];
  const { life, gate } = outcome.result;
  if (gate === null) return [failed(state, each, 'not_judged', 'the gate was not asked', at)];
  const { events, allowed } = judged(state, each, undo, gate, at);
  return allowed ? [...events, intended(state, each, undo.by, life, at)] : events;
};

/** How an undoing ended. Its own result is looked at: a compensation that answers with a failure has not compensated (W52, W75). */
export const undone = (state: RunState, each: StepState, outcome: Outcome<CallEnd>): RunEvent => {
  const { at } = outcome;
  if (!outcome.ok) return failed(state, each, outcome.failure.code, outcome.failure.message, at);
  const end = outcome.result;
  if (end.kind === 'succeeded') {
    const result = (end.result ?? null) as never;
    return Events.UndoSucceeded({ run_id: state.run_id, step_id: each.step.step_id, result, at });
  }
  const { code, message } = end.kind === 'failed' ? end : { code: 'outcome_unknown', message: end.why };
  return failed(state, each, code, message, at);
};
