import type { ContextPlan } from './plan.ts';
import { historyTurnsMax, type Exchange } from './session.history.ts';
import type { CitedTurn, Origin, SessionEvent } from './session.events.ts';
import type { Lessons } from '../cognition/reflection.ts';
import { sessionLifecycle, type SessionPhase } from './session.lifecycle.ts';

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

/** What a session comes to, kept as it goes: whether it is worth remembering, and how it went. */
export interface Tally {
  readonly completed: number;
  readonly failed: number;
  readonly tool_calls: number;
  readonly chars: number;
  /** The most unexpected turn. */
  readonly surprise: number;
  /** How many errors have become candidates for censors. */
  readonly candidates: number;
}

/** The end of a session under way. */
export interface Ending {
  readonly reason: string;
  readonly reflects: boolean;
  readonly attempt: number;
  readonly retry_at: string | null;
  readonly lessons: Lessons | null;
}

/** What decisions need to remember; not what screens want to show. */
export interface SessionState {
  readonly phase: SessionPhase;
  readonly session_id: string;
  readonly agent_id: string;
  /** Where a fork comes from; null for a session of its own. */
  readonly origin: Origin | null;
  /** The turns of its origin that a fork may quote, oldest first. */
  readonly inherited: readonly CitedTurn[];
  /** The answered turns that later ones may quote, oldest first. */
  readonly history: readonly Exchange[];
  readonly turns: number;
  readonly turn: Turn | null;
  /** The turn that ended last: a late question about it gets a better answer than "unknown". */
  readonly ended_turn_id: string | null;
  readonly tally: Tally;
  readonly episode_id: string | null;
  readonly ending: Ending | null;
}

export const unopened: SessionState = {
  phase: sessionLifecycle.initial,
  session_id: '',
  agent_id: '',
  origin: null,
  inherited: [],
  history: [],
  turns: 0,
  turn: null,
  ended_turn_id: null,
  tally: { completed: 0, failed: 0, tool_calls: 0, chars: 0, surprise: 0, candidates: 0 },
  episode_id: null,
  ending: null,
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

/** Adds to what the session comes to. */
const tallied = (state: SessionState, more: Partial<Tally>): SessionState => {
  const { tally } = state;
  const names = Object.keys(more) as (keyof Tally)[];
  const sums = names.map((name): [string, number] => [name, tally[name] + (more[name] ?? 0)]);
  return { ...state, tally: { ...tally, ...(Object.fromEntries(sums) as Partial<Tally>) } };
};

const concluded = (state: SessionState, change: Partial<Ending>): SessionState =>
  state.ending === null ? state : { ...state, ending: { ...state.ending, ...change } };

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

/** What is known of a session's end; nothing is learnt from its last event, nor from one of another noun, which only a foreign hand can have put here. */
const evolveEnding = (state: SessionState, event: SessionEvent): SessionState => {
  switch (event.type) {
    case 'SessionEndRequested':
      return { ...state, ending: { ...event.data, attempt: 1, retry_at: null, lessons: null } };
    case 'SessionReflected': {
      const { facts, lessons, procedures } = event.data;
      return concluded(state, { lessons: { facts, lessons, procedures } });
    }
    case 'ReflectionRetryScheduled':
      return concluded(state, { retry_at: event.data.retry_at });
    case 'ReflectionCalled':
      return concluded(state, { attempt: event.data.attempt, retry_at: null });
    default:
      return state;
  }
};

/** What is known after an event; the phase is the machine's business. */
export const evolveSession = (state: SessionState, event: SessionEvent): SessionState => {
  switch (event.type) {
    case 'SessionOpened': {
      const { session_id, agent_id, origin, inherited } = event.data;
      return { ...state, session_id, agent_id, origin, inherited };
    }
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
      return tallied({ ...state, turns: ordinal, turn: { turn_id, ordinal, text, ...blank } }, { chars: text.length });
    }
    case 'ContextAssembled': {
      const { plan } = event.data;
      return amended({ ...state, episode_id: plan.episode_id ?? state.episode_id }, { plan });
    }
    case 'ModelCalled':
      return amended(state, { attempt: event.data.attempt, request_digest: event.data.request_digest, retry_at: null });
    case 'ModelRetryScheduled':
      return amended(state, { retry_at: event.data.retry_at });
    case 'ModelReplied': {
      const { text, truncated } = event.data;
      return amended(tallied(state, { chars: text.length }), { reply: { text, truncated } });
    }
    case 'ContextRefused':
    case 'ModelFailed':
      return amended(state, { failure: { fault: event.data.fault, message: event.data.message } });
    case 'ToolsRequested': {
      const calls = event.data.calls.map((call) => ({ ...call, directive_id: null, ended: null }));
      const rounds = [...(state.turn?.rounds ?? []), { text: state.turn?.reply?.text ?? '', calls }];
      return amended(tallied(state, { tool_calls: calls.length }), { rounds, reply: null });
    }
    case 'ToolCallProposed':
      return withCall(state, event.data.tool_use_id, { directive_id: event.data.directive_id });
    case 'ToolCallEnded': {
      const { tool_use_id, outcome, content } = event.data;
      return withCall(state, tool_use_id, { ended: { outcome, content } });
    }
    case 'TurnCancelRequested':
      return amended(state, { cancel_reason: event.data.reason });
    case 'TurnAssessed': {
      const { surprise, candidates } = event.data;
      const { tally } = state;
      const most = Math.max(tally.surprise, surprise);
      return tallied({ ...state, tally: { ...tally, surprise: most } }, { candidates: candidates.length });
    }
    case 'TurnCompleted':
      return answered(tallied(state, { completed: 1 }));
    case 'TurnFailed':
      return ended(tallied(state, { failed: 1 }));
    case 'TurnCanceled':
      return ended(state);
    default:
      return evolveEnding(state, event);
  }
};
