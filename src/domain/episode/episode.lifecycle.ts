import { setup } from 'xstate';
import { lifecycle } from '../kernel/lifecycle.ts';
import type { EpisodeEvent } from './episode.events.ts';

/** What was decided in an episode, and by what procedure, is often found out only once it has ended. */
export const episodeMachine = setup({ types: { events: {} as { type: EpisodeEvent['type'] } } }).createMachine({
  id: 'episode',
  initial: 'unstarted',
  states: {
    unstarted: { on: { EpisodeStarted: 'ongoing' } },
    ongoing: {
      on: {
        EpisodeEnded: 'ended',
        EpisodeDecisionLinked: 'ongoing',
        EpisodeProcedureLinked: 'ongoing',
        EpisodeDeactivated: 'retracted',
        EpisodeForgotten: 'forgotten',
      },
    },
    ended: {
      on: {
        EpisodeDecisionLinked: 'ended',
        EpisodeProcedureLinked: 'ended',
        EpisodeDeactivated: 'retracted',
        EpisodeForgotten: 'forgotten',
      },
    },
    retracted: { on: { EpisodeForgotten: 'forgotten' } },
    forgotten: { type: 'final' },
  },
});

export const episodeLifecycle = lifecycle(episodeMachine);
export type EpisodePhase = typeof episodeLifecycle.initial;
