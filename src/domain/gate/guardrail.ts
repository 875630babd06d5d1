import { z } from 'zod';
import { RiskLevel } from '../capability/capability.spec.ts';

export const guardrailsMax = 100;

const share = z.number().min(0).max(1);

/** All that is given must hold (requirements N51); a guardrail that says nothing would speak of everything. */
export const GuardrailCondition = z
  .strictObject({
    stakes: RiskLevel.optional(),
    confidence_lt: share.optional(),
    reason_count_lt: z.int().min(1).max(50).optional(),
    quality_lt: share.optional(),
  })
  .refine((condition) => Object.keys(condition).length > 0, 'give at least one condition');
export type GuardrailCondition = z.infer<typeof GuardrailCondition>;

/**
 * What a guardrail that fires comes to: a warning, a question to a person, or the end of it. `absolute` differs from `block`
 * only in that no way around it may ever be built (requirements N54).
 */
export const severities = ['warn', 'require_approval', 'block', 'absolute'] as const;
export const Severity = z.enum(severities);
export type Severity = z.infer<typeof Severity>;

/** A rule about decisions as they are recorded (requirements N50). The lower its priority, the earlier it is named. */
export const Guardrail = z.strictObject({
  name: z.string().min(1).max(100),
  description: z.string().max(2_000).default(''),
  condition: GuardrailCondition,
  severity: Severity.default('warn'),
  priority: z.int().min(0).max(10_000).default(100),
  active: z.boolean().default(true),
});
export type Guardrail = z.infer<typeof Guardrail>;

/** What a policy holds that says nothing of guardrails (requirements N55; the critical one asks a person: C12). */
export const standardGuardrails: readonly Guardrail[] = [
  {
    name: 'critical-needs-agreement',
    description: 'A decision of critical stakes is agreed to by somebody else before it counts.',
    condition: { stakes: 'critical' },
    severity: 'require_approval',
    priority: 90,
    active: true,
  },
  {
    name: 'high-stakes-need-confidence',
    description: 'Who is less than half sure does not decide what is of high stakes.',
    condition: { stakes: 'high', confidence_lt: 0.5 },
    severity: 'block',
    priority: 100,
    active: true,
  },
  {
    name: 'reasons-are-given',
    description: 'A decision says why.',
    condition: { reason_count_lt: 1 },
    severity: 'block',
    priority: 110,
    active: true,
  },
  {
    name: 'well-founded',
    description: 'Tags, reasons, a pattern and a context are what a decision is found by and judged by later.',
    condition: { quality_lt: 0.5 },
    severity: 'block',
    priority: 120,
    active: true,
  },
];

/** What guardrails look at. `quality` is 0 to 1, computed from the decision itself. */
export interface DecisionFacts {
  readonly stakes: z.infer<typeof RiskLevel>;
  readonly confidence: number;
  readonly reason_count: number;
  readonly quality: number;
}

/** A guardrail that fired, and why. */
export const FiredGuardrail = z.object({
  name: z.string().max(100),
  severity: Severity,
  because: z.array(z.string().max(200)).max(10),
});
export type FiredGuardrail = z.infer<typeof FiredGuardrail>;

/** What guardrails said of a decision, and of which policy they were; recorded with it, and never computed anew. */
export const GuardrailsApplied = z.object({
  policy_version: z.int().min(0),
  policy_digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  fired: z.array(FiredGuardrail).max(guardrailsMax),
});
export type GuardrailsApplied = z.infer<typeof GuardrailsApplied>;

/**
 * What guardrails come to. `allowed` says that the decision may be recorded at once: nothing blocks it, and nobody has to
 * agree first. Names stand in the order of priority.
 */
export interface GuardrailVerdict {
  readonly allowed: boolean;
  readonly blocked_by: readonly string[];
  readonly warnings: readonly string[];
  readonly needs_approval: readonly string[];
  readonly fired: readonly FiredGuardrail[];
}

type Held = readonly [given: number | undefined, fact: number, what: string];

/** Why the condition holds, a sentence for each part of it; undefined where a part does not. */
const becauseOf = (condition: GuardrailCondition, facts: DecisionFacts): readonly string[] | undefined => {
  const { stakes, confidence_lt, reason_count_lt, quality_lt } = condition;
  if (stakes !== undefined && stakes !== facts.stakes) return undefined;
  const below: readonly Held[] = [
    [confidence_lt, facts.confidence, 'confidence'],
    [reason_count_lt, facts.reason_count, 'number of reasons'],
    [quality_lt, facts.quality, 'quality'],
  ];
  const given = below.filter(([limit]) => limit !== undefined);
  if (given.some(([limit, fact]) => fact >= (limit ?? 0))) return undefined;
  return [
    ...(stakes === undefined ? [] : [`the stakes are ${stakes}`]),
    ...given.map(([limit, fact, what]) => `the ${what}, ${fact}, is below ${limit}`),
  ];
};

const namesOf = (fired: readonly FiredGuardrail[], ...wanted: readonly Severity[]): string[] =>
  fired.filter(({ severity }) => wanted.includes(severity)).map(({ name }) => name);

/** What those that fired come to. */
export const verdictOf = (fired: readonly FiredGuardrail[]): GuardrailVerdict => {
  const blocked_by = namesOf(fired, 'block', 'absolute');
  const needs_approval = namesOf(fired, 'require_approval');
  const allowed = blocked_by.length === 0 && needs_approval.length === 0;
  return { allowed, blocked_by, warnings: namesOf(fired, 'warn'), needs_approval, fired };
};

/** Asks every active guardrail, in the order of priority and then as they are written (requirements N53). */
export const checkGuardrails = (guardrails: readonly Guardrail[], facts: DecisionFacts): GuardrailVerdict => {
  const asked = guardrails.filter(({ active }) => active).toSorted((a, b) => a.priority - b.priority);
  return verdictOf(
    asked.flatMap(({ name, severity, condition }) => {
      const because = becauseOf(condition, facts);
      return because === undefined ? [] : [{ name, severity, because: [...because] }];
    }),
  );
};
