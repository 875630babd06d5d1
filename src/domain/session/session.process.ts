import type { Effect, Outcome, Process, Wait } from '../kernel/process.ts';
import type { Proposed, Reply, SessionCommand, Stage } from './session.commands.ts';
import { session, type SessionRefused } from './session.decider.ts';
import type { ContextPlan, SessionEvent } from './session.events.ts';
import { directiveOfCall } from './session.tools.ts';
import { openCalls, type Exchange, type Round, type SessionState, type ToolCall, type Turn } from './session.state.ts';

/** Lay out what the model will see. */
export interface ContextEffect extends Effect {
  readonly kind: 'context';
  readonly agent_id: string;
  readonly history: readonly Exchange[];
  readonly text: string;
}

/** Call the model as the plan says. */
export interface ModelEffect extends Effect {
  readonly kind: 'model';
  readonly agent_id: string;
  readonly turn_id: string;
  readonly plan: ContextPlan;
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

/** Run what comes after a turn, however it ended. */
export interface PostTurnEffect extends Effect {
  readonly kind: 'post_turn';
  readonly turn: Turn;
}

export type SessionEffect = ContextEffect | ModelEffect | ProposeEffect | PostTurnEffect;

const effects = (
  { phase, agent_id, session_id, history }: SessionState,
  turn: Turn,
): readonly (SessionEffect | Wait)[] => {
  const { turn_id, text, plan, attempt, rounds, retry_at } = turn;
  switch (phase) {
    case 'received':
      return [{ kind: 'context', key: `${turn_id}:context`, agent_id, history, text }];
    case 'calling':
      return plan === null
        ? []
        : [
            {
              kind: 'model',
              key: `${turn_id}:model:${rounds.length + 1}:${attempt}`,
              agent_id,
              turn_id,
              plan,
              history,
              text,
              attempt,
              rounds,
            },
          ];
    case 'prepared':
    case 'backing_off':
      return [
        {
          kind: 'wait',
          key: `${turn_id}:call:${rounds.length + 1}:${attempt + 1}`,
          until: retry_at ?? '1970-01-01T00:00:00.000Z',
        },
      ];
    case 'acting':
      // Those that are proposed wait for their directive, which tells of its end.
      return openCalls(turn)
        .filter(({ directive_id }) => directive_id === null)
        .map((call) => ({
          kind: 'propose',
          key: `${turn_id}:propose:${rounds.length}:${call.tool_use_id}`,
          agent_id,
          session_id,
          turn_id,
          directive_id: directiveOfCall(session_id, turn_id, rounds.length, call.tool_use_id),
          call,
        }));
    case 'replied':
    case 'failing':
    case 'canceling':
    case 'settled':
      return [{ kind: 'post_turn', key: `${turn_id}:post_turn`, turn }];
    case 'unopened':
    case 'idle':
    case 'closed':
      return [];
  }
};

/**
 * A turn as a process of its session: context, then the model, then what comes after a turn. What the model answered
 * and what is due next travel in one append; a call whose answer was recorded is never made again.
 */
export const sessionProcess: Process<SessionCommand, SessionState, SessionEvent, SessionRefused, SessionEffect> = {
  ...session,
  next: (state) => (state.turn === null ? [] : effects(state, state.turn)),
  outcome: (effect, outcome, { turn }) => {
    const turn_id = turn?.turn_id ?? '';
    switch (effect.kind) {
      case 'context':
        return { type: 'RecordContext', turn_id, outcome: outcome as Outcome<ContextPlan> };
      case 'model': {
        return {
          type: 'RecordReply',
          turn_id: effect.turn_id,
          attempt: effect.attempt,
          key: effect.key,
          outcome: outcome as Outcome<Reply>,
        };
      }
      case 'propose':
        return {
          type: 'RecordProposal',
          turn_id: effect.turn_id,
          tool_use_id: effect.call.tool_use_id,
          outcome: outcome as Outcome<Proposed>,
        };
      case 'wait':
        return { type: 'CallAgain', turn_id };
      case 'post_turn':
        return { type: 'RecordPostTurn', turn_id: effect.turn.turn_id, outcome: outcome as Outcome<readonly Stage[]> };
    }
  },
  done: ({ phase }) => phase === 'closed' || phase === 'idle',
};
