import { z } from 'zod';
import { event, type Occurrence } from '../kernel/event.ts';
import { actor, memoryId, statement, Tags, why } from '../memory/words.ts';
import { Source } from '../memory/source.ts';

/** What a fact can be about (requirements N73). */
export const factCategories = ['preference', 'technical', 'person', 'tool', 'concept', 'rule'] as const;
export const FactCategory = z.enum(factCategories);

const fact_id = memoryId;
const confidence = z.number().min(0).max(1);

/** What is held to be true, and how sure one is of it. */
export const FactContent = z.strictObject({
  content: statement,
  category: FactCategory.nullable(),
  subject: z.string().min(1).max(200).nullable(),
  confidence,
  tags: Tags,
});

export const FactLearned = event(
  'FactLearned',
  z.object({
    fact_id,
    agent_id: memoryId,
    ...FactContent.shape,
    source: Source,
    contradiction_of: memoryId.nullable(),
    supersedes: memoryId.nullable(),
    by: actor,
  }),
  { personal: ['content', 'subject'] },
);
/**
 * What is said against a fact: it is on the record with the fact that gives way, so that whatever happens to whoever said it,
 * the newer fact is learned (decision 0017). Null where that one was held already.
 */
export const NewerFact = z.object({ agent_id: memoryId, ...FactContent.shape, source: Source });
export type NewerFact = z.infer<typeof NewerFact>;
const newer = NewerFact.nullable().default(null);

/** Somebody said it again: how often that is by now, and where it came from this time. */
export const FactConfirmed = event(
  'FactConfirmed',
  z.object({ fact_id, confirmations: z.int().min(1), source: Source.nullable(), by: actor }),
);
/** Another fact says otherwise; both stand, and this one is held less surely. */
export const FactContradicted = event(
  'FactContradicted',
  z.object({
    fact_id,
    by_fact_id: memoryId,
    confidence_before: confidence,
    confidence_after: confidence,
    newer,
    by: actor,
  }),
  { personal: ['newer'] },
);
export const FactSuperseded = event(
  'FactSuperseded',
  z.object({ fact_id, superseded_by: memoryId, newer, by: actor }),
  { personal: ['newer'] },
);
export const FactDeactivated = event('FactDeactivated', z.object({ fact_id, reason: why, by: actor }));
/** From here on no read model holds what it said (requirements C43). */
export const FactForgotten = event('FactForgotten', z.object({ fact_id, reason: why, by: actor }));

export const factEvents = [
  FactLearned,
  FactConfirmed,
  FactContradicted,
  FactSuperseded,
  FactDeactivated,
  FactForgotten,
] as const;
export type FactEvent = Occurrence<typeof factEvents>;
