import * as E from 'fp-ts/lib/Either.js';
import type { Decider } from '../kernel/decider.ts';
import { governed, type OutOfLifecycle } from '../kernel/lifecycle.ts';
import type { Of, RunCommand } from './run.commands.ts';
import { concluded } from './run.conclusion.ts';
import * as Events from './run.events.ts';
import type { RunEvent } from './run.events.ts';
import { evolveRun } from './run.evolve.ts';
import { askedForWord, judgedStep, lapsed, refusedStep } from './run.judgement.ts';
import { runLifecycle } from './run.lifecycle.ts';
import { claimedStep, landedStep, resolvedStep } from './run.results.ts';
import { uncreated, type RunState, type StepState } from './run.state.ts';
import { intendedUndo, undone } from './run.undoing.ts';

export type RunRefusal =
  | { readonly reason: 'RunUnknown' }
  | { readonly reason: 'RunEnded' }
  | { readonly reason: 'StepUnknown'; readonly step_id: string }
  | { readonly reason: 'StepNotThere'; readonly step_id: string; readonly status: string };

type Decided = E.Either<RunRefusal, readonly RunEvent[]>;

const notThere = ({ step, status }: StepState): Decided =>
  E.left({ reason: 'StepNotThere', step_id: step.step_id, status });

const judgement = (state: RunState, each: StepState, { outcome }: Of<'RecordJudgement'>): readonly RunEvent[] => {
  const { at } = outcome;
  const started = state.phase === 'pending' ? [Events.RunStarted({ run_id: state.run_id, at })] : [];
  if (!outcome.ok) {
    const { code, message } = outcome.failure;
    return [...started, ...lapsed(state, each, 'withdrawn', message, at), refusedStep(state, each, code, message, at)];
  }
  const { agent } = outcome.result;
  // A paused agent's run stops before its next action, and goes on when somebody says so.
  if (agent === 'paused')
    return [...started, Events.RunPaused({ run_id: state.run_id, reason: 'the agent is paused', at })];
  if (agent !== 'active') {
    const why = `the agent is ${agent}`;
    return [
      ...started,
      ...lapsed(state, each, 'withdrawn', why, at),
      refusedStep(state, each, `agent_${agent}`, why, at),
    ];
  }
  const { step } = each;
  return step.kind === 'human_approval'
    ? [...started, askedForWord(state, each, step.message, outcome.result, at)]
    : [...started, ...judgedStep(state, each, step, outcome.result, at)];
};

const approvalEnded = (state: RunState, command: Of<'RecordApproval'>): readonly RunEvent[] => {
  const { approval_id, ending, reason, by, at } = command;
  const each = [...state.steps.values()].find(({ approval }) => approval?.approval_id === approval_id);
  if (each?.status !== 'asked') return [];
  const { step_id } = each.step;
  const ids = { run_id: state.run_id, step_id };
  const ended = Events.StepApprovalEnded({ ...ids, approval_id, ending, reason, at });
  const word = { attempt: 1, at, cost_micros: 0, artifacts: [], reservations: [] };
  if (ending === 'granted')
    return each.step.kind === 'human_approval'
      ? [ended, Events.StepSucceeded({ ...ids, ...word, result: { approved: true, by }, undo: null })]
      : [ended];
  return [ended, refusedStep(state, each, `approval_${ending}`, reason || `the approval was ${ending}`, at)];
};

/** Other arguments for a step that waits for a person: what was asked is asked no more, and the gate is asked anew. */
const amendment = (state: RunState, each: StepState, command: Of<'AmendStep'>): Decided => {
  if (each.status !== 'asked' || each.approval === null || each.step.kind !== 'action') return notThere(each);
  const { step_id, args, by, reason, at } = command;
  const { approval_id } = each.approval;
  const ids = { run_id: state.run_id, step_id };
  return E.right([
    Events.StepApprovalEnded({ ...ids, approval_id, ending: 'superseded', reason, at }),
    Events.StepAmended({ ...ids, args, by, reason, at }),
  ]);
};

const resolution = (state: RunState, each: StepState, command: Of<'ResolveOutcome'>): Decided => {
  if (each.status !== 'unknown') return notThere(each);
  const { step_id, answer, by, reason, at } = command;
  const result = (command.result ?? null) as never;
  const said = { run_id: state.run_id, step_id, attempt: each.attempt, answer, result, by, reason, at };
  return E.right([Events.StepOutcomeResolved(said), ...resolvedStep(state, each, answer, command.result, at)]);
};

const ofStep = (command: Extract<RunCommand, { step_id: string }>, state: RunState, each: StepState): Decided => {
  const { run_id } = state;
  const { step_id } = command;
  switch (command.type) {
    case 'RecordJudgement':
      return E.right(each.status === 'waiting' ? judgement(state, each, command) : []);
    case 'RecordClaim':
      return E.right(each.status === 'cleared' ? claimedStep(state, each, command.outcome) : []);
    case 'RecordResult':
      return E.right(each.status === 'intended' ? [landedStep(state, each, command.outcome)] : []);
    case 'RetryStep':
      return E.right(
        each.status === 'backing_off' ? [Events.StepRetryDue({ run_id, step_id, attempt: each.attempt + 1 })] : [],
      );
    case 'AmendStep':
      return amendment(state, each, command);
    case 'ResolveOutcome':
      return resolution(state, each, command);
    case 'IntendUndo':
      return E.right(intendedUndo(state, each, command.outcome));
    case 'RecordUndo':
      return E.right(each.undoing !== null && each.undone === 'no' ? [undone(state, each, command.outcome)] : []);
  }
};

const ofRun = (command: Exclude<RunCommand, { step_id: string } | { type: 'CreateRun' }>, state: RunState): Decided => {
  const { run_id, phase } = state;
  switch (command.type) {
    case 'RecordApproval':
      return E.right(approvalEnded(state, command));
    case 'PauseRun':
      return E.right(phase === 'paused' ? [] : [Events.RunPaused({ run_id, reason: command.reason, at: command.at })]);
    case 'ResumeRun':
      return E.right(
        phase === 'running' ? [] : [Events.RunResumed({ run_id, reason: command.reason, at: command.at })],
      );
    case 'CancelRun': {
      const { reason, rollback, at } = command;
      return E.right(state.cancel === null ? [Events.RunCancelRequested({ run_id, reason, rollback, at })] : []);
    }
    case 'TimeUp':
      // The clock stands still while a run does not go on, and does not matter once it ends.
      return E.right(phase === 'running' && !state.timed_out ? [Events.RunTimedOut({ run_id, at: command.at })] : []);
  }
};

const decided = (command: RunCommand, state: RunState): Decided => {
  if (command.type === 'CreateRun') {
    const { type: _, ...run } = command;
    return E.right(state.run_id === '' ? [Events.RunCreated(run)] : []);
  }
  if (state.run_id === '') return E.left({ reason: 'RunUnknown' });
  if (state.phase === 'ended') return E.left({ reason: 'RunEnded' });
  if (!('step_id' in command)) return ofRun(command, state);
  const each = state.steps.get(command.step_id);
  return each === undefined
    ? E.left({ reason: 'StepUnknown', step_id: command.step_id })
    : ofStep(command, state, each);
};

/** When it happened, as whoever asks says. */
const instantOf = (command: RunCommand): string =>
  'outcome' in command ? command.outcome.at : 'at' in command ? command.at : new Date(0).toISOString();

const rules: Decider<RunCommand, RunState, RunEvent, RunRefusal> = {
  initial: uncreated,
  decide: (command, state) => {
    const decision = decided(command, state);
    if (E.isLeft(decision) || decision.right.length === 0 || command.type === 'CreateRun') return decision;
    const phaseAfter = (phase: RunState['phase'], { type }: RunEvent) => runLifecycle.next(phase, type) ?? phase;
    return E.right(concluded(state, decision.right, instantOf(command), phaseAfter));
  },
  evolve: evolveRun,
};

export type RunRefused = RunRefusal | OutOfLifecycle;
export const run = governed(runLifecycle, rules);
