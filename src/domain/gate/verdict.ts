import { z } from 'zod';
import { RiskLevel } from '../capability/capability.spec.ts';
import { ApprovalTerms, Decision, decisions } from './policy.document.ts';

const shown = z.string().max(2_000);

/** One thing that was looked at, what it was, and what was wanted of it. */
export const Fact = z.object({ fact: z.string().max(300), value: shown, wanted: shown });
export type Fact = z.infer<typeof Fact>;

/**
 * What the gate answered, and why: enough to check it by hand, and to ask again with another policy (design 5). `basis`
 * says what determined it: a static check, a rule, the policy's `otherwise`, or the risk that raised an allow.
 */
export const Verdict = z.object({
  decision: Decision,
  basis: z.enum(['check', 'rule', 'otherwise', 'risk']),
  reason: shown,
  risk_level: RiskLevel,
  checks: z.array(z.object({ check: z.string().max(100), passed: z.boolean(), reason: shown })).max(20),
  /** The first rule that matched; null where none did. */
  rule: z.object({ rule_id: z.string().max(100), decision: Decision, reason: shown }).nullable(),
  matched: z.array(Fact).max(100),
  /** Rules that would have matched but for one condition. */
  near_misses: z.array(z.object({ rule_id: z.string().max(100), decision: Decision, missed: Fact })).max(10),
  would_allow: z.array(shown).max(20),
  /** Who must agree, where an approval is required. */
  approval: ApprovalTerms.nullable(),
  policy: z.object({ name: z.string().max(200), version: z.int().min(0), digest: z.string().max(100) }),
});
export type Verdict = z.infer<typeof Verdict>;

/** The stricter of two decisions. */
export const stricter = (a: Decision, b: Decision): Decision => (decisions.indexOf(a) >= decisions.indexOf(b) ? a : b);
