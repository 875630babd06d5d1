import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { agent } from '../../domain/agent/agent.decider.ts';
import { idInput } from '../../domain/kernel/id.input.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import type { Answer, Call, Problem } from '../../domain/kernel/operation.ts';
import { Origin } from '../../domain/session/session.events.ts';
import { session } from '../../domain/session/session.decider.ts';
import type { SessionCommand } from '../../domain/session/session.commands.ts';
import type { SessionState } from '../../domain/session/session.state.ts';
import { problem } from '../../problems.ts';
import { ask, command, type CommandContext } from '../context.ts';
import type { Receipt } from '../execute.ts';
import { recall } from '../recall.ts';
import { sessionEnd } from './session-end.ts';
import { problemOf } from '../refusals.ts';

export const session_id = idInput('session');
export const tag = 'sessions';
export const scope = 'sessions:write';
/** Whoever ends a conversation waits so long for what it taught. */
const endMsMax = 300_000;
export const exampleId = '0198d7a0-0000-7000-8000-000000000002';

export const SessionView = z.object({
  session_id: z.uuid(),
  agent_id: z.uuid(),
  status: z.enum(['idle', 'running', 'ending', 'closed']),
  turns: z.int(),
  turn_id: z.uuid().nullable(),
  /** Where a fork comes from. */
  origin: Origin.nullable(),
  revision: z.int(),
});

const statusOf = ({ phase, ending }: SessionState): z.infer<typeof SessionView>['status'] => {
  if (phase === 'closed' || phase === 'idle') return phase;
  return ending === null ? 'running' : 'ending';
};

const view = ({ state, revision }: Receipt<SessionState>): z.infer<typeof SessionView> => ({
  session_id: state.session_id,
  agent_id: state.agent_id,
  status: statusOf(state),
  turns: state.turns,
  turn_id: state.turn?.turn_id ?? null,
  origin: state.origin,
  revision,
});

/** Executes a command of a session's, only on the revision that the caller saw, if one was named. */
export const askSession = (
  context: CommandContext,
  call: Call,
  id: string,
  asked: SessionCommand,
): Promise<E.Either<Problem, Receipt<SessionState>>> =>
  ask(context, call, session, streamOf('session', id), asked, { guarded: true });

export const answered = (
  outcome: E.Either<Problem, Receipt<SessionState>>,
): Answer<z.infer<typeof SessionView>> | Problem =>
  E.isLeft(outcome)
    ? outcome.left
    : { output: view(outcome.right), revision: outcome.right.revision, position: outcome.right.position };

/** Why an agent cannot be talked to now, or undefined when it can. Asked again when the turn's context is laid out. */
export const agentInTheWay = async (
  { engine }: CommandContext,
  agent_id: string,
  tenant: string,
): Promise<Problem | undefined> => {
  const { log, catalogue, remembered } = engine;
  const found = await recall(log, catalogue, remembered, agent, streamOf('agent', agent_id));
  if (E.isLeft(found)) return problemOf(found.left);
  const { state, last } = found.right;
  const { phase, profile } = state;
  const theirs = last !== undefined && tenantOf(last) === tenant;
  if (profile === null || !theirs) return problem('not_found', `there is no agent ${agent_id}`);
  if (phase === 'active' || phase === 'unregistered') return undefined;
  return problem(`agent_${phase}`, `the agent is ${phase}`, { more: { agent_id } });
};

export const openSession = command({
  name: 'open_session',
  kind: 'command',
  summary: 'Open a session with an agent',
  scope,
  input: z.strictObject({ agent_id: idInput('agent').optional(), title: z.string().max(200).nullable().default(null) }),
  output: SessionView,
  http: { method: 'POST', path: '/sessions', tag },
  cli: 'sessions open',
  problems: ['agent_paused', 'agent_stopped', 'agent_retired', 'not_found'],
  examples: [{ title: 'With the default agent', input: { title: 'Order 4821' } }],
  run: async (context, { agent_id = context.default_agent_id, title }, call) => {
    const blocked = await agentInTheWay(context, agent_id, call.principal.tenant);
    if (blocked !== undefined) return blocked;
    const id = derived('session', call.command_id);
    const opened = answered(
      await askSession(context, call, id, { type: 'OpenSession', session_id: id, agent_id, title }),
    );
    return 'output' in opened ? { ...opened, status: 201, location: `/sessions/${id}` } : opened;
  },
});

const close = (context: CommandContext, call: Call, id: string, reason: string, reflects: boolean) =>
  askSession(context, call, id, { type: 'CloseSession', reason, reflects });

const reflect = z
  .boolean()
  .default(true)
  .meta({ description: 'Ask the agent what the session taught, where it was more than a word or two.' });

export const closeSession = command({
  name: 'close_session',
  kind: 'command',
  summary: 'Close a session; what it taught is remembered',
  scope,
  input: z.strictObject({ session_id, reason: z.string().max(2_000).default(''), reflect }),
  output: SessionView,
  http: { method: 'POST', path: '/sessions/{session_id}/close', tag },
  cli: 'sessions close',
  problems: ['turn_running', 'not_found', 'revision_conflict'],
  examples: [{ title: 'The matter is settled', input: { session_id: exampleId, reason: 'settled', reflect: true } }],
  run: async (context, { session_id: id, reason, reflect: reflects }, call) =>
    answered(await close(context, call, id, reason, reflects)),
});

export const endChat = command({
  name: 'end_chat',
  kind: 'command',
  summary: 'End a conversation; what it taught is remembered',
  description: 'Answers once the agent has reflected, or after five minutes at the latest with `202`.',
  scope,
  input: z.strictObject({ session_id }),
  output: z.object({ status: z.enum(['ended', 'ending']), session_id: z.uuid() }),
  http: { method: 'DELETE', path: '/chat/{session_id}', tag: 'chat' },
  problems: ['turn_running', 'not_found', 'revision_conflict'],
  examples: [{ title: 'Good-bye', input: { session_id: exampleId } }],
  time_ms_max: endMsMax,
  run: async (context, { session_id: id }, call) => {
    const outcome = await close(context, call, id, 'ended by the caller', true);
    if (E.isLeft(outcome)) return outcome.left;
    const patience = AbortSignal.any([call.signal, AbortSignal.timeout(endMsMax)]);
    const closed = await sessionEnd(context.engine, id, patience);
    const output = { status: closed === undefined ? ('ending' as const) : ('ended' as const), session_id: id };
    return { output, position: closed ?? outcome.right.position, status: closed === undefined ? 202 : 200 };
  },
});

export const cancelTurn = command({
  name: 'cancel_turn',
  kind: 'command',
  summary: 'Cancel the turn that is running',
  scope,
  input: z.strictObject({
    session_id,
    turn_id: idInput('turn'),
    reason: z.string().max(2_000).default('canceled by the caller'),
  }),
  output: SessionView,
  http: { method: 'POST', path: '/sessions/{session_id}/turns/{turn_id}/cancel', tag },
  cli: 'turns cancel',
  mcp: { tool: 'cancel_turn', read_only: false, destructive: false, idempotent: true },
  problems: ['turn_not_running', 'invalid_transition', 'not_found', 'revision_conflict'],
  examples: [{ title: 'Never mind', input: { session_id: exampleId, turn_id: exampleId, reason: 'never mind' } }],
  run: async (context, { session_id: id, turn_id, reason }, call) =>
    answered(await askSession(context, call, id, { type: 'CancelTurn', turn_id, reason })),
});
