import { backoffMs } from '../kernel/backoff.ts';
import type { Outcome } from '../kernel/process.ts';
import { withArgs } from '../gate/action.ts';
import { filled } from '../gate/templates.ts';
import type { CallEnd, Claims } from './run.commands.ts';
import * as Events from './run.events.ts';
import type { RunEvent } from './run.events.ts';
import { intended, lapsed, refusedStep } from './run.judgement.ts';
import { answersOf, calleeOf, isFailing, type RunState, type StepState, type Undo } from './run.state.ts';

const messageMax = 2_000;
/** Whoever puts one policy in force after the other does not keep a run going for ever. */
const lapsesMax = 20;

const endOf = (state: RunState, each: StepState, at: string) => ({
  run_id: state.run_id,
  step_id: each.step.step_id,
  attempt: each.attempt,
  at,
  reservations: [...(each.intent?.reservations ?? [])],
});

/**
 * What undoes a step that has succeeded, recorded with its success, so that a crash loses nothing of it (W73, W74): what the
 * plan declares first, then what the capability left, then nothing. What only reads needs no undoing.
 */
const undoOf = (state: RunState, each: StepState, result: unknown, own: unknown): Undo | null => {
  const { judged } = each;
  const callee = calleeOf(each);
  if (judged?.compensation != null) {
    const { action, callee: undoer } = judged.compensation;
    const args = filled(action.args, { ...answersOf(state), result }) as typeof action.args;
    return { by: 'compensation', action: withArgs(action, args), callee: undoer };
  }
  if (own !== undefined && callee !== null)
    return { by: 'capability', capability_id: callee.capability_id, own: own as never };
  return callee?.effect_class === 'read'
    ? null
    : { by: 'nothing', why: 'neither the plan nor the capability says how' };
};

const unknown = (
  state: RunState,
  each: StepState,
  { why, artifacts }: Omit<Extract<CallEnd, { kind: 'unknown' }>, 'kind'>,
  at: string,
): RunEvent =>
  // What may have been done counts as spent (design 5, rule 6).
  Events.StepOutcomeUnknown({
    ...endOf(state, each, at),
    cost_micros: each.intent?.reserved_micros ?? 0,
    artifacts: [...artifacts],
    why: why.slice(0, messageMax),
  });

const failed = (state: RunState, each: StepState, end: Extract<CallEnd, { kind: 'failed' }>, at: string): RunEvent => {
  const { code, retryable, retry_after_ms, cost_micros, artifacts } = end;
  const message = end.message.slice(0, messageMax);
  const said = { ...endOf(state, each, at), code, message, cost_micros, artifacts: [...artifacts] };
  const { attempts_max = 1, first_ms = 1, longest_ms = 1 } = state.plan?.retry ?? {};
  const backoff = { attemptsMax: attempts_max, firstMs: first_ms, longestMs: longest_ms };
  const wait =
    retryable && !isFailing(state)
      ? backoffMs(backoff, each.attempt, `${each.intent?.key}:${each.attempt}`, retry_after_ms)
      : undefined;
  if (wait === undefined) return Events.StepFailed(said);
  return Events.StepRetryScheduled({ ...said, retry_at: new Date(Date.parse(at) + wait).toISOString() });
};

/** How a call ended, in the words of the record. A bug of ours in the middle of it leaves what happened unknown. */
export const landedStep = (state: RunState, each: StepState, outcome: Outcome<CallEnd>): RunEvent => {
  const { at } = outcome;
  if (!outcome.ok) {
    const { code, message } = outcome.failure;
    return calleeOf(each)?.effect_class === 'read'
      ? failed(state, each, { kind: 'failed', code, message, retryable: false, cost_micros: 0, artifacts: [] }, at)
      : unknown(state, each, { why: `${code}: ${message}`, artifacts: [] }, at);
  }
  const end = outcome.result;
  if (end.kind === 'unknown') return unknown(state, each, end, at);
  if (end.kind === 'failed') return failed(state, each, end, at);
  return Events.StepSucceeded({
    ...endOf(state, each, at),
    result: (end.result ?? null) as never,
    cost_micros: end.cost_micros,
    artifacts: [...end.artifacts],
    undo: undoOf(state, each, end.result, end.own),
  });
};

/** What was to be taken before the call was taken, or could not be had; where the run fails meanwhile, nothing is called. */
export const claimedStep = (state: RunState, each: StepState, outcome: Outcome<Claims>): readonly RunEvent[] => {
  const { at } = outcome;
  const before = { ...each, attempt: each.attempt - 1 };
  if (!outcome.ok) {
    const { code, message } = outcome.failure;
    return [...lapsed(state, each, 'withdrawn', message, at), refusedStep(state, before, code, message, at)];
  }
  const { reservations, changed } = outcome.result;
  const { judged } = each;
  if (isFailing(state) || judged?.action == null || judged.callee === null) {
    const refusal = refusedStep(state, before, 'run_failing', 'the run ends: it was not called', at);
    return [{ ...refusal, data: { ...refusal.data, reservations } } as RunEvent];
  }
  if (changed !== null) {
    if (each.lapses >= lapsesMax) return [refusedStep(state, before, 'unsettled', changed, at)];
    const { run_id } = state;
    return [
      Events.StepClearanceLapsed({ run_id, step_id: each.step.step_id, attempt: each.attempt, why: changed, at }),
    ];
  }
  const { action, callee, grant_id } = judged;
  return [intended(state, each, action, callee, outcome.result, { attempt: each.attempt, grant_id, at })];
};

/** A person has said what became of a call that nobody knew of (assurance 1.3). */
export const resolvedStep = (
  state: RunState,
  each: StepState,
  answer: 'done' | 'not_done' | 'retry',
  result: unknown,
  at: string,
): readonly RunEvent[] => {
  const said = { ...endOf(state, each, at), cost_micros: 0, artifacts: [] };
  if (answer === 'done')
    return [
      Events.StepSucceeded({
        ...said,
        result: (result ?? null) as never,
        undo: undoOf(state, each, result, undefined),
      }),
    ];
  if (answer === 'not_done')
    return [Events.StepFailed({ ...said, code: 'not_done', message: 'a person found that it was not done' })];
  return [];
};
