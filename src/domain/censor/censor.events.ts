import { z } from 'zod';
import { event, type Occurrence } from '../kernel/event.ts';
import { Source } from '../memory/source.ts';
import { actor, memoryId, why } from '../memory/words.ts';

/** What a censor does where it strikes, the weakest first (requirements N85). */
export const censorActions = ['warn', 'block', 'absolute'] as const;
export const CensorAction = z.enum(censorActions);
export type CensorAction = z.infer<typeof CensorAction>;
/** Who made it: a person, an agent, or a rule that learned from what went wrong. */
export const censorOrigins = ['manual', 'agent', 'automatic'] as const;
export const CensorOrigin = z.enum(censorOrigins);
export type CensorOrigin = z.infer<typeof CensorOrigin>;

export const thresholdMax = 1_000;
const censor_id = memoryId;
const count = z.int().min(1);

/** What not to do, and why (requirements N85). */
export const CensorContent = z.strictObject({
  trigger: z.string().min(1).max(500),
  reason: z.string().min(1).max(2_000),
  domain: z.string().min(1).max(100).nullable(),
});
/** After so many hits a warning becomes a block (requirements N88). */
export const EscalationThreshold = z.int().min(1).max(thresholdMax);

export const CensorCreated = event(
  'CensorCreated',
  z.object({
    censor_id,
    agent_id: memoryId,
    ...CensorContent.shape,
    action: CensorAction,
    /** What was wanted; the action is the strongest of it that its origin may ask for. */
    asked: CensorAction,
    origin: CensorOrigin,
    escalation_threshold: EscalationThreshold,
    source: Source,
    by: actor,
  }),
  { personal: ['trigger', 'reason'] },
);
export const CensorTriggered = event(
  'CensorTriggered',
  z.object({
    censor_id,
    matched: z.string().max(500),
    action: CensorAction,
    activations: count,
    session_id: memoryId.nullable(),
    turn_id: memoryId.nullable(),
    by: actor,
  }),
  { personal: ['matched'] },
);
export const CensorEscalated = event(
  'CensorEscalated',
  z.object({ censor_id, from: CensorAction, to: CensorAction, automatic: z.boolean(), by: actor }),
);
export const CensorFalsePositiveMarked = event(
  'CensorFalsePositiveMarked',
  z.object({ censor_id, false_positives: count, note: why, by: actor }),
  { personal: ['note'] },
);
export const CensorLifted = event('CensorLifted', z.object({ censor_id, reason: why, by: actor }));
/** From here on no read model holds what it said (requirements C43). */
export const CensorForgotten = event('CensorForgotten', z.object({ censor_id, reason: why, by: actor }));

export const censorEvents = [
  CensorCreated,
  CensorTriggered,
  CensorEscalated,
  CensorFalsePositiveMarked,
  CensorLifted,
  CensorForgotten,
] as const;
export type CensorEvent = Occurrence<typeof censorEvents>;
