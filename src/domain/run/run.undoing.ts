import { digest } from '../kernel/digest.ts';
import { judgeUndoing } from '../gate/judge.ts';
import { derived } from '../kernel/ids.ts';
import type { Outcome } from '../kernel/process.ts';
import type { CallEnd, UndoReadiness } from './run.commands.ts';
import * as Events from './run.events.ts';
import type { RunEvent } from './run.events.ts';
import { askerOf, overBudget } from './run.judgement.ts';
import type { RunState, StepState, Undo } from './run.state.ts';

const messageMax = 2_000;

type Compensation = Extract<Undo, { by: 'compensation' }>;

interface Paid {
  readonly cost_micros: number;
  readonly artifacts: CallEnd['artifacts'];
  readonly reservations: UndoReadiness['reservations'];
}

const paidOf = ({ cost_micros, artifacts, reservations }: Paid) => ({
  cost_micros,
  artifacts: [...artifacts],
  reservations: [...reservations],
});

const failed = (
  { run_id }: RunState,
  { step }: StepState,
  { code, message }: { readonly code: string; readonly message: string },
  paid: Paid,
  at: string,
): RunEvent =>
  Events.UndoFailed({
    run_id,
    step_id: step.step_id,
    code,
    message: message.slice(0, messageMax),
    ...paidOf(paid),
    at,
  });

const intended = (
  { run_id }: RunState,
  { step }: StepState,
  by: 'capability' | 'compensation',
  claims: { readonly life: string; readonly reservations: Paid['reservations']; readonly reserved_micros: number },
  at: string,
): RunEvent => {
  const { step_id } = step;
  const { life, reservations, reserved_micros } = claims;
  const key = derived('undo', run_id, step_id);
  return Events.UndoIntended({ run_id, step_id, key, by, life, at, reservations: [...reservations], reserved_micros });
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
): { readonly said: RunEvent; readonly against: { readonly code: string; readonly message: string } | undefined } => {
  const { question, verdict } = judgeUndoing(askerOf(state), action, gate);
  const { run_id } = state;
  const { called } = gate;
  const spec_digest = called === null ? null : digest(called.spec);
  const said = Events.UndoJudged({ run_id, step_id: each.step.step_id, question, spec_digest, verdict, at });
  const agreed = each.judged?.compensation?.verdict.decision === 'require_approval';
  const ends = (code: string, message: string) => ({ said, against: { code, message } });
  if (called !== null && called.fault !== null) return ends('invalid_arguments', called.fault);
  if (verdict.decision === 'deny') return ends('policy_denied', verdict.reason);
  if (verdict.decision === 'require_approval' && !agreed)
    return ends('approval_required', `nobody was asked for it with the step: ${verdict.reason}`);
  return { said, against: undefined };
};

/** What a compensation may not spend: a limit is one, also for what undoes (assurance P12). */
const beyondBudget = (state: RunState, cost_micros: number, short: string | null): string | undefined => {
  if (short !== null) return short;
  return overBudget(state, cost_micros)
    ? `the run may spend ${state.plan?.budget_micros} micro-units, and this costs ${cost_micros}`
    : undefined;
};

/** A compensation is about to be called: judged, paid for, and then intended; or not called at all. */
const intendedCompensation = (
  state: RunState,
  each: StepState,
  undo: Compensation,
  { life, gate, reservations, short }: UndoReadiness,
  at: string,
): readonly RunEvent[] => {
  const unspent = { cost_micros: 0, artifacts: [], reservations };
  if (gate === null)
    return [failed(state, each, { code: 'not_judged', message: 'the gate was not asked' }, unspent, at)];
  const { said, against } = judged(state, each, undo, gate, at);
  if (against !== undefined) return [said, failed(state, each, against, unspent, at)];
  const { cost_micros } = undo.callee;
  const beyond = beyondBudget(state, cost_micros, short);
  if (beyond !== undefined)
    return [said, failed(state, each, { code: 'budget_exceeded', message: beyond }, unspent, at)];
  return [said, intended(state, each, undo.by, { life, reservations, reserved_micros: cost_micros }, at)];
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
  if (undo.by === 'capability') {
    const life = outcome.ok ? outcome.result.life : 'unknown';
    return [intended(state, each, undo.by, { life, reservations: [], reserved_micros: 0 }, at)];
  }
  const unspent = { cost_micros: 0, artifacts: [], reservations: [] };
  if (!outcome.ok) return [failed(state, each, outcome.failure, unspent, at)];
  return intendedCompensation(state, each, undo, outcome.result, at);
};

/** How an undoing ended. Its own result is looked at: a compensation that answers with a failure has not compensated (W52, W75). */
export const undone = (state: RunState, each: StepState, outcome: Outcome<CallEnd>): RunEvent => {
  const { at } = outcome;
  const { reservations = [], reserved_micros = 0 } = each.undoing ?? {};
  // What may have been done counts as spent (design 5, rule 6).
  const perhaps = { cost_micros: reserved_micros, artifacts: [], reservations };
  if (!outcome.ok) return failed(state, each, outcome.failure, perhaps, at);
  const end = outcome.result;
  if (end.kind === 'unknown') {
    const { artifacts, why: message } = end;
    return failed(state, each, { code: 'outcome_unknown', message }, { ...perhaps, artifacts }, at);
  }
  const { cost_micros, artifacts } = end;
  const paid = { cost_micros, artifacts, reservations };
  if (end.kind === 'failed') return failed(state, each, end, paid, at);
  const result = (end.result ?? null) as never;
  return Events.UndoSucceeded({ run_id: state.run_id, step_id: each.step.step_id, result, ...paidOf(paid), at });
};
