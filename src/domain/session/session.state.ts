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

/** The turn under way. */
export interface Turn {
  readonly turn_id: string;
  readonly ordinal: number;
  readonly text: string;
  readonly plan: ContextPlan | null;
  readonly attempt: number;
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
      const blank = { plan: null, attempt: 0, retry_at: null, reply: null, failure: null, cancel_reason: null };
      return { ...state, turns: ordinal, turn: { turn_id, ordinal, text, ...blank } };
    }
    case 'ContextAssembled':
      return amended(state, { plan: event.data.plan });
    case 'ModelCalled':
      return amended(state, { attempt: event.data.attempt, retry_at: null });
    case 'ModelRetryScheduled':
      return amended(state, { retry_at: event.data.retry_at });
    case 'ModelReplied':
      return amended(state, { reply: { text: event.data.text, truncated: event.data.truncated } });
    case 'ContextRefused':
    case 'ModelFailed':
      return amended(state, { failure: { fault: event.data.fault, message: event.data.message } });
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
