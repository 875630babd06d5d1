import type { Effect } from '../kernel/process.ts';
import type { TurnAssessment } from './assessment.ts';
import type { CitedTurn } from './session.events.ts';
import type { ContextPlan } from './plan.ts';
import type { Exchange } from './session.history.ts';
import type { Ending, Round, Tally, ToolCall, Turn } from './session.state.ts';

/** Lay out what the model will see. */
export interface ContextEffect extends Effect {
  readonly kind: 'context';
  readonly agent_id: string;
  readonly session_id: string;
  readonly turn_id: string;
  /** The episode that the session's turns belong to; null where none was begun yet. */
  readonly episode_id: string | null;
  /** Turns of another session that stand before the history of this one. */
  readonly inherited: readonly CitedTurn[];
  readonly history: readonly Exchange[];
  readonly text: string;
}

/** Call the model as the plan says. */
export interface ModelEffect extends Effect {
  readonly kind: 'model';
  readonly agent_id: string;
  readonly turn_id: string;
  readonly plan: ContextPlan;
  readonly inherited: readonly CitedTurn[];
  readonly history: readonly Exchange[];
  readonly text: string;
  readonly attempt: number;
  /** What tools were wanted before in this turn, and what they came to. */
  readonly rounds: readonly Round[];
}

/** Make a directive of what the model wants done. */
export interface ProposeEffect extends Effect {
  readonly kind: 'propose';
  readonly agent_id: string;
  readonly session_id: string;
  readonly turn_id: string;
  readonly directive_id: string;
  readonly call: ToolCall;
}

/** Do what the model wants of its memory: look something up, or put something on the record. */
export interface RememberEffect extends Effect {
  readonly kind: 'remember';
  readonly agent_id: string;
  readonly session_id: string;
  readonly turn_id: string;
  readonly round: number;
  readonly episode_id: string | null;
  readonly call: ToolCall;
}

/** Run what comes after a turn, however it ended. */
export interface PostTurnEffect extends Effect {
  readonly kind: 'post_turn';
  readonly agent_id: string;
  readonly session_id: string;
  readonly turn: Turn;
  readonly assessment: TurnAssessment;
}

/** Ask a model what a session taught: of a fork only what was said in it, for the rest is its origin's to tell. */
export interface ReflectEffect extends Effect {
  readonly kind: 'reflect';
  readonly agent_id: string;
  readonly session_id: string;
  readonly attempt: number;
  readonly history: readonly Exchange[];
}

/** Put on the record what a session came to. */
export interface ConcludeEffect extends Effect {
  readonly kind: 'conclude';
  readonly agent_id: string;
  readonly session_id: string;
  readonly episode_id: string | null;
  readonly tally: Tally;
  readonly lessons: Ending['lessons'];
}

export type SessionEffect =
  ContextEffect | ModelEffect | ProposeEffect | RememberEffect | PostTurnEffect | ReflectEffect | ConcludeEffect;
