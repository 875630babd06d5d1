import type { CapabilitySpec } from '../capability/capability.spec.ts';
import type { PolicyDocument } from './policy.document.ts';
import type { Question } from './question.ts';
import { isLike } from './conditions.ts';
import type { Verdict } from './verdict.ts';

type Check = Verdict['checks'][number];

const check = (name: string, passed: boolean, reason: string): Check => ({ check: name, passed, reason });

const among = (patterns: readonly string[], value: string): boolean =>
  patterns.some((pattern) => isLike(pattern, value));

/** An absent budget is no budget to check; one that nobody could read blocks (requirements D24). */
const budgetCheck = (ceiling: number | null, budget: Question['budget_micros']): Check => {
  if (ceiling === null || budget === null) return check('budget_ceiling', true, 'there is nothing to compare');
  if (budget === 'unreadable') return check('budget_ceiling', false, 'the budget cannot be read as an amount');
  const within = budget <= ceiling;
  return check('budget_ceiling', within, `${budget} micro-units, of at most ${ceiling}`);
};

const safeModeCheck = (safe_mode: boolean, spec: CapabilitySpec | undefined): Check => {
  if (!safe_mode) return check('safe_mode', true, 'safe mode is off');
  const harmless = spec?.operation === 'read' && spec.effect_class === 'read' && spec.risk.level === 'low';
  return check('safe_mode', harmless, 'in safe mode nothing is done but reading, at low risk');
};

/**
 * The static checks, all of them made, whatever the others say; any that fails blocks (requirements D23, D25, C7). What
 * nobody has registered does not run (6.5, 2).
 */
export const staticChecks = (
  question: Question,
  spec: CapabilitySpec | undefined,
  policy: PolicyDocument,
): readonly Check[] => {
  const { capability_id, scope, principal, budget_micros } = question;
  const { capability_allowlist, scope_allowlist, budget_ceiling_micros, safe_mode } = policy;
  const missing = (spec?.permissions ?? []).filter((permission) => !principal.permissions.includes(permission));
  return [
    check('registered', spec !== undefined, `${capability_id} is ${spec === undefined ? 'not ' : ''}registered`),
    budgetCheck(budget_ceiling_micros, budget_micros),
    check(
      'capability_allowlist',
      capability_allowlist === null || among(capability_allowlist, capability_id),
      capability_allowlist === null ? 'every registered capability is listed' : capability_allowlist.join(', '),
    ),
    check(
      'scope_allowlist',
      scope_allowlist === null || among(scope_allowlist, scope),
      scope_allowlist === null ? 'every scope is listed' : `${scope}, of ${scope_allowlist.join(', ')}`,
    ),
    check(
      'permissions',
      missing.length === 0,
      missing.length === 0 ? 'the principal holds what the capability asks for' : `missing: ${missing.join(', ')}`,
    ),
    safeModeCheck(safe_mode, spec),
  ];
};
