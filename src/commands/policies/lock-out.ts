import { authorize } from '../../domain/gate/authorize.ts';
import type { CapabilitySpec } from '../../domain/capability/capability.spec.ts';
import { isLike } from '../../domain/gate/conditions.ts';
import type { PolicyDocument, RuleConditions } from '../../domain/gate/policy.document.ts';
import type { ActivePolicy, Question } from '../../domain/gate/question.ts';

/** Beyond this many questions it is not said that nobody can. */
const questionsMax = 256;
const anybody = 'operator';

/** For each pattern a value that it matches. */
const matching = (patterns: readonly string[]): readonly string[] =>
  patterns.map((pattern) => pattern.replace(/\*$/, 'x'));

/** The people whom a rule may speak of: those it names, and anybody where it names none. An agent puts nothing in force. */
const people = (principals: readonly string[] | undefined): readonly string[] =>
  principals?.flatMap((pattern) => {
    if (isLike(pattern, `user:${anybody}`)) return [anybody];
    return pattern.startsWith('user:') ? matching([pattern.slice('user:'.length)]) : [];
  }) ?? [anybody];

const isAbout = ({ capability_id, operation, risk }: CapabilitySpec, when: RuleConditions): boolean =>
  (when.capabilities?.some((pattern) => isLike(pattern, capability_id)) ?? true) &&
  (when.operations?.includes(operation) ?? true) &&
  (when.risk_levels?.includes(risk.level) ?? true);

/** Calls that a rule which does not deny would be asked about, and one that no rule may speak of. */
function* calls({ rules, scope_allowlist }: PolicyDocument, spec: CapabilitySpec): Generator<Question> {
  const permitting = rules.filter(({ decision, when }) => decision !== 'deny' && isAbout(spec, when));
  const scopesListed = scope_allowlist === null ? ['development'] : matching(scope_allowlist);
  const digest = `sha256:${'0'.repeat(64)}`;
  for (const when of [...permitting.map((rule) => rule.when), {} as RuleConditions])
    for (const id of people(when.principals))
      for (const roles of when.roles?.map((role) => [role]) ?? [['*'], []])
        for (const environment of when.environments ?? ['everywhere'])
          for (const scope of [...scopesListed, ...matching(when.scopes ?? [])])
            yield {
              principal: { type: 'user', id, roles, permissions: [...spec.permissions], chain: [] },
              capability_id: spec.capability_id,
              args: { version: Number.MAX_SAFE_INTEGER, digest, reason: 'another policy' },
              scope,
              environment,
              budget_micros: null,
            };
}

/**
 * Whether nobody could ever make this call while the policy is in force. That one named person, a role or one scope
 * suffices is for whoever writes the policy to say, and locks nobody out.
 */
export const locksOut = (active: ActivePolicy, spec: CapabilitySpec): boolean => {
  let asked = 0;
  for (const question of calls(active.document, spec)) {
    asked += 1;
    if (asked > questionsMax || authorize(question, spec, active).decision !== 'deny') return false;
  }
  return true;
};
