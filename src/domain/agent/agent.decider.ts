import * as E from 'fp-ts/lib/Either.js';
import type { Decider } from '../kernel/decider.ts';
import { digest } from '../kernel/digest.ts';
import { governed } from '../kernel/lifecycle.ts';
import type { AgentCommand } from './agent.commands.ts';
import {
  AgentPaused,
  AgentRegistered,
  AgentResumed,
  AgentRetired,
  AgentRevised,
  AgentStopped,
  type AgentEvent,
  type AgentProfile,
} from './agent.events.ts';
import { agentLifecycle, type AgentPhase } from './agent.lifecycle.ts';

export type AgentRefusal = { readonly reason: 'AgentUnknown' };

export interface AgentState {
  readonly phase: AgentPhase;
  readonly agent_id: string;
  readonly profile: AgentProfile | null;
}

/** Only what differs is a change: a revision that says nothing new records nothing. */
const changed = (profile: AgentProfile, changes: Partial<AgentProfile>): Partial<AgentProfile> =>
  Object.fromEntries(
    Object.entries(changes).filter(
      // An agent that was registered before a field was thought of has none to compare.
      ([name, value]) => value !== undefined && digest(profile[name as keyof AgentProfile] ?? null) !== digest(value),
    ),
  );

const rules: Decider<AgentCommand, AgentState, AgentEvent, AgentRefusal> = {
  initial: { phase: agentLifecycle.initial, agent_id: '', profile: null },

  decide: (command, { phase, agent_id, profile }) => {
    if (command.type === 'RegisterAgent')
      return E.right([AgentRegistered({ agent_id: command.agent_id, ...command.profile })]);
    if (profile === null) return E.left({ reason: 'AgentUnknown' });
    const { reason = '' } = 'reason' in command ? command : {};
    switch (command.type) {
      case 'ReviseAgent': {
        const changes = changed(profile, command.changes);
        return E.right(Object.keys(changes).length === 0 ? [] : [AgentRevised({ agent_id, changes })]);
      }
      case 'PauseAgent':
        return E.right(phase === 'paused' ? [] : [AgentPaused({ agent_id, reason })]);
      case 'ResumeAgent':
        return E.right(phase === 'active' ? [] : [AgentResumed({ agent_id, reason })]);
      case 'StopAgent': {
        const running_session_ids = [...command.running_session_ids];
        return E.right(phase === 'stopped' ? [] : [AgentStopped({ agent_id, reason, running_session_ids })]);
      }
      case 'RetireAgent': {
        const { running_session_ids: running } = command;
        const known = running === undefined ? {} : { running_session_ids: [...running] };
        return E.right(phase === 'retired' ? [] : [AgentRetired({ agent_id, reason, ...known })]);
      }
    }
  },

  evolve: (state, event) => {
    switch (event.type) {
      case 'AgentRegistered': {
        const { agent_id, ...profile } = event.data;
        return { ...state, agent_id, profile };
      }
      case 'AgentRevised':
        return state.profile === null
          ? state
          : { ...state, profile: { ...state.profile, ...event.data.changes } as AgentProfile };
      default:
        return state;
    }
  },
};

export const agent = governed(agentLifecycle, rules);
