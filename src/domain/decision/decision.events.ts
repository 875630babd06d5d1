import { z } from 'zod';
import { approvalRequest } from '../gate/approval.request.ts';
import { GuardrailsApplied } from '../gate/guardrail.ts';
import { event, type Occurrence } from '../kernel/event.ts';

const id = z.uuid();
const instant = z.iso.datetime();
const text = z.string().max(8_000);
const actor = z.string().max(200);

export const categories = ['architecture', 'process', 'tooling', 'security', 'integration'] as const;
export const stakes = ['low', 'medium', 'high', 'critical'] as const;
export const reasonTypes = [
  'analysis',
  'pattern',
  'empirical',
  'authority',
  'intuition',
  'analogy',
  'elimination',
  'constraint',
] as const;
/** What became of it. `noise` and `superseded` are answers, too, and are graded as none (requirements N13, N65). */
export const outcomes = ['success', 'partial', 'failure', 'noise', 'superseded'] as const;
/** What failed and was held with no confidence at all was given up: it is neither found nor graded (requirements N36, N65). */
export const isAbandoned = ({
  outcome,
  confidence,
}: {
  readonly outcome: string;
  readonly confidence: number;
}): boolean => outcome === 'failure' && confidence === 0;
export const relations = ['supports', 'contradicts', 'supersedes', 'related_to', 'caused_by'] as const;

export const Category = z.enum(categories);
export const Stakes = z.enum(stakes);
export const Outcome = z.enum(outcomes);
export type Outcome = z.infer<typeof Outcome>;
export const Relation = z.enum(relations);
export const Confidence = z.number().min(0).max(1);
export const Reason = z.strictObject({ type: z.enum(reasonTypes), text: z.string().min(1).max(2_000) });
export type Reason = z.infer<typeof Reason>;

/** What may be said again of a decision after it was recorded (requirements N20). */
const content = {
  description: text.min(1),
  context: text.nullable(),
  pattern: z.string().max(2_000).nullable(),
  confidence: Confidence,
  /** In the order in which they were given, each once. */
  tags: z.array(z.string().min(1).max(100)).max(50),
};
/** What follows from the content alone, by the rules of the day on which it was said (requirements N30, N31). */
const derivedFrom = {
  quality: z.number().min(0).max(1),
  bridge: z.object({ structure: z.string().max(200), function: z.string().max(2_000) }),
};

/** What is decided, how sure whoever decided was, and why (requirements N10). */
export const DecisionContent = z.strictObject({
  ...content,
  category: Category,
  stakes: Stakes,
  reasons: z.array(Reason).max(50),
});
export type DecisionContent = z.infer<typeof DecisionContent>;

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
/** What was decided, by whom and for whom. */
const said = {
  decision_id: id,
  agent_id: id,
  session_id: id.nullable(),
  ...DecisionContent.shape,
  ...derivedFrom,
  by: actor,
};
const saidInPerson = { personal: ['description', 'context', 'pattern', 'reasons', 'bridge'] } as const;

export const DecisionRecorded = event(
  'DecisionRecorded',
  z.object({
    ...said,
    /** What the guardrails said; null for one that was held against none. */
    guardrails: GuardrailsApplied.nullable().default(null),
    /** The agreement that it waited for, if it did. */
    approval: z.object({ approval_id: id, action_digest: digest, at: instant }).nullable().default(null),
  }),
  { personal: [...saidInPerson.personal] },
);
/** It counts once somebody has agreed: a guardrail asks for that. `action_digest` is of what they are to agree to. */
export const DecisionProposed = event(
  'DecisionProposed',
  z.object({
    ...said,
    guardrails: GuardrailsApplied,
    approval: z.object({ ...approvalRequest, action_digest: digest }),
  }),
  { personal: [...saidInPerson.personal, 'approval'] },
);
/** A guardrail forbids it. It is kept for whoever asks what was tried. */
export const DecisionBlocked = event('DecisionBlocked', z.object({ ...said, guardrails: GuardrailsApplied }), {
  personal: [...saidInPerson.personal],
});
/** Nobody has agreed to it in time, or somebody has refused to. */
export const DecisionRejected = event(
  'DecisionRejected',
  z.object({
    decision_id: id,
    approval_id: id,
    ending: z.enum(['denied', 'expired', 'withdrawn', 'superseded', 'invalidated']),
    reason: z.string().max(2_000),
    at: instant,
  }),
);
export const DecisionUpdated = event(
  'DecisionUpdated',
  z.object({ decision_id: id, ...content, ...derivedFrom, by: actor }),
  { personal: ['description', 'context', 'pattern', 'bridge'] },
);
export const DecisionThoughtAdded = event(
  'DecisionThoughtAdded',
  z.object({ decision_id: id, thought_id: id, text: z.string().min(1).max(8_000), by: actor }),
  { personal: ['text'] },
);
/** How it came out, with all that grading needs: the confidence is the one that was held before anybody knew. */
export const DecisionReviewed = event(
  'DecisionReviewed',
  z.object({
    decision_id: id,
    agent_id: id,
    outcome: Outcome,
    result: text,
    confidence: Confidence,
    category: Category,
    stakes: Stakes,
    reason_types: z.array(z.enum(reasonTypes)).max(reasonTypes.length),
    by: actor,
    at: instant,
  }),
  { personal: ['result'] },
);
/** An edge of the graph, recorded with the decision that it starts from (requirements N37). */
export const DecisionLinked = event(
  'DecisionLinked',
  z.object({
    decision_id: id,
    target_id: id,
    relation: Relation,
    weight: z.number().min(0).max(1),
    auto_linked: z.boolean(),
    by: actor,
  }),
);

export const decisionEvents = [
  DecisionRecorded,
  DecisionProposed,
  DecisionBlocked,
  DecisionRejected,
  DecisionUpdated,
  DecisionThoughtAdded,
  DecisionReviewed,
  DecisionLinked,
] as const;
export type DecisionEvent = Occurrence<typeof decisionEvents>;
