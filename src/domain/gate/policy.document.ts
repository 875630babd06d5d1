import { z } from 'zod';
import { RiskLevel } from '../capability/capability.spec.ts';
import { Guardrail, guardrailsMax, standardGuardrails } from './guardrail.ts';

/** How strict a decision is: each is stricter than the ones before it (requirements C6). */
export const decisions = ['allow', 'warn', 'require_approval', 'deny'] as const;
export const Decision = z.enum(decisions);
export type Decision = z.infer<typeof Decision>;

const rulesMax = 500;
const patternsMax = 100;
const argumentsMax = 20;
const dayMs = 86_400_000;

const words = z.string().max(2_000);
const name = z.string().min(1).max(200);

/** `*` is anything, a trailing `*` is a beginning, everything else is itself (requirements W24). */
const Pattern = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^*]*\*?$/, 'a * stands at the end or nowhere');
const patterns = z.array(Pattern).min(1).max(patternsMax);

const plain = z.union([z.string().max(2_000), z.number(), z.boolean(), z.null()]);

/** What is asked of one argument. Of an argument that is not there only `absent` is true. */
export const ArgumentCondition = z.discriminatedUnion('is', [
  z.strictObject({ path: name, is: z.enum(['equal_to', 'other_than']), value: plain }),
  z.strictObject({ path: name, is: z.enum(['at_least', 'at_most']), value: z.number() }),
  z.strictObject({ path: name, is: z.literal('one_of'), value: z.array(plain).min(1).max(patternsMax) }),
  z.strictObject({ path: name, is: z.literal('like'), value: patterns }),
  z.strictObject({ path: name, is: z.enum(['present', 'absent']) }),
]);
export type ArgumentCondition = z.infer<typeof ArgumentCondition>;

/** All conditions that are given must hold; of several values in one, any. No condition at all always holds. */
export const RuleConditions = z.strictObject({
  /** `agent:…` or `user:…`. */
  principals: patterns.optional(),
  roles: z.array(name).min(1).max(patternsMax).optional(),
  capabilities: patterns.optional(),
  risk_levels: z.array(RiskLevel).min(1).optional(),
  operations: z
    .array(z.enum(['read', 'write', 'delete', 'execute', 'network']))
    .min(1)
    .optional(),
  environments: z.array(name).min(1).max(patternsMax).optional(),
  scopes: patterns.optional(),
  arguments: z.array(ArgumentCondition).min(1).max(argumentsMax).optional(),
});
export type RuleConditions = z.infer<typeof RuleConditions>;

/** Who must agree, and until when, where a rule asks for an approval. */
export const ApprovalTerms = z.strictObject({
  quorum: z.int().min(1).max(10),
  /** Who may decide; empty for whoever holds the scope. */
  roles: z.array(name).max(20),
  expires_in_ms: z
    .int()
    .min(1_000)
    .max(30 * dayMs),
  reason_required: z.boolean(),
  /** Nobody who had a hand in asking may agree (design 5, rule 5). */
  four_eyes: z.boolean().default(true),
  /** The address that is configured is told of the request. */
  webhook: z.boolean().default(false),
  /**
   * Which votes over the Model Context Protocol count, about what is of low or medium risk: none, those that the client put to a
   * person in a form, or all. About high and critical risk none does, for nobody sees who answered (interfaces 4.5).
   */
  over_mcp: z.enum(['never', 'asked', 'all']).default('asked'),
});
export type ApprovalTerms = z.infer<typeof ApprovalTerms>;

/** One other person, within a day: what is asked where nobody says otherwise. */
export const standardTerms: ApprovalTerms = {
  quorum: 1,
  roles: [],
  expires_in_ms: dayMs,
  reason_required: false,
  four_eyes: true,
  webhook: false,
  over_mcp: 'asked',
};

export const PolicyRule = z.strictObject({
  rule_id: z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,99}$/),
  when: RuleConditions,
  decision: Decision,
  reason: words.min(1),
  approval: ApprovalTerms.optional(),
});
export type PolicyRule = z.infer<typeof PolicyRule>;

/**
 * A policy, as data (design 5). Its static checks are all made, and any that fails blocks; then its rules are asked in
 * order, and the first that matches decides; where none does, `otherwise` does.
 */
export const PolicyDocument = z.strictObject({
  name,
  description: words,
  /** What the budget of a directive may be at most, in millionths of a US dollar; null for no ceiling. */
  budget_ceiling_micros: z.int().min(0).nullable(),
  /** The only capabilities there are; null for all that are registered. */
  capability_allowlist: patterns.nullable(),
  /** The only scopes there are (requirements D22: test, development, staging); null for any. */
  scope_allowlist: patterns.nullable(),
  /** Nothing but reading, at low risk. */
  safe_mode: z.boolean(),
  rules: z
    .array(PolicyRule)
    .max(rulesMax)
    .refine((rules) => new Set(rules.map(({ rule_id }) => rule_id)).size === rules.length, 'each rule_id once'),
  otherwise: z.enum(['allow', 'require_approval', 'deny']),
  /** For approvals of rules that name no terms of their own. */
  approval: ApprovalTerms,
  /** What decisions are held against when they are recorded. They are asked all, not until the first that matches. */
  guardrails: z
    .array(Guardrail)
    .max(guardrailsMax)
    .refine((rules) => new Set(rules.map(({ name: each }) => each)).size === rules.length, 'each name once')
    .default([...standardGuardrails]),
});
export type PolicyDocument = z.infer<typeof PolicyDocument>;
