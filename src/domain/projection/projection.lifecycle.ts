import { setup } from 'xstate';
import { lifecycle } from '../kernel/lifecycle.ts';
import type { ProjectionEvent } from './projection.events.ts';

/** Anything may be asked of a read model at any time: whether it can be done is for the engine that keeps it to say. */
export const projectionMachine = setup({ types: { events: {} as { type: ProjectionEvent['type'] } } }).createMachine({
  id: 'projection',
  initial: 'kept',
  states: {
    kept: {
      on: {
        RebuildRequested: 'kept',
        RebuildSwapRequested: 'kept',
        RebuildCancelRequested: 'kept',
        ParkedRetryRequested: 'kept',
        ParkedSkipRequested: 'kept',
      },
    },
  },
});

export const projectionLifecycle = lifecycle(projectionMachine);
export type ProjectionPhase = typeof projectionLifecycle.initial;
