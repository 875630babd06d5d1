import { setup } from 'xstate';
import { lifecycle } from '../kernel/lifecycle.ts';
import type { RunEvent } from './run.events.ts';

/** What may be learnt of steps that are under way, whatever the run is doing meanwhile. */
const landings = <Phase extends string>(phase: Phase) =>
  ({
    StepSucceeded: phase,
    StepRetryScheduled: phase,
    StepFailed: phase,
    StepOutcomeUnknown: phase,
    StepOutcomeResolved: phase,
    StepApprovalEnded: phase,
    StepSkipped: phase,
  }) as const;

/**
 * A run is pending, running, and then at one of three ends (requirements D13, D14, amended by C16: what has not started can
 * be canceled). In between it may be paused by a person, and roll back what it did. Where each step stands is the state's
 * business, not the machine's.
 */
export const runMachine = setup({ types: { events: {} as { type: RunEvent['type'] } } }).createMachine({
  id: 'run',
  initial: 'uncreated',
  states: {
    uncreated: { on: { RunCreated: 'pending' } },
    pending: { on: { RunStarted: 'running', RunCancelRequested: 'stopping' } },
    running: {
      on: {
        ...landings('running'),
        StepJudged: 'running',
        StepApprovalRequested: 'running',
        StepAmended: 'running',
        StepRetryDue: 'running',
        StepCleared: 'running',
        StepClearanceLapsed: 'running',
        StepIntended: 'running',
        RunPaused: 'paused',
        RunTimedOut: 'stopping',
        RunCancelRequested: 'stopping',
        RollbackStarted: 'rolling_back',
        RunCompleted: 'ended',
        RunFailed: 'ended',
      },
    },
    paused: {
      on: { ...landings('paused'), RunResumed: 'running', RunCancelRequested: 'stopping' },
    },
    stopping: {
      on: { ...landings('stopping'), RollbackStarted: 'rolling_back', RunFailed: 'ended', RunCanceled: 'ended' },
    },
    rolling_back: {
      on: {
        UndoJudged: 'rolling_back',
        UndoIntended: 'rolling_back',
        UndoSucceeded: 'rolling_back',
        UndoFailed: 'rolling_back',
        RunFailed: 'ended',
        RunCanceled: 'ended',
      },
    },
    ended: { type: 'final' },
  },
});

export const runLifecycle = lifecycle(runMachine);
export type RunPhase = typeof runLifecycle.initial;
