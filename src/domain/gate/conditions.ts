import type { ArgumentCondition, RuleConditions } from './policy.document.ts';
import type { GateRequest } from './question.ts';
import { valueAt } from './templates.ts';
import type { Fact } from './verdict.ts';

const shownCharsMax = 500;

/** `*` is anything, a trailing `*` is a beginning, everything else is itself (requirements W24). */
export const isLike = (pattern: string, value: string): boolean =>
  pattern.endsWith('*') ? value.startsWith(pattern.slice(0, -1)) : pattern === value;

const isLikeAny = (patterns: readonly string[], value: string): boolean =>
  patterns.some((pattern) => isLike(pattern, value));

/** A value as a person reads it, cut where it is long. */
const shown = (value: unknown): string =>
  (value === undefined ? 'absent' : JSON.stringify(value)).slice(0, shownCharsMax);

const argumentHolds = (condition: ArgumentCondition, value: unknown): boolean => {
  if (value === undefined) return condition.is === 'absent';
  switch (condition.is) {
    case 'equal_to':
      return value === condition.value;
    case 'other_than':
      return value !== condition.value;
    case 'at_least':
      return typeof value === 'number' && value >= condition.value;
    case 'at_most':
      return typeof value === 'number' && value <= condition.value;
    case 'one_of':
      return condition.value.some((one) => one === value);
    case 'like':
      return typeof value === 'string' && isLikeAny(condition.value, value);
    case 'present':
      return true;
    case 'absent':
      return false;
  }
};

/** Whether every condition on arguments holds. */
export const argumentsHold = (conditions: readonly ArgumentCondition[], args: unknown): boolean =>
  conditions.every((condition) => argumentHolds(condition, valueAt(args, condition.path)));

/** One condition of a rule, whether it holds for a request, and what that was read from. */
export interface Tried {
  readonly holds: boolean;
  /** Written down only where it is shown: there may be thousands of conditions on one long argument. */
  readonly fact: () => Fact;
}

const tried = (fact: string, value: unknown, wanted: unknown, holds: boolean): Tried => ({
  holds,
  fact: () => ({ fact, value: shown(value), wanted: shown(wanted) }),
});

/** Every condition that a rule gives, tried on a request. */
export const conditionsTried = (when: RuleConditions, request: GateRequest): readonly Tried[] => {
  const { principal, capability_id, operation, risk_level, environment, scope, args } = request;
  const who = `${principal.type}:${principal.id}`;
  const conditions: Tried[] = [];
  if (when.principals) conditions.push(tried('principal', who, when.principals, isLikeAny(when.principals, who)));
  if (when.roles) {
    const held = when.roles.some((role) => principal.roles.includes(role) || principal.roles.includes('*'));
    conditions.push(tried('roles', principal.roles, when.roles, held));
  }
  if (when.capabilities)
    conditions.push(tried('capability', capability_id, when.capabilities, isLikeAny(when.capabilities, capability_id)));
  if (when.risk_levels)
    conditions.push(tried('risk_level', risk_level, when.risk_levels, when.risk_levels.includes(risk_level)));
  if (when.operations) {
    const holds = operation !== undefined && when.operations.includes(operation);
    conditions.push(tried('operation', operation, when.operations, holds));
  }
  if (when.environments)
    conditions.push(tried('environment', environment, when.environments, when.environments.includes(environment)));
  if (when.scopes) conditions.push(tried('scope', scope, when.scopes, isLikeAny(when.scopes, scope)));
  for (const condition of when.arguments ?? []) {
    const value = valueAt(args, condition.path);
    const wanted = 'value' in condition ? { [condition.is]: condition.value } : condition.is;
    conditions.push(tried(`arguments.${condition.path}`, value, wanted, argumentHolds(condition, value)));
  }
  return conditions;
};
