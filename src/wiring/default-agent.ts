import * as E from 'fp-ts/lib/Either.js';
import { agentDefaults } from '../commands/agents/agents.operations.ts';
import { execute, type Engine } from '../commands/execute.ts';
import { agent } from '../domain/agent/agent.decider.ts';
import { unacting, type AgentProfile } from '../domain/agent/agent.events.ts';
import { memoryTools } from '../domain/session/session.tools.ts';
import { derived, streamOf } from '../domain/kernel/ids.ts';

/** The agent that answers where a caller names none (requirements N4, N7). */
export const defaultAgentId = derived('agent', 'default');

const profile: AgentProfile = {
  name: 'Acta',
  description: 'The agent that answers when no other is asked for',
  identity_prompt: 'You are a helpful agent. Everything you say is put on the record.',
  model: null,
  ...agentDefaults,
  ...unacting,
  capabilities: [...memoryTools],
};

/** Registers the default agent once; on every later start this is the same command, and changes nothing. */
export const registerDefaultAgent = async (engine: Engine): Promise<void> => {
  const command_id = derived('register default agent');
  const outcome = await execute(
    engine,
    agent,
    streamOf('agent', defaultAgentId),
    { type: 'RegisterAgent', agent_id: defaultAgentId, profile },
    { command_id, actor: 'system:start', tenant: 'default', correlation_id: command_id },
  );
  // Long after, when the stream has grown past what is remembered, the lifecycle says that it was done.
  if (E.isLeft(outcome) && outcome.left.reason !== 'OutOfLifecycle')
    throw new Error(`the default agent cannot be registered: ${JSON.stringify(outcome.left)}`);
};
