import * as E from 'fp-ts/lib/Either.js';
import type { z } from 'zod';
import type { Decider } from '../kernel/decider.ts';
import { governed } from '../kernel/lifecycle.ts';
import { once } from '../memory/words.ts';
import {
  EpisodeDeactivated,
  EpisodeDecisionLinked,
  EpisodeEnded,
  EpisodeForgotten,
  EpisodeProcedureLinked,
  EpisodeStarted,
  type EpisodeContent,
  type EpisodeEvent,
  type EpisodeOutcome,
  type usefulness,
} from './episode.events.ts';
import { episodeLifecycle, type EpisodePhase } from './episode.lifecycle.ts';

export interface StartEpisode extends z.infer<typeof EpisodeContent> {
  readonly type: 'StartEpisode';
  readonly episode_id: string;
  readonly agent_id: string;
  readonly session_id: string | null;
  readonly at: string;
  readonly by: string;
}

export interface EndEpisode {
  readonly type: 'EndEpisode';
  readonly outcome: EpisodeOutcome;
  readonly lessons: readonly string[];
  /** How unlike what was expected it was, 0 to 1. */
  readonly surprise: number | null;
  readonly at: string;
  readonly by: string;
}

export type EpisodeCommand =
  | StartEpisode
  | EndEpisode
  | { readonly type: 'LinkDecision'; readonly decision_id: string; readonly by: string }
  | {
      readonly type: 'LinkProcedure';
      readonly procedure_id: string;
      readonly effectiveness: (typeof usefulness)[number];
      readonly by: string;
    }
  | { readonly type: 'DeactivateEpisode'; readonly reason: string; readonly by: string }
  | { readonly type: 'ForgetEpisode'; readonly reason: string; readonly by: string };

export type EpisodeRefusal = { readonly reason: 'EpisodeUnknown' };

export interface EpisodeState {
  readonly phase: EpisodePhase;
  readonly episode_id: string;
  readonly agent_id: string;
  readonly started_at: string;
  /** What its end said; null while it goes on. */
  readonly end: Pick<EndEpisode, 'outcome' | 'lessons' | 'surprise'> | null;
  readonly duration_ms: number | null;
  readonly decisions: ReadonlySet<string>;
  readonly procedures: ReadonlyMap<string, string>;
}

const initial: EpisodeState = {
  phase: episodeLifecycle.initial,
  episode_id: '',
  agent_id: '',
  started_at: '',
  end: null,
  duration_ms: null,
  decisions: new Set(),
  procedures: new Map(),
};

const ended = (
  { episode_id, started_at, end }: EpisodeState,
  { outcome, lessons, surprise, at, by }: EndEpisode,
): readonly EpisodeEvent[] => {
  const said = { outcome, lessons: [...lessons], surprise };
  if (end !== null && JSON.stringify(end) === JSON.stringify(said)) return [];
  // Two clocks may have said when it began and when it ended; nothing lasts less than no time.
  const duration_ms = Math.max(0, Date.parse(at) - Date.parse(started_at));
  return [EpisodeEnded({ episode_id, ...said, at, duration_ms, by })];
};

const rules: Decider<EpisodeCommand, EpisodeState, EpisodeEvent, EpisodeRefusal> = {
  initial,

  decide: (command, state): E.Either<EpisodeRefusal, readonly EpisodeEvent[]> => {
    if (command.type === 'StartEpisode') {
      const { type: _, ...started } = command;
      return E.right([
        EpisodeStarted({ ...started, participants: once(started.participants), tags: once(started.tags) }),
      ]);
    }
    const { episode_id, phase } = state;
    const { by } = command;
    if (episode_id === '') return E.left({ reason: 'EpisodeUnknown' });
    switch (command.type) {
      case 'EndEpisode':
        return E.right(ended(state, command));
      case 'LinkDecision': {
        const { decision_id } = command;
        return E.right(
          state.decisions.has(decision_id) ? [] : [EpisodeDecisionLinked({ episode_id, decision_id, by })],
        );
      }
      case 'LinkProcedure': {
        const { procedure_id, effectiveness } = command;
        const same = state.procedures.get(procedure_id) === effectiveness;
        return E.right(same ? [] : [EpisodeProcedureLinked({ episode_id, procedure_id, effectiveness, by })]);
      }
      case 'DeactivateEpisode':
        return E.right(phase === 'retracted' ? [] : [EpisodeDeactivated({ episode_id, reason: command.reason, by })]);
      case 'ForgetEpisode':
        return E.right(phase === 'forgotten' ? [] : [EpisodeForgotten({ episode_id, reason: command.reason, by })]);
    }
  },

  evolve: (state, event) => {
    switch (event.type) {
      case 'EpisodeStarted': {
        const { episode_id, agent_id, at: started_at } = event.data;
        return { ...state, episode_id, agent_id, started_at };
      }
      case 'EpisodeEnded': {
        const { outcome, lessons, surprise, duration_ms } = event.data;
        return { ...state, end: { outcome, lessons, surprise }, duration_ms };
      }
      case 'EpisodeDecisionLinked':
        return { ...state, decisions: new Set(state.decisions).add(event.data.decision_id) };
      case 'EpisodeProcedureLinked': {
        const { procedure_id, effectiveness } = event.data;
        return { ...state, procedures: new Map(state.procedures).set(procedure_id, effectiveness) };
      }
      case 'EpisodeForgotten':
        return { ...state, end: state.end && { ...state.end, lessons: [] } };
      default:
        return state;
    }
  },
};

export const episode = governed(episodeLifecycle, rules);
