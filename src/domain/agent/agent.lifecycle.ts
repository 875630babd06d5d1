import { setup } from 'xstate';
import { lifecycle } from '../kernel/lifecycle.ts';
import type { AgentEvent } from './agent.events.ts';

/** An agent works, rests, or is stopped for good; retired, it is kept for the record only (requirements A1, C44). */
export const agentMachine = setup({ types: { events: {} as { type: AgentEvent['type'] } } }).createMachine({
  id: 'agent',
  initial: 'unregistered',
  states: {
    unregistered: { on: { AgentRegistered: 'active' } },
    active: {
      on: { AgentRevised: 'active', AgentPaused: 'paused', AgentStopped: 'stopped', AgentRetired: 'retired' },
    },
    paused: {
      on: { AgentRevised: 'paused', AgentResumed: 'active', AgentStopped: 'stopped', AgentRetired: 'retired' },
    },
    stopped: { on: { AgentRetired: 'retired' } },
    retired: { type: 'final' },
  },
});

export const agentLifecycle = lifecycle(agentMachine);
export type AgentPhase = typeof agentLifecycle.initial;
