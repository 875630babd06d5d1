import { digest } from '../kernel/digest.ts';
import type { PolicyDocument } from './policy.document.ts';
import type { ActivePolicy } from './question.ts';

const dayMs = 86_400_000;

const document: PolicyDocument = {
  name: 'none',
  description: 'There is no policy in force, so nothing is allowed.',
  budget_ceiling_micros: null,
  capability_allowlist: null,
  scope_allowlist: null,
  safe_mode: false,
  rules: [],
  otherwise: 'deny',
  approval: { quorum: 1, roles: [], expires_in_ms: dayMs, reason_required: false, four_eyes: true, webhook: false },
};

/** What stands where nobody has put a policy in force: everything is denied (requirements W26). */
export const noPolicy: ActivePolicy = { document, version: 0, digest: digest(document) };
