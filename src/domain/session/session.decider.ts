import * as E from 'fp-ts/lib/Either.js';
import { backoffMs } from '../kernel/backoff.ts';
import type { Decider } from '../kernel/decider.ts';
import { governed, type OutOfLifecycle } from '../kernel/lifecycle.ts';
import type { Reply, SessionCommand, Stage } from './session.commands.ts';
import * as Events from './session.events.ts';
import type { SessionEvent } from './session.events.ts';
import { sessionLifecycle } from './session.lifecycle.ts';
import { modelBackoff } from './session.backoff.ts';
import { evolveSession, openCalls, unopened, type SessionState, type Turn } from './session.state.ts';
import { endedCall, proposedCall, rememberedCall, toolsWanted } from './session.tools.ts';
import { closing, duringEnd, isAboutTheEnd } from './session.ending.ts';
import { assessmentOf } from './assessment.ts';

export type SessionRefusal =
  | { readonly reason: 'SessionUnknown' }
  | { readonly reason: 'SessionIsClosed' }
  | { readonly reason: 'TurnRunning'; readonly turn_id: string }
  | { readonly reason: 'TurnNotRunning'; readonly turn_id: string | null };

const ids = ({ session_id }: SessionState, { turn_id }: Turn) => ({ session_id, turn_id });

/** Why a turn is canceled whose agent came to its end meanwhile: such a turn has not failed (decision 0011). */
const agentEnded: ReadonlyMap<string, string> = new Map([
  ['agent_stopped', 'the agent was stopped'],
  ['agent_retired', 'the agent was retired'],
]);

const canceled = (state: SessionState, turn: Turn, reason: string): SessionEvent =>
  Events.TurnCancelRequested({
    ...ids(state, turn),
    reason,
    directive_ids: openCalls(turn).flatMap(({ directive_id }) => (directive_id === null ? [] : [directive_id])),
  });

const replied = (
  state: SessionState,
  turn: Turn,
  command: SessionCommand & { type: 'RecordReply' },
): readonly SessionEvent[] => {
  const { attempt, outcome } = command;
  if (outcome.ok) {
    const { tool_uses, ...reply }: Reply = outcome.result;
    const said = Events.ModelReplied({ ...ids(state, turn), attempt, ...reply, tool_uses: [...tool_uses] });
    return [said, ...toolsWanted(state, turn, outcome.result)];
  }
  const { code: fault, message, retryable, retry_after_ms, call = null } = outcome.failure;
  const ended = agentEnded.get(fault);
  if (ended !== undefined) return [canceled(state, turn, ended)];
  const wait = retryable ? backoffMs(modelBackoff, attempt, command.key, retry_after_ms) : undefined;
  if (wait === undefined) return [Events.ModelFailed({ ...ids(state, turn), attempt, fault, message, call })];
  const retry_at = new Date(Date.parse(outcome.at) + wait).toISOString();
  return [Events.ModelRetryScheduled({ ...ids(state, turn), attempt, fault, message, retry_at, call })];
};

const end = (state: SessionState, turn: Turn): SessionEvent => {
  if (turn.cancel_reason !== null) return Events.TurnCanceled({ ...ids(state, turn), reason: turn.cancel_reason });
  if (turn.failure !== null) return Events.TurnFailed({ ...ids(state, turn), ...turn.failure });
  return Events.TurnCompleted(ids(state, turn));
};

const assessed = (state: SessionState, turn: Turn, stages: readonly Stage[]): SessionEvent => {
  const { candidates, ...assessment } = assessmentOf(state, turn);
  return Events.TurnAssessed({ ...ids(state, turn), ...assessment, candidates: [...candidates], stages: [...stages] });
};

type TurnCommand = Exclude<
  Extract<SessionCommand, { readonly turn_id: string | null }>,
  { readonly type: 'ReceiveTurn' }
>;

/** The answers to commands about the turn under way. */
const duringTurn = (command: TurnCommand, state: SessionState, turn: Turn): readonly SessionEvent[] => {
  const of = ids(state, turn);
  switch (command.type) {
    case 'CancelTurn':
      return turn.cancel_reason === null ? [canceled(state, turn, command.reason)] : [];
    case 'RecordContext': {
      if (!command.outcome.ok) {
        const { code: fault, message } = command.outcome.failure;
        const ended = agentEnded.get(fault);
        return [ended === undefined ? Events.ContextRefused({ ...of, fault, message }) : canceled(state, turn, ended)];
      }
      const plan = command.outcome.result;
      const { request_digest } = plan;
      return [
        Events.ContextAssembled({ ...of, agent_id: state.agent_id, plan }),
        Events.ModelCalled({ ...of, attempt: 1, round: 1, request_digest }),
      ];
    }
    case 'CallAgain': {
      const round = turn.rounds.length + 1;
      return [Events.ModelCalled({ ...of, attempt: turn.attempt + 1, round, request_digest: turn.request_digest })];
    }
    case 'RecordReply':
      return command.attempt === turn.attempt ? replied(state, turn, command) : [];
    case 'RecordProposal':
      return proposedCall(state, turn, command.tool_use_id, command.outcome);
    case 'RecordRemembered':
      return rememberedCall(state, turn, command.tool_use_id, command.outcome);
    case 'RecordToolEnd':
      return endedCall(state, turn, command);
    case 'RecordPostTurn': {
      const { outcome } = command;
      const failed = (message: string): readonly Stage[] => [{ name: 'post_turn', ok: false, message }];
      const stages = outcome.ok ? outcome.result : failed(outcome.failure.message);
      return state.phase === 'settled' ? [end(state, turn)] : [assessed(state, turn, stages), end(state, turn)];
    }
  }
};

const rules: Decider<SessionCommand, SessionState, SessionEvent, SessionRefusal> = {
  initial: unopened,

  decide: (command, state): E.Either<SessionRefusal, readonly SessionEvent[]> => {
    const { session_id, agent_id, turn, turns, phase } = state;
    if (command.type === 'OpenSession') {
      const { type: _, ...opened } = command;
      return E.right([Events.SessionOpened({ ...opened, origin: null, inherited: [] })]);
    }
    if (command.type === 'ForkSession') {
      const { type: _, inherited, ...opened } = command;
      return E.right([Events.SessionOpened({ ...opened, inherited: [...inherited] })]);
    }
    if (session_id === '') return E.left({ reason: 'SessionUnknown' });
    if (command.type === 'CloseSession') {
      if (phase === 'closed' || state.ending !== null) return E.right([]);
      if (turn !== null) return E.left({ reason: 'TurnRunning', turn_id: turn.turn_id });
      return E.right([closing(state, command)]);
    }
    if (isAboutTheEnd(command)) return E.right(duringEnd(command, state));
    if (phase === 'closed' || state.ending !== null) return E.left({ reason: 'SessionIsClosed' });
    if (command.type === 'ReceiveTurn') {
      if (turn !== null) return E.left({ reason: 'TurnRunning', turn_id: turn.turn_id });
      const { turn_id, text } = command;
      return E.right([Events.TurnReceived({ session_id, turn_id, agent_id, ordinal: turns + 1, text })]);
    }
    const { turn_id } = command;
    if (turn === null || (turn_id !== null && turn.turn_id !== turn_id))
      return E.left({ reason: 'TurnNotRunning', turn_id });
    return E.right(duringTurn(command, state, turn));
  },

  evolve: evolveSession,
};

export type SessionRefused = SessionRefusal | OutOfLifecycle;
export const session = governed(sessionLifecycle, rules);
