import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import { isProblem, type Answer, type Call, type Piece, type Problem } from '../../domain/kernel/operation.ts';
import { session } from '../../domain/session/session.decider.ts';
import { problem } from '../../problems.ts';
import { command, type CommandContext } from '../context.ts';
import { recall } from '../recall.ts';
import { problemOf } from '../refusals.ts';
import { ownSession } from './own-session.ts';
import { agentInTheWay, askSession, exampleId, scope, session_id, tag } from './sessions.operations.ts';
import { pieces } from './turn-stream.ts';
import { problemOfTurn, running, turnEnd, TurnResult } from './turn-result.ts';

/** Longer text is a document, not something said; documents are blobs, and come with those (design 3, rule 6). */
const messageBytesMax = 64 * 1024;
/** A plain answer is waited for so long; then the turn goes on, and is found at its own address. */
export const answerMsMax = 300_000;

export const message = z
  .string()
  .min(1)
  .refine((text) => text.isWellFormed(), 'holds half of a surrogate pair, which no text encoding can say')
  .refine((text) => Buffer.byteLength(text) <= messageBytesMax, `is longer than ${messageBytesMax} bytes`)
  .refine((text) => JSON.stringify(text).length <= 2 * messageBytesMax, 'holds too many control characters');

const stream = z.boolean().optional().meta({ description: 'Answer piece by piece, as server-sent events.' });

export interface Spoken {
  readonly session_id: string;
  readonly agent_id: string | undefined;
  readonly message: string;
  /** A session that is not there yet is opened. */
  readonly open: boolean;
}

/** A turn that is on the record, and the revision at which it begins. */
interface Received {
  readonly session_id: string;
  readonly turn_id: string;
  readonly revision: number;
  readonly position: bigint;
}

const opened = async (context: CommandContext, call: Call, spoken: Spoken): Promise<Problem | undefined> => {
  const agent_id = spoken.agent_id ?? context.default_agent_id;
  const blocked = await agentInTheWay(context, agent_id, call.principal.tenant);
  if (blocked !== undefined) return blocked;
  const opening = { ...call, command_id: derived('open', call.command_id) };
  const asked = { type: 'OpenSession', session_id: spoken.session_id, agent_id, title: null } as const;
  const outcome = await askSession(context, opening, spoken.session_id, asked);
  return E.isLeft(outcome) ? outcome.left : undefined;
};

/** Puts what was said on the record, or says why it cannot be. */
const receive = async (context: CommandContext, spoken: Spoken, call: Call): Promise<Received | Problem> => {
  const { log, catalogue, remembered } = context.engine;
  const found = await recall(log, catalogue, remembered, session, streamOf('session', spoken.session_id));
  if (E.isLeft(found)) return problemOf(found.left);
  const { phase, agent_id } = found.right.state;
  if (phase === 'unopened') {
    if (!spoken.open) return problem('not_found', `there is no session ${spoken.session_id}`);
    const refused = await opened(context, call, spoken);
    // Somebody else may have opened it a moment ago: then it is open, which is all that was wanted.
    if (refused !== undefined && refused.code !== 'invalid_transition') return refused;
  } else {
    if (spoken.agent_id !== undefined && spoken.agent_id !== agent_id)
      return problem('already_exists', 'the session is with another agent', { more: { agent_id } });
    const again = found.right.done.has(call.command_id);
    const blocked = again ? undefined : await agentInTheWay(context, agent_id, call.principal.tenant);
    if (blocked !== undefined) return blocked;
  }
  const turn_id = derived('turn', call.command_id);
  const outcome = await askSession(context, call, spoken.session_id, {
    type: 'ReceiveTurn',
    turn_id,
    text: spoken.message,
  });
  if (E.isLeft(outcome)) return outcome.left;
  const { events, position, revision } = outcome.right;
  return { session_id: spoken.session_id, turn_id, revision: events[0]?.revision ?? revision, position };
};

export const answer = async (
  context: CommandContext,
  spoken: Spoken,
  call: Call,
): Promise<Answer<TurnResult> | Problem> => {
  const received = await receive(context, spoken, call);
  if (isProblem(received)) return received;
  const { turn_id, revision } = received;
  const patience = AbortSignal.any([call.signal, AbortSignal.timeout(answerMsMax)]);
  const { result, position } = await turnEnd(context.engine, spoken.session_id, turn_id, revision, patience);
  const location = `/sessions/${spoken.session_id}/turns/${turn_id}`;
  return (
    problemOfTurn(result) ?? { output: result, position, location, status: result.status === 'running' ? 202 : 200 }
  );
};

const streamed = async (
  context: CommandContext,
  spoken: Spoken,
  call: Call,
): Promise<AsyncIterable<Piece> | Problem> => {
  const received = await receive(context, spoken, call);
  if (isProblem(received)) return received;
  return pieces(context, received, call.signal);
};

/** Over MCP, whoever names no session goes on in their own: a program has no place to keep the id of one. */
const chatOf = async (
  context: CommandContext,
  input: { message: string; session_id?: string | undefined; agent_id?: string | undefined },
  call: Call,
): Promise<Spoken> => ({
  session_id:
    input.session_id ??
    (call.over_mcp === undefined
      ? derived('session', call.command_id)
      : await ownSession(context, call, 'chat', input.agent_id)),
  agent_id: input.agent_id,
  message: input.message,
  open: true,
});

/** What may stand in the way of an answer. */
export const talkProblems = [
  'revision_conflict',
  'turn_running',
  'session_closed',
  'agent_paused',
  'agent_stopped',
  'agent_retired',
  'model_disabled',
  'model_failed',
  'censored',
] as const;

export const chat = command({
  name: 'chat',
  kind: 'command',
  summary: 'Say something to an agent, and hear what it answers',
  description:
    'Without a session a new one is opened; over MCP your own with the agent goes on, until it is ended. ' +
    'Without an agent it is the default one that answers.',
  scope,
  input: z.strictObject({ message, session_id: session_id.optional(), agent_id: idInput('agent').optional(), stream }),
  output: TurnResult,
  http: { method: 'POST', path: '/chat', tag: 'chat' },
  mcp: { tool: 'chat', toolset: 'core', read_only: false, destructive: false, idempotent: false, open_world: true },
  problems: talkProblems,
  examples: [{ title: 'A first word', input: { message: 'What is on the record?' } }],
  time_ms_max: answerMsMax,
  run: async (context, input, call) => await answer(context, await chatOf(context, input, call), call),
  stream: async (context, input, call) => await streamed(context, await chatOf(context, input, call), call),
});

export const takeTurn = command({
  name: 'take_turn',
  kind: 'command',
  summary: 'Say something in a session; the answer is found at the turn',
  description: 'Answers at once, or with `wait: true` when the turn has ended.',
  scope,
  input: z.strictObject({ session_id, message, wait: z.boolean().default(false), stream }),
  output: TurnResult,
  http: { method: 'POST', path: '/sessions/{session_id}/turns', tag },
  cli: 'turns take',
  problems: [
    'revision_conflict',
    'turn_running',
    'session_closed',
    'agent_paused',
    'agent_stopped',
    'agent_retired',
    'not_found',
  ],
  examples: [{ title: 'A word in a session', input: { session_id: exampleId, message: 'And then?', wait: false } }],
  time_ms_max: answerMsMax,
  run: async (context, { wait, ...input }, call) => {
    const spoken = { ...input, agent_id: undefined, open: false };
    if (wait) return await answer(context, spoken, call);
    const received = await receive(context, spoken, call);
    if (isProblem(received)) return received;
    const { turn_id, position } = received;
    const location = `/sessions/${input.session_id}/turns/${turn_id}`;
    return { output: running(input.session_id, turn_id), status: 202, position, location };
  },
  stream: (context, input, call) => streamed(context, { ...input, agent_id: undefined, open: false }, call),
});
