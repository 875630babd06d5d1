import * as E from 'fp-ts/lib/Either.js';
import type { Decider } from '../kernel/decider.ts';
import { governed } from '../kernel/lifecycle.ts';
import {
  DecisionLinked,
  DecisionRecorded,
  DecisionReviewed,
  DecisionThoughtAdded,
  DecisionUpdated,
  type DecisionContent,
  type DecisionEvent,
  type Outcome,
  type relations,
} from './decision.events.ts';
import { decisionLifecycle, type DecisionPhase } from './decision.lifecycle.ts';
import { bridgeOf, qualityOf } from './decision.quality.ts';

/** What of a decision can be said again; what is left out stays (requirements N20, N125). */
export type DecisionChange = Partial<
  Pick<DecisionContent, 'description' | 'context' | 'pattern' | 'confidence' | 'tags'>
>;

export type DecisionCommand =
  | {
      readonly type: 'RecordDecision';
      readonly decision_id: string;
      readonly agent_id: string;
      readonly session_id: string | null;
      readonly content: DecisionContent;
      readonly by: string;
    }
  | { readonly type: 'UpdateDecision'; readonly change: DecisionChange; readonly by: string }
  | { readonly type: 'AddThought'; readonly thought_id: string; readonly text: string; readonly by: string }
  | {
      readonly type: 'ReviewDecision';
      readonly outcome: Outcome;
      readonly result: string;
      readonly by: string;
      readonly at: string;
    }
  | {
      readonly type: 'LinkDecision';
      readonly target_id: string;
      readonly relation: (typeof relations)[number];
      readonly weight: number;
      readonly auto_linked: boolean;
      readonly by: string;
    };

export type DecisionRefusal =
  | { readonly reason: 'DecisionUnknown' }
  /** A confidence that is changed after the fact is none. */
  | { readonly reason: 'OutcomeKnown'; readonly outcome: Outcome }
  | { readonly reason: 'LinkedToItself' };

export interface DecisionState {
  readonly phase: DecisionPhase;
  readonly decision_id: string;
  readonly agent_id: string;
  readonly content: DecisionContent | null;
  readonly outcome: Outcome | null;
  readonly result: string | null;
  readonly edges: ReadonlySet<string>;
}

const initial: DecisionState = {
  phase: decisionLifecycle.initial,
  decision_id: '',
  agent_id: '',
  content: null,
  outcome: null,
  result: null,
  edges: new Set(),
};

const once = (tags: readonly string[]): string[] => [...new Set(tags)];
const derivedFrom = (content: DecisionContent) => ({ quality: qualityOf(content), bridge: bridgeOf(content) });

const edgeOf = ({ target_id, relation }: { readonly target_id: string; readonly relation: string }): string =>
  `${relation} ${target_id}`;

const updated = (
  state: DecisionState,
  content: DecisionContent,
  { change, by }: Extract<DecisionCommand, { type: 'UpdateDecision' }>,
): E.Either<DecisionRefusal, readonly DecisionEvent[]> => {
  const { outcome, decision_id } = state;
  const { confidence } = change;
  if (outcome !== null && confidence !== undefined && confidence !== content.confidence)
    return E.left({ reason: 'OutcomeKnown', outcome });
  const next = { ...content, ...change, tags: once(change.tags ?? content.tags) };
  if (JSON.stringify(next) === JSON.stringify(content)) return E.right([]);
  const { category: _, stakes: __, reasons: ___, ...said } = next;
  return E.right([DecisionUpdated({ decision_id, ...said, ...derivedFrom(next), by })]);
};

const rules: Decider<DecisionCommand, DecisionState, DecisionEvent, DecisionRefusal> = {
  initial,

  decide: (command, state): E.Either<DecisionRefusal, readonly DecisionEvent[]> => {
    if (command.type === 'RecordDecision') {
      const { type: _, content: given, ...about } = command;
      const content = { ...given, tags: once(given.tags) };
      return E.right([DecisionRecorded({ ...about, ...content, ...derivedFrom(content) })]);
    }
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
      case 'LinkDecision': {
        const { type: _, ...edge } = command;
        if (edge.target_id === decision_id) return E.left({ reason: 'LinkedToItself' });
        return E.right(state.edges.has(edgeOf(edge)) ? [] : [DecisionLinked({ decision_id, ...edge })]);
      }
    }
  },

  evolve: (state, event) => {
    switch (event.type) {
      case 'DecisionRecorded': {
        const { decision_id, agent_id, description, context, pattern, confidence, tags, category, stakes, reasons } =
          event.data;
        const content = { description, context, pattern, confidence, tags, category, stakes, reasons };
        return { ...state, decision_id, agent_id, content };
      }
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
