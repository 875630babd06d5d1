import { setup } from 'xstate';
import { lifecycle } from '../kernel/lifecycle.ts';
import type { PolicyEvent } from './policy.events.ts';

/** A policy has versions; once one of them was activated, one is in force until it is suspended. */
export const policyMachine = setup({ types: { events: {} as { type: PolicyEvent['type'] } } }).createMachine({
  id: 'policy',
  initial: 'undrafted',
  states: {
    undrafted: { on: { PolicyDrafted: 'idle' } },
    idle: { on: { PolicyDrafted: 'idle', PolicyActivated: 'in_force', PolicyRetired: 'retired' } },
    in_force: {
      on: { PolicyDrafted: 'in_force', PolicyActivated: 'in_force', PolicySuspended: 'idle', PolicyRetired: 'retired' },
    },
    retired: { type: 'final' },
  },
});

export const policyLifecycle = lifecycle(policyMachine);
export type PolicyPhase = typeof policyLifecycle.initial;
