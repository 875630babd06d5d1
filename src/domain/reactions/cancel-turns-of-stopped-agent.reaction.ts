import { AgentRetired, AgentStopped } from '../agent/agent.events.ts';
import { streamOf } from '../kernel/ids.ts';
import { reaction, when, type Request } from '../kernel/reaction.ts';
import type { SessionCommand } from '../session/session.commands.ts';

const canceled = (sessions: readonly string[], reason: string): readonly Request[] =>
  sessions.map((session_id) => ({
    stream: streamOf('session', session_id),
    command: { type: 'CancelTurn', turn_id: null, reason } satisfies SessionCommand,
  }));

/**
 * A stopped agent finishes nothing, nor does a retired one: every turn that was known to run is asked to cancel. This is
 * the quick way; a turn that nobody knew of finds out before it calls a model (decision 0011).
 */
export const cancelTurnsOfStoppedAgent = reaction(
  'cancel_turns_of_stopped_agent',
  when(AgentStopped, ({ data }) => canceled(data.running_session_ids, 'the agent was stopped')),
  when(AgentRetired, ({ data }) => canceled(data.running_session_ids ?? [], 'the agent was retired')),
);
