import { z } from 'zod';
import { FrameSelection } from '../cognition/frames.ts';

const id = z.uuid();
const tokens = z.int().nonnegative();
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/** Something remembered that a section cites, at the revision at which it was said, and how it was found. */
export const CitedItem = z.strictObject({
  kind: z.enum(['decision', 'fact', 'procedure', 'episode', 'censor', 'working_memory']),
  id,
  revision: z.int().nonnegative(),
  score: z.number().nullable(),
  channels: z
    .array(z.strictObject({ name: z.enum(['vector', 'text']), rank: z.int().positive(), score: z.number() }))
    .max(2),
});
export type CitedItem = z.infer<typeof CitedItem>;

const Section = z.strictObject({
  name: z.string(),
  tokens,
  /** The turns a section quotes, oldest first, and how many more there were that did not fit. */
  turn_ids: z.array(id),
  left_out: z.int().nonnegative(),
  budget_tokens: tokens.default(0),
  cut: z.boolean().default(false),
  items: z.array(CitedItem).max(100).default([]),
  /** What was found and is not in the section, and why. */
  excluded: z
    .array(z.strictObject({ kind: z.string(), id, why: z.string().max(200) }))
    .max(100)
    .default([]),
});
export type Section = z.infer<typeof Section>;

/** One thing that was done for a turn; one that failed is recorded and stops no other (requirements N138). */
export const StageReport = z.strictObject({ name: z.string(), ok: z.boolean(), message: z.string().nullable() });

/** What was put in context and why; never the text of it, which is already in the log where it was first said. */
export const ContextPlan = z.strictObject({
  agent_revision: z.int().nonnegative(),
  template: z.string(),
  model: z.string().min(1).nullable(),
  max_tokens: tokens,
  budget_tokens: tokens,
  sections: z.array(Section),
  /** The tools that the model is offered, by the capability and the spec of then. */
  tools: z
    .array(z.strictObject({ capability_id: z.string().max(100), spec_digest: digest }))
    .max(100)
    .default([]),
  request_digest: digest,
  frame: FrameSelection.nullable().default(null),
  /** The censors that the message met. */
  censors: z
    .array(z.strictObject({ censor_id: id, action: z.string(), similarity: z.number().nullable() }))
    .max(50)
    .default([]),
  calibration: z
    .strictObject({ graded: tokens, accuracy: z.number(), brier_score: z.number(), bias: z.number() })
    .nullable()
    .default(null),
  /** The decision that was recorded before the model spoke, and the episode that the turn belongs to. */
  decision_id: id.nullable().default(null),
  episode_id: id.nullable().default(null),
  /** Up to which position of the log memory was searched; null where it was not. */
  position: z
    .string()
    .regex(/^\d{1,19}$/)
    .nullable()
    .default(null),
  stages: z.array(StageReport).max(20).default([]),
});
export type ContextPlan = z.infer<typeof ContextPlan>;
