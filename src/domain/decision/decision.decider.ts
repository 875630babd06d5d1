import * as E from 'fp-ts/lib/Either.js';
import type { Decider } from '../kernel/decider.ts';
import { checkGuardrails, verdictOf, type FiredGuardrail } from '../gate/guardrail.ts';
import { governed } from '../kernel/lifecycle.ts';
import type { DecisionCommand } from './decision.commands.ts';
import {
  DecisionBlocked,
  DecisionLinked,
  DecisionProposed,
  DecisionRecorded,
  DecisionRejected,
  DecisionReviewed,
  DecisionThoughtAdded,
  DecisionUpdated,
  relations,
  type DecisionContent,
  type DecisionEvent,
  type Outcome,
} from './decision.events.ts';
import { decisionLifecycle, type DecisionPhase } from './decision.lifecycle.ts';
import { bridgeOf, factsOf, qualityOf } from './decision.quality.ts';

export type { DecisionChange, DecisionCommand } from './decision.commands.ts';

export type DecisionRefusal =
  | { readonly reason: 'DecisionUnknown' }
  /** A confidence that is changed after the fact is none. */
  | { readonly reason: 'OutcomeKnown'; readonly outcome: Outcome }
  /** Somebody agreed to what it says: said otherwise, they would not have. */
  | { readonly reason: 'AgreedTo'; readonly approval_id: string }
  /** So it could not be recorded, or not without an agreement. */
  | { readonly reason: 'GuardrailsFired'; readonly fired: readonly FiredGuardrail[] }
  | { readonly reason: 'LinkedToItself' };

type Of<T extends DecisionEvent['type']> = Extract<DecisionEvent, { type: T }>['data'];
type Decided = E.Either<DecisionRefusal, readonly DecisionEvent[]>;

export interface DecisionState {
  readonly phase: DecisionPhase;
  readonly decision_id: string;
  readonly agent_id: string;
  readonly content: DecisionContent | null;
  readonly outcome: Outcome | null;
  readonly result: string | null;
  readonly edges: ReadonlySet<string>;
  /** What waits, or waited, for an agreement. */
  readonly proposal: Of<'DecisionProposed'> | null;
  /** The agreement by which it counts, if it took one. */
  readonly agreement: string | null;
  /** What the guardrails said when it was recorded, proposed or blocked. */
  readonly guardrails: Of<'DecisionRecorded'>['guardrails'];
}

const initial: DecisionState = {
  phase: decisionLifecycle.initial,
  decision_id: '',
  agent_id: '',
  content: null,
  outcome: null,
  result: null,
  edges: new Set(),
  proposal: null,
  agreement: null,
  guardrails: null,
};

const once = (tags: readonly string[]): string[] => [...new Set(tags)];
const derivedFrom = (content: DecisionContent) => ({ quality: qualityOf(content), bridge: bridgeOf(content) });

const edgeOf = ({ target_id, relation }: { readonly target_id: string; readonly relation: string }): string =>
  `${relation} ${target_id}`;

/** Whether it is linked with another decision already, in whatever way, from its own side. */
export const isLinkedTo = ({ edges }: Pick<DecisionState, 'edges'>, target_id: string): boolean =>
  relations.some((relation) => edges.has(edgeOf({ target_id, relation })));

/** An edge is recorded once; what was found near is linked only where nobody has said yet how the two stand (requirements N37, N38). */
const linked = (
  state: DecisionState,
  { type: _, ...edge }: Extract<DecisionCommand, { type: 'LinkDecision' }>,
): Decided => {
  const { decision_id, edges } = state;
  if (edge.target_id === decision_id) return E.left({ reason: 'LinkedToItself' });
  const there = edge.auto_linked ? isLinkedTo(state, edge.target_id) : edges.has(edgeOf(edge));
  return E.right(there ? [] : [DecisionLinked({ decision_id, ...edge })]);
};

/**
 * A change is judged as a whole decision is: what could not be recorded cannot be said afterwards either. What an agreement
 * covers, which is all that can be changed, stays as it was agreed to (requirements N20, decision 0015).
 */
const updated = (
  state: DecisionState,
  content: DecisionContent,
  { change, by, guardrails = [] }: Extract<DecisionCommand, { type: 'UpdateDecision' }>,
): Decided => {
  const { outcome, decision_id, agreement } = state;
  const { confidence } = change;
  if (outcome !== null && confidence !== undefined && confidence !== content.confidence)
    return E.left({ reason: 'OutcomeKnown', outcome });
  const next = { ...content, ...change, tags: once(change.tags ?? content.tags) };
  if (JSON.stringify(next) === JSON.stringify(content)) return E.right([]);
  if (agreement !== null) return E.left({ reason: 'AgreedTo', approval_id: agreement });
  const { allowed, fired } = checkGuardrails(guardrails, factsOf(next));
  if (!allowed) return E.left({ reason: 'GuardrailsFired', fired });
  const { category: _, stakes: __, reasons: ___, ...said } = next;
  return E.right([DecisionUpdated({ decision_id, ...said, ...derivedFrom(next), by })]);
};

const known = (data: Of<'DecisionRecorded' | 'DecisionProposed' | 'DecisionBlocked'>) => {
  const { decision_id, agent_id, guardrails } = data;
  const { description, context, pattern, confidence, tags, category, stakes, reasons } = data;
  const content = { description, context, pattern, confidence, tags, category, stakes, reasons };
  return { decision_id, agent_id, content, guardrails };
};

/** As the guardrails have it: recorded, asked about, or forbidden. All three keep what was said. */
const judged = (command: Extract<DecisionCommand, { type: 'RecordDecision' }>): DecisionEvent => {
  const { type: _, content: given, guard = null, ...about } = command;
  const content = { ...given, tags: once(given.tags) };
  const said = { ...about, ...content, ...derivedFrom(content) };
  if (guard === null) return DecisionRecorded({ ...said, guardrails: null, approval: null });
  const { guardrails, approval } = guard;
  const { allowed, blocked_by } = verdictOf(guardrails.fired);
  if (allowed) return DecisionRecorded({ ...said, guardrails, approval: null });
  return blocked_by.length > 0
    ? DecisionBlocked({ ...said, guardrails })
    : DecisionProposed({ ...said, guardrails, approval });
};

/** An agreement, or its end without one; what does not wait for it takes no notice. */
const answered = (
  { phase, proposal }: DecisionState,
  { approval_id, ending, reason, at }: Extract<DecisionCommand, { type: 'RecordDecisionApproval' }>,
): Decided => {
  if (phase !== 'proposed' || proposal?.approval.approval_id !== approval_id) return E.right([]);
  const { approval: asked, ...said } = proposal;
  const { action_digest } = asked;
  return E.right([
    ending === 'granted'
      ? DecisionRecorded({ ...said, approval: { approval_id, action_digest, at } })
      : DecisionRejected({ decision_id: said.decision_id, approval_id, ending, reason, at }),
  ]);
};

const rules: Decider<DecisionCommand, DecisionState, DecisionEvent, DecisionRefusal> = {
  initial,

  decide: (command, state): Decided => {
    if (command.type === 'RecordDecision') return E.right([judged(command)]);
    if (command.type === 'RecordDecisionApproval') return answered(state, command);
    const { content, decision_id, agent_id } = state;
    if (content === null) return E.left({ reason: 'DecisionUnknown' });
    switch (command.type) {
      case 'UpdateDecision':
        return updated(state, content, command);
      case 'AddThought': {
        const { type: _, ...thought } = command;
        return E.right([DecisionThoughtAdded({ decision_id, ...thought })]);
      }
      case 'ReviewDecision': {
        const { type: _, ...review } = command;
        if (review.outcome === state.outcome && review.result === state.result) return E.right([]);
        const { confidence, category, stakes, reasons } = content;
        const reason_types = [...new Set(reasons.map(({ type }) => type))];
        return E.right([
          DecisionReviewed({ decision_id, agent_id, ...review, confidence, category, stakes, reason_types }),
        ]);
      }
      case 'LinkDecision':
        return linked(state, command);
    }
  },

  evolve: (state, event) => {
    switch (event.type) {
      case 'DecisionRecorded':
        return { ...state, ...known(event.data), agreement: event.data.approval?.approval_id ?? null };
      case 'DecisionBlocked':
        return { ...state, ...known(event.data) };
      case 'DecisionProposed':
        return { ...state, ...known(event.data), proposal: event.data };
      case 'DecisionUpdated': {
        const { description, context, pattern, confidence, tags } = event.data;
        return state.content === null
          ? state
          : { ...state, content: { ...state.content, description, context, pattern, confidence, tags } };
      }
      case 'DecisionReviewed':
        return { ...state, outcome: event.data.outcome, result: event.data.result };
      case 'DecisionLinked':
        return { ...state, edges: new Set(state.edges).add(edgeOf(event.data)) };
      default:
        return state;
    }
  },
};

export const decision = governed(decisionLifecycle, rules);
