import { AgentStopped } from '../agent/agent.events.ts';
import { streamOf } from '../kernel/ids.ts';
import { reaction, when } from '../kernel/reaction.ts';
import type { SessionCommand } from '../session/session.commands.ts';

/** A stopped agent finishes nothing: every turn that was running is asked to cancel. */
export const cancelTurnsOfStoppedAgent = reaction(
  'cancel_turns_of_stopped_agent',
  when(AgentStopped, ({ data }) =>
    data.running_session_ids.map((session_id) => ({
      stream: streamOf('session', session_id),
      command: { type: 'CancelTurn', turn_id: null, reason: 'the agent was stopped' } satisfies SessionCommand,
    })),
  ),
);
