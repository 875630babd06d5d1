import { setup } from 'xstate';
import { lifecycle } from '../kernel/lifecycle.ts';
import type { DecisionEvent } from './decision.events.ts';

/**
 * A decision is open until somebody says how it came out. That can be said again, for one may have been wrong about it; the
 * last word counts, and each stays on the record. What guardrails forbid, or nobody agrees to, never becomes one.
 */
export const decisionMachine = setup({ types: { events: {} as { type: DecisionEvent['type'] } } }).createMachine({
  id: 'decision',
  initial: 'unrecorded',
  states: {
    unrecorded: { on: { DecisionRecorded: 'open', DecisionProposed: 'proposed', DecisionBlocked: 'blocked' } },
    proposed: { on: { DecisionRecorded: 'open', DecisionRejected: 'rejected' } },
    blocked: { type: 'final' },
    rejected: { type: 'final' },
    open: {
      on: {
        DecisionUpdated: 'open',
        DecisionThoughtAdded: 'open',
        DecisionLinked: 'open',
        DecisionReviewed: 'reviewed',
      },
    },
    reviewed: {
      on: {
        DecisionUpdated: 'reviewed',
        DecisionThoughtAdded: 'reviewed',
        DecisionLinked: 'reviewed',
        DecisionReviewed: 'reviewed',
      },
    },
  },
});

export const decisionLifecycle = lifecycle(decisionMachine);
export type DecisionPhase = typeof decisionLifecycle.initial;
