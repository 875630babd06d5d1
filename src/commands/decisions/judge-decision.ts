import type { DecisionGuard } from '../../domain/decision/decision.commands.ts';
import type { DecisionContent } from '../../domain/decision/decision.events.ts';
import { factsOf } from '../../domain/decision/decision.quality.ts';
import { checkGuardrails, type GuardrailVerdict, type GuardrailsApplied } from '../../domain/gate/guardrail.ts';
import type { ApprovalTerms } from '../../domain/gate/policy.document.ts';
import type { GatePrincipal } from '../../domain/gate/principal.ts';
import { digest } from '../../domain/kernel/digest.ts';
import { derived } from '../../domain/kernel/ids.ts';
import type { Engine } from '../execute.ts';
import { policyInForce } from '../gate/policy-in-force.ts';

const headlineCharsMax = 2_000;

/** What guardrails look at. */
export type JudgedContent = Pick<DecisionContent, 'stakes' | 'confidence' | 'tags' | 'reasons' | 'pattern' | 'context'>;

export interface JudgedDecision extends GuardrailVerdict {
  /** What is recorded with the decision. */
  readonly guardrails: GuardrailsApplied;
  /** Who has to agree, and until when, where somebody has to. */
  readonly terms: ApprovalTerms;
  readonly quality: number;
}

/**
 * Holds a decision against the guardrails of the policy in force; where none is, against the standard ones. Nothing is
 * recorded. `allowed` is true where it may be recorded at once: neither blocked nor in need of an agreement.
 */
export const judgeDecision = async (
  engine: Engine,
  tenant: string,
  content: JudgedContent,
): Promise<JudgedDecision> => {
  const { document, version: policy_version, digest: policy_digest } = await policyInForce(engine, tenant);
  const facts = factsOf(content);
  const verdict = checkGuardrails(document.guardrails, facts);
  const guardrails = { policy_version, policy_digest, fired: [...verdict.fired] };
  return { ...verdict, guardrails, terms: document.approval, quality: facts.quality };
};

/**
 * The same as `RecordDecision` wants it: what the guardrails say, and the request for the agreement that they may ask for,
 * under an id that follows from the decision's. The decider records, proposes or blocks by it.
 */
export const guardOf = async (
  engine: Engine,
  tenant: string,
  about: { readonly decision_id: string; readonly content: DecisionContent; readonly requested_by: GatePrincipal },
): Promise<DecisionGuard> => {
  const { decision_id, content, requested_by } = about;
  const { guardrails, terms } = await judgeDecision(engine, tenant, content);
  const now = engine.clock.now();
  const approval = {
    approval_id: derived('decision approval', decision_id),
    headline: `Decide: ${content.description}`.slice(0, headlineCharsMax).toWellFormed(),
    terms,
    requested_by,
    at: new Date(now).toISOString(),
    expires_at: new Date(now + terms.expires_in_ms).toISOString(),
    supersedes: null,
    action_digest: digest({ decision_id, content }),
  };
  return { guardrails, approval };
};
