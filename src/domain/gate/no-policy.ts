import { digest } from '../kernel/digest.ts';
import { standardGuardrails } from './guardrail.ts';
import { standardTerms, type PolicyDocument } from './policy.document.ts';
import type { ActivePolicy } from './question.ts';

const document: PolicyDocument = {
  name: 'none',
  description: 'There is no policy in force, so nothing is allowed.',
  budget_ceiling_micros: null,
  capability_allowlist: null,
  scope_allowlist: null,
  safe_mode: false,
  rules: [],
  otherwise: 'deny',
  approval: standardTerms,
  guardrails: [...standardGuardrails],
};

/** What stands where a policy was in force and is not any more: the same, and it says why. */
export const policyThatWas = (
  { document: { name, guardrails }, version }: ActivePolicy,
  is: 'suspended' | 'retired',
): ActivePolicy => {
  const back = is === 'suspended' ? 'until it is put in force again' : 'any more';
  const rule = {
    rule_id: is,
    when: {},
    decision: 'deny' as const,
    reason: `version ${version} of the policy ${name} is ${is}, and nothing is allowed ${back}`,
  };
  const denying = { ...document, rules: [rule], guardrails };
  return { document: denying, version: 0, digest: digest(denying) };
};

/** What stands where nobody has put a policy in force: everything is denied (requirements W26). */
export const noPolicy: ActivePolicy = { document, version: 0, digest: digest(document) };
