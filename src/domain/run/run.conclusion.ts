import * as Events from './run.events.ts';
import type { RunEvent } from './run.events.ts';
import { evolveRun } from './run.evolve.ts';
import { failedStep, isFailing, isOpen, isOver, type RunState, type StepState } from './run.state.ts';

const eventsMax = 200;

const totals = ({ run_id, directive_id, spent_micros }: RunState) => ({
  run_id,
  directive_id,
  cost_micros: spent_micros,
});

/** What is left of the steps once the run ends badly: whoever was asked is told that it is not needed any more. */
const dropped = (state: RunState, each: StepState, why: string, at: string): readonly RunEvent[] => {
  const ids = { run_id: state.run_id, step_id: each.step.step_id };
  const skipped = Events.StepSkipped({ ...ids, why });
  if (each.approval === null) return [skipped];
  const { approval_id } = each.approval;
  return [Events.StepApprovalEnded({ ...ids, approval_id, ending: 'withdrawn', reason: why, at }), skipped];
};

/** Steps behind one that has not succeeded and that the run goes on without. */
const unreachable = ({ steps }: RunState): StepState | undefined =>
  [...steps.values()].find(
    ({ status, step }) =>
      status === 'waiting' &&
      step.depends_on.some((before) => ['failed', 'skipped'].includes(steps.get(before)?.status ?? '')),
  );

/** What has succeeded and has left something behind, the newest first. */
const toUndo = ({ succeeded, steps }: RunState): readonly string[] =>
  succeeded.toReversed().filter((step_id) => steps.get(step_id)?.undo != null);

const rollbackOf = (state: RunState): 'not_needed' | 'complete' | 'incomplete' | 'left' => {
  if (state.rollback === null) return toUndo(state).length === 0 ? 'not_needed' : 'left';
  const failed = [...state.steps.values()].some(({ undone }) => undone === 'failed');
  return failed ? 'incomplete' : 'complete';
};

const badEnd = (state: RunState, at: string): RunEvent => {
  const rollback = rollbackOf(state);
  if (state.cancel !== null) return Events.RunCanceled({ ...totals(state), reason: state.cancel.reason, rollback, at });
  const { step, failure } = failedStep(state) ?? {};
  const why = state.timed_out
    ? { code: 'time_limit', message: `it took more than ${state.plan?.time_limit_ms} ms` }
    : (failure ?? { code: 'failed', message: 'a step has failed' });
  return Events.RunFailed({ ...totals(state), step_id: step?.step_id ?? null, ...why, rollback, at });
};

const failing = (state: RunState, at: string): readonly RunEvent[] => {
  const steps = [...state.steps.values()];
  if (steps.some(isOpen)) return [];
  const left = steps.find((each) => !isOver(each));
  if (left !== undefined) return dropped(state, left, 'the run has ended', at);
  const wanted = state.cancel?.rollback ?? state.plan?.auto_rollback ?? true;
  const step_ids = [...toUndo(state)];
  if (!wanted || step_ids.length === 0) return [badEnd(state, at)];
  const reason = state.cancel?.reason ?? failedStep(state)?.failure?.message ?? 'the time is up';
  return [Events.RollbackStarted({ run_id: state.run_id, reason, step_ids })];
};

/** What nothing undoes is said to be so, in its turn: the rollback is not complete, and nobody claims it is. */
const rollingBack = (state: RunState, [next]: readonly string[], at: string): readonly RunEvent[] => {
  if (next === undefined) return [badEnd(state, at)];
  const undo = state.steps.get(next)?.undo;
  return undo?.by === 'nothing'
    ? [
        Events.UndoFailed({
          ...{ run_id: state.run_id, step_id: next, code: 'irreversible', message: undo.why, at },
          ...{ cost_micros: 0, artifacts: [], reservations: [] },
        }),
      ]
    : [];
};

/** A larger result is read from the steps themselves. */
const resultCharsMax = 32_768;

/** What its one step answered; of several, what each did, by step. */
const resultOf = ({ steps }: RunState): unknown => {
  const answers = Object.fromEntries([...steps.values()].map(({ step, result }) => [step.step_id, result]));
  const [only, ...more] = Object.values(answers);
  const result = more.length === 0 ? only : answers;
  return JSON.stringify(result ?? null).length > resultCharsMax ? null : (result ?? null);
};

const nextConclusion = (state: RunState, at: string): readonly RunEvent[] => {
  if (state.phase === 'ended' || state.plan === null) return [];
  if (state.rollback !== null) return rollingBack(state, state.rollback.left, at);
  if (isFailing(state)) return state.phase === 'paused' ? [] : failing(state, at);
  const stranded = unreachable(state);
  if (stranded !== undefined) return dropped(state, stranded, 'a step that it depends on has not succeeded', at);
  const steps = [...state.steps.values()];
  if (state.phase !== 'running' || !steps.every(isOver)) return [];
  const outcome = steps.every(({ status }) => status === 'succeeded') ? 'success' : 'partial';
  return [Events.RunCompleted({ ...totals(state), outcome, result: resultOf(state) as never, at })];
};

/**
 * What follows by itself from what has just happened: steps that cannot begin any more are skipped, a run that fails rolls
 * back once nothing of it is under way, and one that has nothing left to do ends. `phaseAfter` is the machine's word.
 */
export const concluded = (
  state: RunState,
  events: readonly RunEvent[],
  at: string,
  phaseAfter: (phase: RunState['phase'], event: RunEvent) => RunState['phase'],
): readonly RunEvent[] => {
  const all = [...events];
  const known = (from: RunState, event: RunEvent): RunState => ({
    ...evolveRun(from, event),
    phase: phaseAfter(from.phase, event),
  });
  let now = all.reduce(known, state);
  for (let more = nextConclusion(now, at); more.length > 0; more = nextConclusion(now, at)) {
    all.push(...more);
    if (all.length > eventsMax) throw new Error(`${state.run_id}: a run does not conclude`);
    now = more.reduce(known, now);
  }
  return all;
};
