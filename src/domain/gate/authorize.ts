import { higherRisk, type CapabilitySpec, type RiskLevel } from '../capability/capability.spec.ts';
import type { PolicyRule } from './policy.document.ts';
import { staticChecks } from './checks.ts';
import { conditionsTried, type Tried } from './conditions.ts';
import type { ActivePolicy, GateRequest, Question } from './question.ts';
import { stricter, type Verdict } from './verdict.ts';

const nearMissesMax = 10;
const reasonCharsMax = 2_000;
const riskOfUnknown: RiskLevel = 'high';

interface TriedRule {
  readonly rule: PolicyRule;
  readonly conditions: readonly Tried[];
}

const matches = ({ conditions }: TriedRule): boolean => conditions.every(({ holds }) => holds);

const cited = ({ rule_id, decision, reason }: PolicyRule): Verdict['rule'] => ({ rule_id, decision, reason });

/** Rules that were passed over for one condition only. */
const nearMisses = (rules: readonly TriedRule[]): Verdict['near_misses'] =>
  rules
    .flatMap(({ rule: { rule_id, decision }, conditions }) => {
      const [missed, ...more] = conditions.filter(({ holds }) => !holds);
      return missed === undefined || more.length > 0 ? [] : [{ rule_id, decision, missed }];
    })
    .slice(0, nearMissesMax)
    .map(({ missed, ...near }) => ({ ...near, missed: missed.fact() }));

const wouldAllow = (verdict: Omit<Verdict, 'would_allow'>): readonly string[] => {
  const { decision, checks, near_misses, basis, approval } = verdict;
  if (decision === 'allow' || decision === 'warn') return [];
  const failed = checks.filter(({ passed }) => !passed).map(({ check, reason }) => `passing ${check} (${reason})`);
  if (failed.length > 0) return failed;
  const missed = near_misses
    .filter((near) => near.decision === 'allow' || near.decision === 'warn')
    .map(({ rule_id, missed: { fact, wanted } }) => `${fact} being ${wanted}, by the rule ${rule_id}`);
  if (decision === 'deny') return missed;
  const agreed = `an approval by ${approval?.quorum ?? 1} of ${approval?.roles.join(', ') || 'those who may decide'}`;
  return basis === 'risk' ? [agreed] : [agreed, ...missed];
};

/**
 * The one answer to whether something may be done (design 5). Pure: the same question, registry entry and policy version
 * always get the same verdict, word for word.
 *
 * Static checks first, all of them, and any that fails denies. Then the ordered rules, first match wins, and `otherwise`
 * where none matches. What is allowed or warned of at high or critical risk needs an approval (C11). The strictest stands.
 */
export const authorize = (question: Question, spec: CapabilitySpec | undefined, active: ActivePolicy): Verdict => {
  const { document, version, digest } = active;
  const registered = spec?.risk.level ?? riskOfUnknown;
  const risk_level = question.stakes === undefined ? registered : higherRisk(registered, question.stakes);
  const request: GateRequest = { ...question, operation: spec?.operation, risk_level };

  const checks = [...staticChecks(question, spec, document)];
  const failed = checks.filter(({ passed }) => !passed);
  const rules = document.rules.map((rule): TriedRule => ({ rule, conditions: conditionsTried(rule.when, request) }));
  const first = rules.findIndex(matches);
  const determining = first < 0 ? undefined : rules[first];
  const ruled = determining?.rule.decision ?? document.otherwise;
  const raised = risk_level === 'high' || risk_level === 'critical' ? stricter(ruled, 'require_approval') : ruled;
  const decision = failed.length > 0 ? 'deny' : raised;

  const basis = failed.length > 0 ? 'check' : raised !== ruled ? 'risk' : determining ? 'rule' : 'otherwise';
  const reasons = {
    check: failed.map(({ check, reason }) => `${check}: ${reason}`).join('; '),
    risk: `${question.capability_id} is of ${risk_level} risk: a person has to agree`,
    rule: determining?.rule.reason ?? '',
    otherwise: `no rule speaks of this, and otherwise the policy says ${document.otherwise}`,
  };
  const verdict = {
    decision,
    basis,
    reason: reasons[basis].slice(0, reasonCharsMax),
    risk_level,
    checks,
    rule: determining === undefined ? null : cited(determining.rule),
    matched: determining?.conditions.map(({ fact }) => fact()) ?? [],
    near_misses: nearMisses(first < 0 ? rules : rules.slice(0, first)),
    approval: decision === 'require_approval' ? (determining?.rule.approval ?? document.approval) : null,
    policy: { name: document.name, version, digest },
  } satisfies Omit<Verdict, 'would_allow'>;
  return { ...verdict, would_allow: [...wouldAllow(verdict)] };
};
