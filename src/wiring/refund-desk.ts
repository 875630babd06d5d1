import * as E from 'fp-ts/lib/Either.js';
import { agentDefaults } from '../commands/agents/agents.operations.ts';
import { execute, type Engine } from '../commands/execute.ts';
import type { Decider } from '../domain/kernel/decider.ts';
import type { Event } from '../domain/kernel/event.ts';
import { derived, streamOf } from '../domain/kernel/ids.ts';
import { agent } from '../domain/agent/agent.decider.ts';
import { grant } from '../domain/grant/grant.decider.ts';
import { session } from '../domain/session/session.decider.ts';

const agent_id = derived('demo', 'refund desk', 'agent');
const grant_id = derived('demo', 'refund desk', 'grant');
const demoSessionId = derived('demo', 'refund desk', 'session');
const demoTurnId = derived('demo', 'refund desk', 'turn');

const grantDays = 30;
const dayMs = 86_400_000;

/** The same command at every start: what is staged already is staged no second time. */
const staged = async <Command, State, Ev extends Event, Refusal>(
  engine: Engine,
  decider: Decider<Command, State, Ev, Refusal>,
  stream: string,
  command: Command & { readonly type: string },
  actor = 'system:demo',
): Promise<void> => {
  const command_id = derived('demo', 'refund desk', stream, command.type);
  const outcome = await execute(engine, decider, stream, command, {
    command_id,
    actor,
    tenant: 'default',
    correlation_id: derived('demo', 'refund desk'),
  });
  const { reason } = (E.isLeft(outcome) ? outcome.left : {}) as { readonly reason?: string };
  if (reason !== undefined && reason !== 'OutOfLifecycle' && reason !== 'TurnRunning' && reason !== 'SessionIsClosed')
    throw new Error(`the demo cannot be staged: ${JSON.stringify(E.isLeft(outcome) && outcome.left)}`);
};

const profile = {
  name: 'Refund desk',
  description: 'Answers customers of a shop that does not exist',
  identity_prompt: 'You are the refund desk of a shop. You look things up before you promise anything.',
  model: null,
  ...agentDefaults,
  capabilities: ['orders.*', 'payments.*', 'notes.*'],
  scope: 'development',
};

/** Whether the customer has written already: the story begins once. */
const begun = async ({ log }: Engine): Promise<boolean> => {
  for await (const page of log.read(streamOf('session', demoSessionId), { limit: 1 })) return page.length > 0;
  return false;
};

/**
 * Stages the refund desk once (interfaces 6.2): an agent with its capabilities, a grant for small refunds, and a customer's
 * message. What follows is the runtime's own doing.
 */
export const stageRefundDesk = async (engine: Engine): Promise<void> => {
  if (await begun(engine)) return;
  await staged(engine, agent, streamOf('agent', agent_id), { type: 'RegisterAgent', agent_id, profile });
  const terms = {
    capability: 'payments.refund',
    principals: [`agent:${agent_id}`],
    scopes: ['*'],
    constraints: [{ path: 'amount', is: 'at_most' as const, value: 100 }],
    uses_max: 100,
    expires_at: new Date(engine.clock.now() + grantDays * dayMs).toISOString(),
  };
  await staged(engine, grant, streamOf('grant', grant_id), {
    type: 'IssueGrant',
    grant_id,
    terms,
    reason: 'refunds of at most 100 are agreed to beforehand',
    issued_by: 'system:demo',
    issuer_roles: ['*'],
    approval_id: null,
  });
  const stream = streamOf('session', demoSessionId);
  const opening = { type: 'OpenSession', session_id: demoSessionId, agent_id, title: 'Order 4821' } as const;
  await staged(engine, session, stream, opening, 'user:customer');
  const text = 'My lamp arrived broken, order 4821, I want my money back';
  await staged(engine, session, stream, { type: 'ReceiveTurn', turn_id: demoTurnId, text } as const, 'user:customer');
};
