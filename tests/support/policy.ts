import type { PolicyDocument } from '../../src/domain/gate/policy.document.ts';

export const policyTerms = {
  quorum: 1,
  roles: [],
  expires_in_ms: 3_600_000,
  reason_required: false,
  four_eyes: true,
  webhook: false,
  over_mcp: 'asked' as const,
};

/** A policy that allows everything but what is risky, with whatever a test says otherwise. */
export const policyWith = (
  more: Partial<Omit<PolicyDocument, 'approval'>> & { readonly approval?: Partial<PolicyDocument['approval']> } = {},
): PolicyDocument => ({
  name: 'of a test',
  description: '',
  budget_ceiling_micros: null,
  capability_allowlist: null,
  scope_allowlist: null,
  safe_mode: false,
  rules: [],
  otherwise: 'allow',
  guardrails: [],
  ...more,
  approval: { ...policyTerms, ...more.approval },
});
