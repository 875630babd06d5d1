import type { CapabilitySpec } from './capability.spec.ts';

/** A rule that a spec breaks, with what it says and what would be right. */
export interface RiskViolation {
  readonly rule: 'irreversible_is_high' | 'delete_is_high' | 'beyond_undoing_is_critical' | 'compensation_contradicts';
  readonly message: string;
}

type Judged = Pick<CapabilitySpec, 'operation' | 'risk' | 'side_effects' | 'compensation'>;

const isHigh = ({ risk: { level } }: Judged): boolean => level === 'high' || level === 'critical';

/**
 * Every rule that a spec breaks. The three of requirements W7, W8 and W9, and one more: what says that it cannot be undone
 * must not say how.
 */
export const riskViolations = (spec: Judged): readonly RiskViolation[] => {
  const { operation, risk, side_effects, compensation } = spec;
  const violations: RiskViolation[] = [];
  if (!side_effects.reversible && !isHigh(spec))
    violations.push({
      rule: 'irreversible_is_high',
      message: `what cannot be reversed is of high or critical risk, not ${risk.level}`,
    });
  if (operation === 'delete' && !isHigh(spec))
    violations.push({ rule: 'delete_is_high', message: `deleting is of high or critical risk, not ${risk.level}` });
  if (!compensation.supported && !side_effects.reversible && risk.level !== 'critical')
    violations.push({
      rule: 'beyond_undoing_is_critical',
      message: `what can be neither reversed nor compensated is of critical risk, not ${risk.level}`,
    });
  if (compensation.supported === (compensation.strategy === 'none'))
    violations.push({
      rule: 'compensation_contradicts',
      message: compensation.supported
        ? 'a compensation that is supported has a strategy: automatic or manual'
        : `a compensation that is not supported has the strategy none, not ${compensation.strategy}`,
    });
  return violations;
};
