import { z } from 'zod';
import { event, type Occurrence } from '../kernel/event.ts';
import { actor, instant, memoryId, statement, Tags, why } from '../memory/words.ts';

/** How an episode ended (requirements N71); one that has not ended is ongoing. */
export const episodeOutcomes = ['success', 'partial', 'failure', 'abandoned'] as const;
export const EpisodeOutcome = z.enum(episodeOutcomes);
export type EpisodeOutcome = z.infer<typeof EpisodeOutcome>;
/** What a procedure was good for, the time it was followed (requirements N72). */
export const usefulness = ['helped', 'neutral', 'hindered'] as const;
export const Usefulness = z.enum(usefulness);

const episode_id = memoryId;
const short = z.string().min(1).max(200);

/** What is going on (requirements N70). Its end says how it went, and changes none of this. */
export const EpisodeContent = z.strictObject({
  title: short.nullable(),
  summary: statement,
  detail: z.string().max(32_000).nullable(),
  frame: short.nullable(),
  trigger: short.nullable(),
  participants: z.array(short).max(50),
  tags: Tags,
});
export const Lessons = z.array(z.string().min(1).max(2_000)).max(50);
export const Surprise = z.number().min(0).max(1).nullable();

export const EpisodeStarted = event(
  'EpisodeStarted',
  z.object({
    episode_id,
    agent_id: memoryId,
    session_id: memoryId.nullable(),
    ...EpisodeContent.shape,
    at: instant,
    by: actor,
  }),
  { personal: ['title', 'summary', 'detail', 'participants'] },
);
export const EpisodeEnded = event(
  'EpisodeEnded',
  z.object({
    episode_id,
    outcome: EpisodeOutcome,
    lessons: Lessons,
    surprise: Surprise,
    at: instant,
    duration_ms: z.int().min(0),
    by: actor,
  }),
  { personal: ['lessons'] },
);
export const EpisodeDecisionLinked = event(
  'EpisodeDecisionLinked',
  z.object({ episode_id, decision_id: memoryId, by: actor }),
);
export const EpisodeProcedureLinked = event(
  'EpisodeProcedureLinked',
  z.object({ episode_id, procedure_id: memoryId, effectiveness: Usefulness, by: actor }),
);
export const EpisodeDeactivated = event('EpisodeDeactivated', z.object({ episode_id, reason: why, by: actor }));
/** From here on no read model holds what it said (requirements C43). */
export const EpisodeForgotten = event('EpisodeForgotten', z.object({ episode_id, reason: why, by: actor }));

export const episodeEvents = [
  EpisodeStarted,
  EpisodeEnded,
  EpisodeDecisionLinked,
  EpisodeProcedureLinked,
  EpisodeDeactivated,
  EpisodeForgotten,
] as const;
export type EpisodeEvent = Occurrence<typeof episodeEvents>;
