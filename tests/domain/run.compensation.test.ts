import { describe, expect, it } from 'vitest';
import { ruleOf, specOf } from '../gate/gate.story.ts';
import {
  asking,
  at,
  budget_id,
  created,
  failed,
  faulty,
  found,
  grant_id,
  ok,
  playing,
  policy,
  ready,
  step,
  succeeded,
  unknown,
} from './run.story.ts';

const deleting = { spec: specOf({ capability_id: 'io.fs.delete' }), args: { id: '{{result.id}}' } };
const theFirst = ruleOf('not-the-first', {
  decision: 'deny',
  when: { arguments: [{ path: 'id', is: 'equal_to', value: 1 }] },
});

describe('a compensation', () => {
  /** A step that answered with an id and has to be undone by it; `known` is what the gate was asked with before. */
  const filledWith = (id: number, known = found({ undoing: deleting })) => {
    const play = playing(created([step('a'), step('b', { depends_on: ['a'] })]));
    play.judged('a', known);
    if (known.active === asking) {
      const { approval_id } = play.last('StepApprovalRequested');
      play.tell({ type: 'RecordApproval', approval_id, ending: 'granted', reason: '', by: 'user:ola', at: at() });
      play.judged('a', known);
      play.tell({
        type: 'RecordClaim',
        step_id: 'a',
        outcome: ok({ reservations: [], life: 'life-1', changed: null }),
      });
    }
    play.landed('a', succeeded({ id }));
    play.done('b', failed('refused'));
    const called = { spec: deleting.spec, args: { id }, fault: null, preconditions: {} };
    return (active = policy({ rules: [theFirst, ruleOf('all')] }), fault: string | null = null) => {
      const types = play.tell({
        type: 'IntendUndo',
        step_id: 'a',
        outcome: ready({ called: { ...called, fault }, active }),
      });
      return { types, play };
    };
  };

  it('is judged with the arguments that it will have, and that stands on the record', () => {
    const { types, play } = filledWith(2)();
    expect(types).toEqual(['UndoJudged', 'UndoIntended']);
    expect(play.last('UndoJudged')).toMatchObject({
      question: { capability_id: 'io.fs.delete', args: { id: 2 }, principal: { id: 'iris' } },
      verdict: { decision: 'allow' },
    });
  });

  it('does not begin where what was filled in is denied', () => {
    const { types, play } = filledWith(1)();
    expect(types).toEqual(['UndoJudged', 'UndoFailed', 'RunFailed']);
    expect(play.last('UndoFailed').code).toBe('policy_denied');
    expect(play.last('RunFailed').rollback).toBe('incomplete');
    expect(play.wants()).toEqual([]);
  });

  it('needs an agreement where the step needed none and its undoing now does, and nobody is asked in the middle of it', () => {
    const { types, play } = filledWith(2)(asking);
    expect(types).toEqual(['UndoJudged', 'UndoFailed', 'RunFailed']);
    expect(play.last('UndoFailed').code).toBe('approval_required');
  });

  it('needs no new agreement where one was given together with the step', () => {
    expect(filledWith(2, found({ undoing: deleting }, { active: asking }))(asking).types).toEqual([
      'UndoJudged',
      'UndoIntended',
    ]);
  });

  it('does not begin with arguments that its capability does not take, nor where the gate was not asked', () => {
    const { play } = filledWith(2)(policy(), 'id: must be a text');
    expect(play.last('UndoFailed')).toMatchObject({ code: 'invalid_arguments', message: 'id: must be a text' });
    for (const [outcome, code] of [
      [ready(), 'not_judged'],
      [faulty('internal'), 'internal'],
    ] as const) {
      const other = playing(created([step('a'), step('b', { depends_on: ['a'] })]));
      other.done('a', succeeded({ id: 2 }), found({ undoing: deleting }));
      other.done('b', failed('refused'));
      expect(other.tell({ type: 'IntendUndo', step_id: 'a', outcome })).toEqual(['UndoFailed', 'RunFailed']);
      expect(other.last('UndoFailed').code).toBe(code);
    }
  });

  describe('that costs', () => {
    const dear = { ...deleting, spec: { ...deleting.spec, cost_micros: 5 } };
    const reservations = [{ budget_id, reservation_id: grant_id }];
    const rollingBack = (changes: object = {}) => {
      const play = playing(created([step('a'), step('b', { depends_on: ['a'] })], changes));
      play.done('a', succeeded({ id: 2 }), found({ undoing: dear }));
      play.done('b', failed('refused'));
      return play;
    };
    const called = { spec: dear.spec, args: { id: 2 }, fault: null, preconditions: {} };
    const gate = { called, active: policy() };
    const intend = (outcome = ready(gate, 'life-1', { reservations })) =>
      ({ type: 'IntendUndo', step_id: 'a', outcome }) as const;

    it('sets aside before it is called, and is settled by what it cost, with what it left (P12, D72)', () => {
      const play = rollingBack();
      expect(play.tell(intend())).toEqual(['UndoJudged', 'UndoIntended']);
      expect(play.last('UndoIntended')).toMatchObject({ reservations, reserved_micros: 5 });
      expect(play.state()).toMatchObject({ reserved_micros: 5, spent_micros: 0 });
      const end = succeeded({}, { cost_micros: 4 });
      expect(play.tell({ type: 'RecordUndo', step_id: 'a', outcome: ok(end) })).toEqual(['UndoSucceeded', 'RunFailed']);
      expect(play.last('UndoSucceeded')).toMatchObject({ cost_micros: 4, reservations });
      expect(play.last('RunFailed')).toMatchObject({ cost_micros: 4, rollback: 'complete' });
      expect(play.state()).toMatchObject({ reserved_micros: 0, spent_micros: 4 });
    });

    it('counts as spent where nobody knows its end', () => {
      const play = rollingBack();
      play.tell(intend());
      play.tell({ type: 'RecordUndo', step_id: 'a', outcome: ok(unknown) });
      expect(play.last('UndoFailed')).toMatchObject({ code: 'outcome_unknown', cost_micros: 5, reservations });
    });

    it.each([
      ['a budget has too little left', {}, ready(gate, 'life-1', { short: 'budget b: too little is left' })],
      ['the run may spend no more', { budget_micros: 4 }, ready(gate, 'life-1', { reservations })],
    ])('is not called where %s, and what was set aside is free again', (_, changes, outcome) => {
      const play = rollingBack(changes);
      expect(play.tell(intend(outcome))).toEqual(['UndoJudged', 'UndoFailed', 'RunFailed']);
      expect(play.last('UndoFailed')).toMatchObject({ code: 'budget_exceeded', cost_micros: 0 });
      expect(play.last('RunFailed').rollback).toBe('incomplete');
    });
  });
});
