import { z } from 'zod';
import { Category, Stakes } from '../decision/decision.events.ts';

const tokens = z.int().min(0).max(50_000);

/** How much of each section a frame has room for, in estimated tokens; 0 leaves the section out (requirements N115, N118). */
export const SectionBudgets = z.strictObject({
  censors: tokens,
  frame: tokens,
  working_memory: tokens,
  decisions: tokens,
  facts: tokens,
  procedures: tokens,
  episodes: tokens,
});
export type SectionBudgets = z.infer<typeof SectionBudgets>;

/** A way of thinking about what was said: when it is taken, what it asks, and what it makes room for (requirements N111). */
export const Frame = z.strictObject({
  frame_id: z.string().regex(/^[a-z][a-z0-9_]{0,39}$/),
  name: z.string().min(1).max(100),
  description: z.string().max(500),
  /** A single word is looked for among the words of a text, several words as they stand in it. */
  activation_patterns: z.array(z.string().min(1).max(60)).max(50),
  default_category: Category,
  default_stakes: Stakes,
  questions_to_ask: z.array(z.string().min(1).max(300)).max(10),
  /** Of two frames that were hit as often the higher one is taken. */
  precedence: z.int().min(0).max(1_000),
  /** A turn in it is a decision: one is recorded before the model speaks. */
  deliberates: z.boolean(),
  budgets: SectionBudgets,
});
export type Frame = z.infer<typeof Frame>;

/** At most so many frames of its own has an agent. */
export const framesMax = 20;

/** What a turn is thought about in, and why (requirements N114). */
export const FrameSelection = z.strictObject({
  frame_id: z.string(),
  frame_name: z.string(),
  confidence: z.number().min(0).max(1),
  match_method: z.enum(['pattern', 'default']),
});
export type FrameSelection = z.infer<typeof FrameSelection>;

const confidencePerHit = 0.3;

/** The words of a text, those that hyphens join both joined and by themselves. */
const wordsOf = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/[\p{L}\p{N}']+(?:-[\p{L}\p{N}']+)*/gu)].flatMap(([word]) => [word, ...word.split('-')]));

const hitsOf = ({ activation_patterns }: Frame, text: string, words: ReadonlySet<string>): number =>
  activation_patterns
    .map((pattern) => pattern.toLowerCase())
    .filter((pattern) => (/\s/.test(pattern) ? text.includes(pattern) : words.has(pattern))).length;

/**
 * The frame that a text is taken in: most patterns hit, ties by precedence, then by id; no hit at all leads to the frame of
 * the lowest precedence, which is the one that asks least (requirements N113). Confidence is 0.3 a hit, at most 1, and 0
 * where nothing hit. Undefined only where there are no frames.
 */
export const selectFrame = (
  frames: readonly Frame[],
  said: string,
): { readonly frame: Frame; readonly selection: FrameSelection } | undefined => {
  const text = said.toLowerCase();
  const words = wordsOf(text);
  const ranked = frames
    .map((frame) => ({ frame, hits: hitsOf(frame, text, words) }))
    .toSorted(
      (a, b) =>
        b.hits - a.hits || b.frame.precedence - a.frame.precedence || (a.frame.frame_id < b.frame.frame_id ? -1 : 1),
    );
  const hit = ranked[0]?.hits === 0 ? undefined : ranked[0];
  const taken = hit ?? ranked.at(-1);
  if (taken === undefined) return undefined;
  const { frame, hits } = taken;
  return {
    frame,
    selection: {
      frame_id: frame.frame_id,
      frame_name: frame.name,
      confidence: Math.min(1, confidencePerHit * hits),
      match_method: hit === undefined ? 'default' : 'pattern',
    },
  };
};

/** An agent's frames: the seeded ones, those of its own in place of the ones of the same id, and its further ones. */
export const framesOf = (seeded: readonly Frame[], own: readonly Frame[]): readonly Frame[] => {
  const byId = new Map(seeded.map((frame) => [frame.frame_id, frame]));
  for (const frame of own) byId.set(frame.frame_id, frame);
  return [...byId.values()];
};
