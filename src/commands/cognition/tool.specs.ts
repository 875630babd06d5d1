import { z } from 'zod';
import { censorActions } from '../../domain/censor/censor.events.ts';
import { categories, DecisionContent, stakes } from '../../domain/decision/decision.events.ts';
import { factCategories } from '../../domain/fact/fact.events.ts';
import { visible } from '../../domain/kernel/visible.ts';
import type { MemoryTool } from '../../domain/session/session.tools.ts';

/** A tool as a model is told of it. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  readonly input_schema: unknown;
}

const recallLimitMax = 20;
/** Fewer would stop whatever is said. */
const triggerCharsMin = 3;
const { description, confidence, context, pattern, tags, reasons } = DecisionContent.shape;

/** What each tool of memory takes (requirements N153). */
export const memoryToolInputs = {
  record_decision: z.strictObject({
    description: visible(description),
    confidence,
    category: z.enum(categories),
    stakes: z.enum(stakes),
    context: context.default(null),
    pattern: pattern.default(null),
    tags: tags.default([]),
    reasons: reasons.default([]),
  }),
  learn_fact: z.strictObject({
    content: visible(z.string().min(1).max(8_000)),
    category: z.enum(factCategories).nullable().default(null),
    subject: z.string().min(1).max(200).nullable().default(null),
    confidence: z.number().min(0).max(1).default(0.8),
    tags: z.array(z.string().min(1).max(100)).max(50).default([]),
  }),
  recall: z.strictObject({
    query: z.string().min(1).max(2_000),
    kinds: z
      .array(z.enum(['decision', 'fact', 'procedure', 'episode']))
      .max(4)
      .default([]),
    limit: z.int().min(1).max(recallLimitMax).default(5),
  }),
  create_censor: z.strictObject({
    trigger: visible(z.string().min(triggerCharsMin).max(500)),
    reason: visible(z.string().min(1).max(2_000)),
    action: z.enum(censorActions).exclude(['absolute']).default('warn'),
    domain: z.string().min(1).max(100).nullable().default(null),
  }),
} as const satisfies Readonly<Record<MemoryTool, z.ZodType>>;

const descriptions: Readonly<Record<MemoryTool, string>> = {
  record_decision:
    'Put a decision of yours on the record before you know how it comes out: what you decide, how sure you are from 0 to 1, and why. Outcomes are graded against your confidence.',
  learn_fact:
    'Remember a lasting fact in later conversations. Only what was said or shown, not what you assume. What is known already is confirmed instead.',
  recall: 'Search what you remember: decisions, facts, procedures and episodes, by words and by meaning.',
  create_censor:
    'Note something that must not be done again, by words that would announce it. A warning is shown to you; a block stops the message or the call that holds the words.',
};

const specOf = (name: MemoryTool): ToolSpec => ({
  name,
  description: descriptions[name],
  input_schema: z.toJSONSchema(memoryToolInputs[name], { io: 'input' }),
});

export const memoryToolSpecs: Readonly<Record<MemoryTool, ToolSpec>> = {
  record_decision: specOf('record_decision'),
  learn_fact: specOf('learn_fact'),
  recall: specOf('recall'),
  create_censor: specOf('create_censor'),
};
