import { setup } from 'xstate';
import { lifecycle } from '../kernel/lifecycle.ts';
import type { SessionEvent } from './session.events.ts';

/**
 * A session is idle or has one turn under way: received → prepared → calling → replied → settled → idle. A model call that
 * may be tried again backs off first. Where the model wants tools, it is called again once each has come to its end. Whatever way a turn ends, what comes after a turn still runs
 * (requirements N151). At its end a session reflects, where that is worth a call, and concludes.
 */
export const sessionMachine = setup({ types: { events: {} as { type: SessionEvent['type'] } } }).createMachine({
  id: 'session',
  initial: 'unopened',
  states: {
    unopened: { on: { SessionOpened: 'idle' } },
    idle: { on: { TurnReceived: 'received', SessionEndRequested: 'ending', SessionClosed: 'closed' } },
    received: { on: { ContextAssembled: 'prepared', ContextRefused: 'failing', TurnCancelRequested: 'canceling' } },
    prepared: { on: { ModelCalled: 'calling', TurnCancelRequested: 'canceling' } },
    calling: {
      on: {
        ModelReplied: 'replied',
        ModelRetryScheduled: 'backing_off',
        ModelFailed: 'failing',
        TurnCancelRequested: 'canceling',
      },
    },
    backing_off: { on: { ModelCalled: 'calling', TurnCancelRequested: 'canceling' } },
    replied: { on: { ToolsRequested: 'acting', TurnAssessed: 'settled' } },
    acting: {
      on: {
        ToolCallProposed: 'acting',
        ToolCallEnded: 'acting',
        ModelCalled: 'calling',
        ModelFailed: 'failing',
        TurnCancelRequested: 'canceling',
      },
    },
    failing: { on: { TurnAssessed: 'settled' } },
    canceling: { on: { TurnAssessed: 'settled' } },
    settled: { on: { TurnCompleted: 'idle', TurnFailed: 'idle', TurnCanceled: 'idle' } },
    ending: {
      on: {
        SessionReflected: 'concluding',
        ReflectionRetryScheduled: 'resting',
        ReflectionFailed: 'concluding',
        SessionClosed: 'closed',
      },
    },
    resting: { on: { ReflectionCalled: 'ending' } },
    concluding: { on: { SessionClosed: 'closed' } },
    closed: { type: 'final' },
  },
});

export const sessionLifecycle = lifecycle(sessionMachine);
export type SessionPhase = typeof sessionLifecycle.initial;
