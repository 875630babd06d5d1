import * as E from 'fp-ts/lib/Either.js';
import type { Decider } from '../kernel/decider.ts';
import { governed } from '../kernel/lifecycle.ts';
import { once } from '../memory/words.ts';
import type { FactCommand } from './fact.commands.ts';
import {
  FactConfirmed,
  FactContradicted,
  FactDeactivated,
  FactForgotten,
  FactLearned,
  FactSuperseded,
  type FactEvent,
} from './fact.events.ts';
import { factLifecycle, type FactPhase } from './fact.lifecycle.ts';

export type { FactCommand, LearnFact } from './fact.commands.ts';

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
  /** The fact against which it was said, if it was. */
  readonly against: string | null;
  /** The episode in which it was learned, where one is known: a record of its own, with words of its own. */
  readonly episode_id: string | null;
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
  against: null,
  episode_id: null,
  active: false,
};

const rules: Decider<FactCommand, FactState, FactEvent, FactRefusal> = {
  initial,

  decide: (command, state): E.Either<FactRefusal, readonly FactEvent[]> => {
    if (command.type === 'LearnFact') {
      const { type: _, ...learned } = command;
      // Whoever said it and the reaction that sees to it are two who learn it: the second one finds it done.
      const against = command.supersedes ?? command.contradiction_of;
      if (against !== null && against === state.against) return E.right([]);
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
        const { by_fact_id, by, newer = null } = command;
        if (by_fact_id === fact_id) return E.left({ reason: 'FactAgainstItself' });
        if (state.contradicted_by.has(by_fact_id)) return E.right([]);
        const [confidence_before, confidence_after] = [state.confidence, doubted(state.confidence)];
        return E.right([FactContradicted({ fact_id, by_fact_id, confidence_before, confidence_after, newer, by })]);
      }
      case 'SupersedeFact': {
        const { superseded_by, by, newer = null } = command;
        if (superseded_by === fact_id) return E.left({ reason: 'FactAgainstItself' });
        return E.right(
          state.superseded_by === superseded_by ? [] : [FactSuperseded({ fact_id, superseded_by, newer, by })],
        );
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
        const { fact_id, agent_id, content, confidence, supersedes, contradiction_of, source } = event.data;
        const against = supersedes ?? contradiction_of;
        const known = { fact_id, agent_id, content, confidence, against, episode_id: source.episode_id };
        return { ...state, ...known, active: true };
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
