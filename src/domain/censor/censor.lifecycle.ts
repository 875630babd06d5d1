import { setup } from 'xstate';
import { lifecycle } from '../kernel/lifecycle.ts';
import type { CensorEvent } from './censor.events.ts';

/** A censor that was lifted strikes no more. That it struck wrongly can be said afterwards, too. */
export const censorMachine = setup({ types: { events: {} as { type: CensorEvent['type'] } } }).createMachine({
  id: 'censor',
  initial: 'uncreated',
  states: {
    uncreated: { on: { CensorCreated: 'active' } },
    active: {
      on: {
        CensorTriggered: 'active',
        CensorEscalated: 'active',
        CensorFalsePositiveMarked: 'active',
        CensorLifted: 'lifted',
        CensorForgotten: 'forgotten',
      },
    },
    lifted: { on: { CensorFalsePositiveMarked: 'lifted', CensorForgotten: 'forgotten' } },
    forgotten: { type: 'final' },
  },
});

export const censorLifecycle = lifecycle(censorMachine);
export type CensorPhase = typeof censorLifecycle.initial;
