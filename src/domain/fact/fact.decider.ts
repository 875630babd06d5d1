import * as E from 'fp-ts/lib/Either.js';
import type { z } from 'zod';
import type { Decider } from '../kernel/decider.ts';
import { governed } from '../kernel/lifecycle.ts';
import type { Source } from '../memory/source.ts';
import { once } from '../memory/words.ts';
import {
  FactConfirmed,
  FactContradicted,
  FactDeactivated,
  FactForgotten,
  FactLearned,
  FactSuperseded,
  type FactContent,
  type FactEvent,
} from './fact.events.ts';
import { factLifecycle, type FactPhase } from './fact.lifecycle.ts';

export interface LearnFact extends z.infer<typeof FactContent> {
  readonly type: 'LearnFact';
  readonly fact_id: string;
  readonly agent_id: string;
  readonly source: Source;
  /** The fact that this one says otherwise; both stand. */
  readonly contradiction_of: string | null;
  /** The fact in whose place this one comes. */
  readonly supersedes: string | null;
  readonly by: string;
}

export type FactCommand =
  | LearnFact
  | { readonly type: 'ConfirmFact'; readonly by: string; readonly source: Source | null }
  | { readonly type: 'ContradictFact'; readonly by_fact_id: string; readonly by: string }
  | { readonly type: 'SupersedeFact'; readonly superseded_by: string; readonly by: string }
  | { readonly type: 'DeactivateFact'; readonly reason: string; readonly by: string }
  | { readonly type: 'ForgetFact'; readonly reason: string; readonly by: string };

export type FactRefusal = { readonly reason: 'FactUnknown' } | { readonly reason: 'FactAgainstItself' };

export interface FactState {
  readonly phase: FactPhase;
  readonly fact_id: string;
  readonly agent_id: string;
  readonly content: string;
  readonly confidence: number;
  readonly confirmations: number;
  readonly contradicted_by: ReadonlySet<string>;
  readonly superseded_by: string | null;
  /** Whether it can be recalled. */
  readonly active: boolean;
}

/** What a contradiction takes from the confidence of the older fact (requirements N78). */
const doubt = 0.2;
const grain = 1_000_000;

/** Counted in millionths, so that 0.9 less 0.2 is 0.7. */
export const doubted = (confidence: number): number => Math.max(0, Math.round((confidence - doubt) * grain) / grain);

const initial: FactState = {
  phase: factLifecycle.initial,
  fact_id: '',
  agent_id: '',
  content: '',
  confidence: 0,
  confirmations: 0,
  contradicted_by: new Set(),
  superseded_by: null,
  active: false,
};

const rules: Decider<FactCommand, FactState, FactEvent, FactRefusal> = {
  initial,

  decide: (command, state): E.Either<FactRefusal, readonly FactEvent[]> => {
    if (command.type === 'LearnFact') {
      const { type: _, ...learned } = command;
      const itself = [command.contradiction_of, command.supersedes].includes(command.fact_id);
      return itself
        ? E.left({ reason: 'FactAgainstItself' })
        : E.right([FactLearned({ ...learned, tags: once(learned.tags) })]);
    }
    const { fact_id, phase } = state;
    if (fact_id === '') return E.left({ reason: 'FactUnknown' });
    switch (command.type) {
      case 'ConfirmFact':
        return E.right([
          FactConfirmed({ fact_id, confirmations: state.confirmations + 1, source: command.source, by: command.by }),
        ]);
      case 'ContradictFact': {
        const { by_fact_id, by } = command;
        if (by_fact_id === fact_id) return E.left({ reason: 'FactAgainstItself' });
        if (state.contradicted_by.has(by_fact_id)) return E.right([]);
        const [confidence_before, confidence_after] = [state.confidence, doubted(state.confidence)];
        return E.right([FactContradicted({ fact_id, by_fact_id, confidence_before, confidence_after, by })]);
      }
      case 'SupersedeFact': {
        const { superseded_by, by } = command;
        if (superseded_by === fact_id) return E.left({ reason: 'FactAgainstItself' });
        return E.right(state.superseded_by === superseded_by ? [] : [FactSuperseded({ fact_id, superseded_by, by })]);
      }
      case 'DeactivateFact':
        return E.right(
          phase === 'retracted' || phase === 'superseded'
            ? []
            : [FactDeactivated({ fact_id, reason: command.reason, by: command.by })],
        );
      case 'ForgetFact':
        return E.right(
          phase === 'forgotten' ? [] : [FactForgotten({ fact_id, reason: command.reason, by: command.by })],
        );
    }
  },

  evolve: (state, event) => {
    switch (event.type) {
      case 'FactLearned': {
        const { fact_id, agent_id, content, confidence } = event.data;
        return { ...state, fact_id, agent_id, content, confidence, active: true };
      }
      case 'FactConfirmed':
        return { ...state, confirmations: event.data.confirmations };
      case 'FactContradicted': {
        const { by_fact_id, confidence_after: confidence } = event.data;
        return { ...state, confidence, contradicted_by: new Set(state.contradicted_by).add(by_fact_id) };
      }
      case 'FactSuperseded':
        return { ...state, superseded_by: event.data.superseded_by, active: false };
      case 'FactDeactivated':
        return { ...state, active: false };
      case 'FactForgotten':
        return { ...state, content: '', active: false };
      default:
        return state;
    }
  },
};

export const fact = governed(factLifecycle, rules);
