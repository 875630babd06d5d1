import type { Action, Callee } from '../gate/action.ts';
import type { Materials } from '../gate/materials.ts';
import type { ActionStep, Step } from '../gate/plan.ts';
import type { GatePrincipal } from '../gate/principal.ts';
import { filled } from '../gate/templates.ts';
import type { Effect, Outcome, Process, Wait } from '../kernel/process.ts';
import type { CallEnd, Claims, RunCommand, UndoReadiness } from './run.commands.ts';
import { run, type RunRefused } from './run.decider.ts';
import type { RunEvent } from './run.events.ts';
import { answersOf, isFailing, readySteps, type RunState, type StepState, type Undo } from './run.state.ts';

interface OfStep extends Effect {
  readonly run_id: string;
  readonly step_id: string;
  readonly attempt: number;
}

/** Find out what the gate has to be asked with. */
export interface JudgeEffect extends OfStep {
  readonly kind: 'judge';
  readonly directive_id: string;
  /** The gate has answered for no step of the run: whether its directive stands is still to be seen. */
  readonly begins: boolean;
  readonly step: Step;
  /** The arguments with what earlier steps have answered filled in. */
  readonly args: ActionStep['args'];
  readonly principal: GatePrincipal | null;
  readonly scope: string;
  readonly environment: string;
}

/** Take what the call needs: the approval, the grant, room in the budgets. */
export interface ClaimEffect extends OfStep {
  readonly kind: 'claim';
  readonly action: Action;
  readonly callee: Callee;
  readonly principal: GatePrincipal | null;
  readonly scope: string;
  readonly environment: string;
  readonly approval_id: string | null;
  readonly grant_id: string | null;
  readonly budget_ids: readonly string[];
}

/** Call the capability: the one effect that reaches the world. */
export interface InvokeEffect extends OfStep {
  readonly kind: 'invoke';
  readonly action: Action;
  readonly callee: Callee;
  readonly principal: GatePrincipal | null;
  /** The same at every attempt. */
  readonly call_key: string;
  /** Of the node that recorded the intent: another one does not know whether the call was made. */
  readonly life: string;
}

/** Make ready to undo a step: the life of the node that is about to, what the gate has to be asked with, and room in the budgets. */
export interface IntendUndoEffect extends OfStep {
  readonly kind: 'intend_undo';
  readonly undo: Undo;
  readonly principal: GatePrincipal | null;
}

/** Undo a step. */
export interface UndoEffect extends OfStep {
  readonly kind: 'undo';
  readonly undo: Undo;
  readonly principal: GatePrincipal | null;
  readonly call_key: string;
  readonly life: string;
}

export type RunEffect = JudgeEffect | ClaimEffect | InvokeEffect | IntendUndoEffect | UndoEffect;

/** What was asked before something changed was answered by that: after it, it is another question. */
const sinceLapse = ({ lapses }: StepState): string => (lapses > 0 ? `:lapsed:${lapses}` : '');

const judging = (state: RunState, each: StepState): JudgeEffect => {
  const { step, attempt, round } = each;
  const { run_id, directive_id, principal, scope, environment, resumed } = state;
  const begins = [...state.steps.values()].every(({ judged, round: asked }) => judged === null && asked === 0);
  const next = attempt + 1;
  const args = step.kind === 'action' ? (filled(step.args, answersOf(state)) as ActionStep['args']) : {};
  // What was asked before a pause was answered by it: after it, it is another question.
  const again = resumed > 0 ? `:${resumed}` : '';
  const key = `${run_id}:${step.step_id}:judge:${next}:${round}${again}${sinceLapse(each)}`;
  return {
    kind: 'judge',
    key,
    run_id,
    directive_id,
    begins,
    step_id: step.step_id,
    attempt: next,
    step,
    args,
    principal,
    scope,
    environment,
  };
};

/** What a step that is under way wants: these go on whatever becomes of the run. */
const underWay = (state: RunState, each: StepState): readonly RunEffect[] => {
  const { run_id, principal, scope, environment } = state;
  const { status, judged, intent, attempt, approval, step } = each;
  if (judged?.action == null || judged.callee === null) return [];
  const { action, callee, grant_id } = judged;
  const of = { run_id, step_id: step.step_id, attempt, action, callee, principal };
  if (status === 'cleared') {
    const approval_id = approval?.granted === true && approval.action !== null ? approval.approval_id : null;
    const key = `${run_id}:${step.step_id}:claim:${attempt}${sinceLapse(each)}`;
    const { budget_ids } = judged;
    return [{ kind: 'claim', key, ...of, approval_id, grant_id, budget_ids, scope, environment }];
  }
  if (status === 'intended' && intent !== null) {
    const key = `${run_id}:${step.step_id}:invoke:${attempt}`;
    return [{ kind: 'invoke', key, ...of, call_key: intent.key, life: intent.life }];
  }
  return [];
};

const pauses = ({ run_id }: RunState, { status, step, attempt, retry_at }: StepState): readonly Wait[] =>
  status === 'backing_off' && retry_at !== null
    ? [{ kind: 'wait', key: `${run_id}:${step.step_id}:retry:${attempt + 1}`, until: retry_at }]
    : [];

/** The time limit, which stands still while the run waits for people. */
const deadline = ({ run_id, plan, started_ms, held_ms, held_since_ms }: RunState): readonly Wait[] =>
  plan === null || started_ms === null || held_since_ms !== null
    ? []
    : [
        {
          kind: 'wait',
          key: `${run_id}:deadline`,
          until: new Date(started_ms + plan.time_limit_ms + held_ms).toISOString(),
        },
      ];

const undoing = (state: RunState): readonly RunEffect[] => {
  const { run_id, rollback, steps, principal } = state;
  const next = rollback?.left[0];
  const each = next === undefined ? undefined : steps.get(next);
  if (next === undefined || each?.undo == null || each.undo.by === 'nothing') return [];
  const of = { run_id, step_id: next, attempt: 1, undo: each.undo, principal };
  if (each.undoing === null) return [{ kind: 'intend_undo', key: `${run_id}:${next}:intend_undo`, ...of }];
  const { key: call_key, life } = each.undoing;
  return [{ kind: 'undo', key: `${run_id}:${next}:undo`, ...of, call_key, life }];
};

const next = (state: RunState): readonly (RunEffect | Wait)[] => {
  const { phase, run_id } = state;
  if (run_id === '' || phase === 'ended') return [];
  if (phase === 'rolling_back') return undoing(state);
  const steps = [...state.steps.values()];
  const going = steps.flatMap((each) => underWay(state, each));
  // What may have been called is waited for; what was only cleared is not called before the run goes on.
  if (phase === 'paused') return going.filter(({ kind }) => kind === 'invoke');
  if (phase === 'stopping' || isFailing(state)) return going;
  const begin = readySteps(state).map((each) => judging(state, each));
  return [...going, ...begin, ...steps.flatMap((each) => pauses(state, each)), ...deadline(state)];
};

/**
 * A run: its steps as far as their dependencies allow, each judged by the gate, cleared, intended and called; and, where it
 * fails, what it did undone in reverse. Verdict and intent travel in one append; so do a result and what it leads to.
 */
export const runProcess: Process<RunCommand, RunState, RunEvent, RunRefused, RunEffect> = {
  ...run,
  next,
  outcome: (effect, outcome): RunCommand => {
    switch (effect.kind) {
      case 'judge':
        return { type: 'RecordJudgement', step_id: effect.step_id, outcome: outcome as Outcome<Materials> };
      case 'claim':
        return { type: 'RecordClaim', step_id: effect.step_id, outcome: outcome as Outcome<Claims> };
      case 'invoke':
        return { type: 'RecordResult', step_id: effect.step_id, outcome: outcome as Outcome<CallEnd> };
      case 'intend_undo':
        return { type: 'IntendUndo', step_id: effect.step_id, outcome: outcome as Outcome<UndoReadiness> };
      case 'undo':
        return { type: 'RecordUndo', step_id: effect.step_id, outcome: outcome as Outcome<CallEnd> };
      case 'wait': {
        // A step may be called `deadline`, too: the key of its pause goes on.
        const [, step_id = '', pause] = effect.key.split(':');
        return pause === undefined ? { type: 'TimeUp', at: outcome.at } : { type: 'RetryStep', step_id };
      }
    }
  },
  done: ({ phase }) => phase === 'ended',
};
