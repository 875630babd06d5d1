import type { Outcome, Process, Wait } from '../kernel/process.ts';
import type { ModelAnswered, Proposed, SessionCommand, Stage } from './session.commands.ts';
import { session, type SessionRefused } from './session.decider.ts';
import { assessmentOf } from './assessment.ts';
import type { ContextPlan } from './plan.ts';
import type { ProposeEffect, RememberEffect, SessionEffect } from './session.effects.ts';
import type { SessionEvent } from './session.events.ts';
import { directiveOfCall, isMemoryTool } from './session.tools.ts';
import { quotableOf } from './session.history.ts';
import { openCalls, type Ending, type SessionState, type Turn } from './session.state.ts';

/** What of a turn's tools is to be done. Those that are proposed wait for their directive, which tells of its end. */
const toolEffects = (
  { agent_id, session_id }: SessionState,
  turn: Turn,
): readonly (ProposeEffect | RememberEffect)[] => {
  const { turn_id, rounds, plan } = turn;
  const about = { agent_id, session_id, turn_id };
  return openCalls(turn)
    .filter(({ directive_id }) => directive_id === null)
    .map((call) => {
      const of = `${rounds.length}:${call.tool_use_id}`;
      if (isMemoryTool(call.capability_id)) {
        const episode_id = plan?.episode_id ?? null;
        return { kind: 'remember', key: `${turn_id}:remember:${of}`, ...about, round: rounds.length, episode_id, call };
      }
      const directive_id = directiveOfCall(session_id, turn_id, rounds.length, call.tool_use_id);
      return { kind: 'propose', key: `${turn_id}:propose:${of}`, ...about, directive_id, call };
    });
};

const effects = (state: SessionState, turn: Turn): readonly (SessionEffect | Wait)[] => {
  const { phase, agent_id, session_id, history, episode_id } = state;
  const { turn_id, text, plan, attempt, rounds, retry_at } = turn;
  const about = { agent_id, turn_id };
  const spoken = { inherited: quotableOf(state), history, text };
  switch (phase) {
    case 'received':
      return [{ kind: 'context', key: `${turn_id}:context`, ...about, session_id, episode_id, ...spoken }];
    case 'calling': {
      const key = `${turn_id}:model:${rounds.length + 1}:${attempt}`;
      return plan === null ? [] : [{ kind: 'model', key, ...about, plan, ...spoken, attempt, rounds }];
    }
    case 'prepared':
    case 'backing_off': {
      const key = `${turn_id}:call:${rounds.length + 1}:${attempt + 1}`;
      return [{ kind: 'wait', key, until: retry_at ?? '1970-01-01T00:00:00.000Z' }];
    }
    case 'acting':
      return toolEffects(state, turn);
    case 'replied':
    case 'failing':
    case 'canceling':
    case 'settled': {
      const assessment = assessmentOf(state, turn);
      return [{ kind: 'post_turn', key: `${turn_id}:post_turn`, agent_id, session_id, turn, assessment }];
    }
    default:
      return [];
  }
};

/** What is to be done at the end of a session. */
const endingEffects = (
  { phase, agent_id, session_id, history, tally, episode_id }: SessionState,
  { reflects, attempt, retry_at, lessons }: Ending,
): readonly (SessionEffect | Wait)[] => {
  const conclude = {
    kind: 'conclude',
    key: `${session_id}:conclude`,
    agent_id,
    session_id,
    episode_id,
    tally,
    lessons,
  } as const;
  switch (phase) {
    case 'ending':
      return reflects
        ? [{ kind: 'reflect', key: `${session_id}:reflect:${attempt}`, agent_id, session_id, attempt, history }]
        : [conclude];
    case 'resting':
      return retry_at === null ? [] : [{ kind: 'wait', key: `${session_id}:rest:${attempt}`, until: retry_at }];
    case 'concluding':
      return [conclude];
    default:
      return [];
  }
};

/**
 * A turn as a process of its session: context, then the model, then what comes after a turn; and at the end of the session,
 * what it taught. What the model answered and what is due next travel in one append; a call whose answer was recorded is
 * never made again.
 */
export const sessionProcess: Process<SessionCommand, SessionState, SessionEvent, SessionRefused, SessionEffect> = {
  ...session,
  next: (state) => {
    if (state.turn !== null) return effects(state, state.turn);
    return state.ending === null ? [] : endingEffects(state, state.ending);
  },
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
          outcome: outcome as ModelAnswered,
        };
      }
      case 'propose':
        return {
          type: 'RecordProposal',
          turn_id: effect.turn_id,
          tool_use_id: effect.call.tool_use_id,
          outcome: outcome as Outcome<Proposed>,
        };
      case 'remember':
        return {
          type: 'RecordRemembered',
          turn_id: effect.turn_id,
          tool_use_id: effect.call.tool_use_id,
          outcome: outcome as Outcome<string>,
        };
      case 'wait':
        return turn === null ? { type: 'ReflectAgain' } : { type: 'CallAgain', turn_id };
      case 'reflect': {
        const { attempt, key } = effect;
        return { type: 'RecordReflection', attempt, key, outcome: outcome as ModelAnswered };
      }
      case 'conclude':
        return { type: 'RecordConclusion', outcome: outcome as Outcome<readonly Stage[]> };
      case 'post_turn':
        return { type: 'RecordPostTurn', turn_id: effect.turn.turn_id, outcome: outcome as Outcome<readonly Stage[]> };
    }
  },
  done: ({ phase }) => phase === 'closed' || phase === 'idle',
};
