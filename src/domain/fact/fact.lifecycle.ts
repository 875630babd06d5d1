import { setup } from 'xstate';
import { lifecycle } from '../kernel/lifecycle.ts';
import type { FactEvent } from './fact.events.ts';

/** What was superseded or retracted is kept, and is recalled no more; what was forgotten is gone from all that is read. */
export const factMachine = setup({ types: { events: {} as { type: FactEvent['type'] } } }).createMachine({
  id: 'fact',
  initial: 'unlearned',
  states: {
    unlearned: { on: { FactLearned: 'current' } },
    current: {
      on: {
        FactConfirmed: 'current',
        FactContradicted: 'current',
        FactSuperseded: 'superseded',
        FactDeactivated: 'retracted',
        FactForgotten: 'forgotten',
      },
    },
    superseded: { on: { FactForgotten: 'forgotten' } },
    retracted: { on: { FactForgotten: 'forgotten' } },
    forgotten: { type: 'final' },
  },
});

export const factLifecycle = lifecycle(factMachine);
export type FactPhase = typeof factLifecycle.initial;
