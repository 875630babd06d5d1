import { setup } from 'xstate';
import { lifecycle } from '../kernel/lifecycle.ts';
import type { WorkingMemoryEvent } from './working-memory.events.ts';

/** What was cleared can be focused again: there is one working memory for as long as there is the session. */
export const workingMemoryMachine = setup({
  types: { events: {} as { type: WorkingMemoryEvent['type'] } },
}).createMachine({
  id: 'working_memory',
  initial: 'absent',
  states: {
    absent: { on: { WorkingMemoryFocused: 'focused' } },
    focused: {
      on: {
        WorkingMemoryFocused: 'focused',
        WorkingMemoryLoaded: 'focused',
        WorkingMemoryEvicted: 'focused',
        WorkingMemoryThreadOpened: 'focused',
        WorkingMemoryThreadsResolved: 'focused',
        WorkingMemoryCleared: 'absent',
      },
    },
  },
});

export const workingMemoryLifecycle = lifecycle(workingMemoryMachine);
export type WorkingMemoryPhase = typeof workingMemoryLifecycle.initial;
