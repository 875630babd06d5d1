import { policyTerms } from '../support/policy.ts';
import type { CapabilitySpec, RiskLevel } from '../../src/domain/capability/capability.spec.ts';
import type { PolicyDocument, PolicyRule } from '../../src/domain/gate/policy.document.ts';
import type { ActivePolicy, Question } from '../../src/domain/gate/question.ts';

interface Changes {
  readonly capability_id?: string;
  readonly operation?: CapabilitySpec['operation'];
  readonly risk?: RiskLevel;
  readonly reversible?: boolean;
  readonly compensated?: boolean;
  readonly effect_class?: CapabilitySpec['effect_class'];
  readonly permissions?: string[];
}

/** A capability that writes a file, at medium risk; or one that differs from it in what a test is about. */
export const specOf = ({
  risk = 'medium',
  reversible = true,
  compensated = true,
  ...changes
}: Changes): CapabilitySpec => ({
  capability_id: 'io.fs.write_file',
  name: 'Write a file',
  description: 'Writes a file.',
  operation: 'write',
  risk: { level: risk, justification: 'What was there before can be put back.' },
  side_effects: { reversible, scope: 'local', description: '' },
  compensation: compensated
    ? { supported: true, strategy: 'automatic', capability_id: null }
    : { supported: false, strategy: 'none', capability_id: null },
  effect_class: 'natural',
  parameters: { type: 'object' },
  result: { type: 'object' },
  permissions: [],
  timeout_ms: 30_000,
  cost_micros: 0,
  version: '1.0.0',
  tags: [],
  deprecated: false,
  ...changes,
});

export { policyTerms as terms };

export const policyOf = (changes: Partial<PolicyDocument> = {}): ActivePolicy => ({
  document: {
    name: 'test',
    description: '',
    budget_ceiling_micros: 100_000_000,
    capability_allowlist: null,
    scope_allowlist: ['test', 'development', 'staging'],
    safe_mode: false,
    rules: [],
    otherwise: 'deny',
    guardrails: [],
    approval: policyTerms,
    ...changes,
  },
  version: 3,
  digest: 'sha256:00',
});

export const ruleOf = (rule_id: string, changes: Partial<PolicyRule> = {}): PolicyRule => ({
  rule_id,
  when: {},
  decision: 'allow',
  reason: `${rule_id} says so`,
  ...changes,
});

export const questionOf = (changes: Partial<Question> = {}): Question => ({
  principal: { type: 'agent', id: 'iris', roles: ['clerk'], permissions: ['runs:write'], chain: ['agent:iris'] },
  capability_id: 'io.fs.write_file',
  args: { path: 'notes/a.txt', bytes: 12, order: { lines: [{ amount: 5 }] } },
  scope: 'test',
  environment: 'development',
  budget_micros: null,
  ...changes,
});
