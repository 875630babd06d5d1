import type { ContextPlan, SessionEvent } from './session.events.ts';
import { sessionLifecycle, type SessionPhase } from './session.lifecycle.ts';

/** At most so many earlier turns can reach a model: 20 messages (requirements N150). */
export const historyTurnsMax = 10;

/** A turn that was answered, as later turns quote it. */
export interface Exchange {
  readonly turn_id: string;
  readonly text: string;
  readonly reply: string;
}

/** A tool that the model wanted, and what came of it. */
export interface ToolCall {
  readonly tool_use_id: string;
  readonly capability_id: string;
  readonly args: unknown;
  readonly directive_id: string | null;
  readonly ended: { readonly outcome: string; readonly content: string } | null;
}

/** One call of the model that wanted tools: what it said, and what they came to. */
export interface Round {
  readonly text: string;
  readonly calls: readonly ToolCall[];
}

/** The turn under way. */
export interface Turn {
  readonly turn_id: string;
  readonly ordinal: number;
  readonly text: string;
  readonly plan: ContextPlan | null;
  readonly attempt: number;
  /** The rounds of tools so far; the last one is under way while the turn acts. */
  readonly rounds: readonly Round[];
  /** Of the request under way. */
  readonly request_digest: string;
  readonly retry_at: string | null;
  readonly reply: { readonly text: string; readonly truncated: boolean } | null;
  readonly failure: { readonly fault: string; readonly message: string } | null;
  readonly cancel_reason: string | null;
}

/** What decisions need to remember; not what screens want to show. */
export interface SessionState {
  readonly phase: SessionPhase;
  readonly session_id: string;
  readonly agent_id: string;
  /** The answered turns that later ones may quote, oldest first. */
  readonly history: readonly Exchange[];
  readonly turns: number;
  readonly turn: Turn | null;
  /** The turn that ended last: a late question about it gets a better answer than "unknown". */
  readonly ended_turn_id: string | null;
}

export const unopened: SessionState = {
  phase: sessionLifecycle.initial,
  session_id: '',
  agent_id: '',
  history: [],
  turns: 0,
  turn: null,
  ended_turn_id: null,
};

const amended = (state: SessionState, change: Partial<Turn>): SessionState =>
  state.turn === null ? state : { ...state, turn: { ...state.turn, ...change } };

/** Changes a call of the round under way. */
const withCall = (state: SessionState, tool_use_id: string, change: Partial<ToolCall>): SessionState => {
  const rounds = state.turn?.rounds ?? [];
  const last = rounds.at(-1);
  if (last === undefined) return state;
  const calls = last.calls.map((call) => (call.tool_use_id === tool_use_id ? { ...call, ...change } : call));
  return amended(state, { rounds: [...rounds.slice(0, -1), { ...last, calls }] });
};

/** The calls that have not come to an end. */
export const openCalls = ({ rounds }: Turn): readonly ToolCall[] =>
  rounds.at(-1)?.calls.filter(({ ended: end }) => end === null) ?? [];

const ended = ({ turn, ...state }: SessionState): SessionState => ({
  ...state,
  turn: null,
  ended_turn_id: turn?.turn_id ?? state.ended_turn_id,
});

const answered = (state: SessionState): SessionState => {
  const { turn, history } = state;
  if (turn?.reply == null) return ended(state);
  const exchange = { turn_id: turn.turn_id, text: turn.text, reply: turn.reply.text };
  return ended({ ...state, history: [...history.slice(1 - historyTurnsMax), exchange] });
};

/** What is known after an event; the phase is the machine's business. */
export const evolveSession = (state: SessionState, event: SessionEvent): SessionState => {
  switch (event.type) {
    case 'SessionOpened':
      return { ...state, session_id: event.data.session_id, agent_id: event.data.agent_id };
    case 'TurnReceived': {
      const { turn_id, ordinal, text } = event.data;
      const blank = {
        plan: null,
        attempt: 0,
        rounds: [],
        request_digest: '',
        retry_at: null,
        reply: null,
        failure: null,
        cancel_reason: null,
      };
      return { ...state, turns: ordinal, turn: { turn_id, ordinal, text, ...blank } };
    }
    case 'ContextAssembled':
      return amended(state, { plan: event.data.plan });
    case 'ModelCalled':
      return amended(state, { attempt: event.data.attempt, request_digest: event.data.request_digest, retry_at: null });
    case 'ModelRetryScheduled':
      return amended(state, { retry_at: event.data.retry_at });
    case 'ModelReplied':
      return amended(state, { reply: { text: event.data.text, truncated: event.data.truncated } });
    case 'ContextRefused':
    case 'ModelFailed':
      return amended(state, { failure: { fault: event.data.fault, message: event.data.message } });
    case 'ToolsRequested': {
      const calls = event.data.calls.map((call) => ({ ...call, directive_id: null, ended: null }));
      const rounds = [...(state.turn?.rounds ?? []), { text: state.turn?.reply?.text ?? '', calls }];
      return amended(state, { rounds, reply: null });
    }
    case 'ToolCallProposed':
      return withCall(state, event.data.tool_use_id, { directive_id: event.data.directive_id });
    case 'ToolCallEnded': {
      const { tool_use_id, outcome, content } = event.data;
      return withCall(state, tool_use_id, { ended: { outcome, content } });
    }
    case 'TurnCancelRequested':
      return amended(state, { cancel_reason: event.data.reason });
    case 'TurnCompleted':
      return answered(state);
    case 'TurnFailed':
    case 'TurnCanceled':
      return ended(state);
    // An assessment and the end teach nothing; nor does an event of another noun, which only a foreign hand can have put here.
    default:
      return state;
  }
};
