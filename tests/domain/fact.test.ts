import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { doubted, fact, type FactCommand, type FactState } from '../../src/domain/fact/fact.decider.ts';
import { fold } from '../../src/domain/kernel/decider.ts';
import { by, id, source } from '../support/memory.ts';

const learn: FactCommand = {
  ...{ type: 'LearnFact', fact_id: id(1), agent_id: id(9), content: 'Lamps break.', category: 'technical' },
  ...{ subject: null, confidence: 0.9, tags: [], source, contradiction_of: null, supersedes: null, by },
};
const contradict = (n: number): FactCommand => ({ type: 'ContradictFact', by_fact_id: id(n), by });
const supersede = (n: number): FactCommand => ({ type: 'SupersedeFact', superseded_by: id(n), by });
const forget: FactCommand = { type: 'ForgetFact', reason: '', by };
const retract: FactCommand = { type: 'DeactivateFact', reason: '', by };

const after = (...commands: readonly FactCommand[]) => {
  let state: FactState = fact.initial;
  let last: ReturnType<typeof fact.decide> = E.right([]);
  for (const command of commands) {
    last = fact.decide(command, state);
    if (E.isRight(last)) state = fold(fact, state, last.right);
  }
  return { state, events: E.isRight(last) ? last.right : [], refusal: E.isLeft(last) ? last.left : undefined };
};

describe('a fact', () => {
  it('counts how often it was confirmed (N76)', () => {
    const confirm: FactCommand = { type: 'ConfirmFact', by, source: null };
    expect(after(learn, confirm, confirm).events).toMatchObject([{ data: { confirmations: 2 } }]);
  });

  it('is held less surely by 0.2 for each other fact that says otherwise, once each, and stands (N78)', () => {
    const { events, state } = after(learn, contradict(2));
    expect(events).toMatchObject([{ data: { confidence_before: 0.9, confidence_after: 0.7 } }]);
    expect(state).toMatchObject({ active: true, phase: 'current' });
    expect(after(learn, contradict(2), contradict(2)).events).toEqual([]);
    expect(after(learn, contradict(2), contradict(3)).state.confidence).toBe(0.5);
    expect(after(learn, contradict(1)).refusal).toEqual({ reason: 'FactAgainstItself' });
  });

  it('is never less sure than not at all', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (confidence) => {
        expect(doubted(confidence)).toBeGreaterThanOrEqual(0);
        expect(doubted(confidence)).toBeLessThanOrEqual(confidence);
      }),
    );
    expect(doubted(0.1)).toBe(0);
  });

  it('that was superseded is inactive, says by what, and is superseded by nothing else', () => {
    expect(after(learn, supersede(2)).state).toMatchObject({ active: false, superseded_by: id(2) });
    expect(after(learn, supersede(2), supersede(2)).events).toEqual([]);
    expect(after(learn, supersede(2), supersede(3)).refusal).toMatchObject({ reason: 'OutOfLifecycle' });
    expect(after(learn, supersede(2), retract)).toMatchObject({ events: [], state: { phase: 'superseded' } });
  });

  it('that was forgotten says nothing any more, and nothing follows', () => {
    expect(after(learn, forget).state).toMatchObject({ content: '', active: false });
    expect(after(learn, forget, retract).refusal).toMatchObject({ reason: 'OutOfLifecycle', phase: 'forgotten' });
    expect(after(learn, retract, forget).state.phase).toBe('forgotten');
    expect(after(forget).refusal).toEqual({ reason: 'FactUnknown' });
  });
});
