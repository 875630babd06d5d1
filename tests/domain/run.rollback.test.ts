import { describe, expect, it } from 'vitest';
import type { CallEnd } from '../../src/domain/run/run.commands.ts';
import { specOf } from '../gate/gate.story.ts';
import {
  at,
  created,
  failed,
  faulty,
  found,
  ok,
  playing,
  step,
  succeeded,
  unknown,
  type Play,
  ready,
} from './run.story.ts';

const own = (n: number) => succeeded({ n }, { own: { n } });
const reading = found({ spec: specOf({ operation: 'read', effect_class: 'read', risk: 'low' }) });

/** Three steps that leave something behind, and a fourth that fails. */
const broken = (changes: object = {}): Play => {
  const chain = [step('a'), step('b', { depends_on: ['a'] }), step('c', { depends_on: ['b'] })];
  const play = playing(created([...chain, step('d', { depends_on: ['c'] })], changes));
  play.done('a', own(1));
  play.done('b', own(2));
  play.done('c', own(3));
  play.done('d', failed('refused'));
  return play;
};

const undone = (play: Play, step_id: string, end: CallEnd = succeeded()): readonly string[] => {
  play.tell({ type: 'IntendUndo', step_id, outcome: ready() });
  return play.tell({ type: 'RecordUndo', step_id, outcome: ok(end) });
};

describe('a rollback', () => {
  it('undoes what succeeded in reverse order, one at a time, each intended and then done (C21)', () => {
    const play = broken();
    expect(play.last('RollbackStarted')).toMatchObject({ reason: 'it was refused', step_ids: ['c', 'b', 'a'] });
    expect(play.wants()).toEqual(['intend_undo c:intend_undo']);
    expect(play.tell({ type: 'IntendUndo', step_id: 'c', outcome: ready() })).toEqual(['UndoIntended']);
    expect(play.wants()).toEqual(['undo c:undo']);
    expect(play.effect('undo')).toMatchObject({ undo: { own: { n: 3 } }, call_key: play.last('UndoIntended').key });
    expect(play.tell({ type: 'RecordUndo', step_id: 'c', outcome: ok(succeeded()) })).toEqual(['UndoSucceeded']);
    expect(undone(play, 'b')).toEqual(['UndoSucceeded']);
    expect(undone(play, 'a')).toEqual(['UndoSucceeded', 'RunFailed']);
    expect(play.last('RunFailed')).toMatchObject({ step_id: 'd', code: 'refused', rollback: 'complete' });
  });

  it('undoes each once: the first life that intends it stays, and its end is recorded once', () => {
    const play = broken();
    play.tell({ type: 'IntendUndo', step_id: 'c', outcome: ready() });
    expect(play.refusal({ type: 'IntendUndo', step_id: 'c', outcome: ready(null, 'life-2') })).toEqual([]);
    expect(play.effect('undo').life).toBe('life-1');
    play.tell({ type: 'RecordUndo', step_id: 'c', outcome: ok(succeeded()) });
    for (const type of ['IntendUndo', 'RecordUndo'] as const)
      expect(play.refusal({ type, step_id: 'c', outcome: ok(succeeded()) } as never)).toEqual([]);
  });

  it('does not undo out of turn', () => {
    const play = broken();
    expect(play.refusal({ type: 'IntendUndo', step_id: 'a', outcome: ready() })).toEqual([]);
    expect(play.refusal({ type: 'RecordUndo', step_id: 'c', outcome: ok(succeeded()) })).toEqual([]);
  });

  it.each([
    ['answers with a failure', failed('refused'), 'refused'],
    ['has an end that nobody knows', unknown, 'outcome_unknown'],
  ])('goes on where an undo %s, and says that it is incomplete (W52, C23)', (_, end, code) => {
    const play = broken();
    expect(undone(play, 'c', end)).toEqual(['UndoFailed']);
    expect(play.last('UndoFailed')).toMatchObject({ step_id: 'c', code });
    undone(play, 'b');
    undone(play, 'a');
    expect(play.last('RunFailed')).toMatchObject({ code: 'refused', rollback: 'incomplete' });
  });

  it('takes an undo that broke off for one that failed', () => {
    const play = broken();
    play.tell({ type: 'IntendUndo', step_id: 'c', outcome: faulty('internal') });
    expect(play.last('UndoIntended').life).toBe('unknown');
    play.tell({ type: 'RecordUndo', step_id: 'c', outcome: faulty('internal') });
    expect(play.last('UndoFailed')).toMatchObject({ code: 'internal' });
  });

  it('says of what nothing undoes that it stays, in its turn', () => {
    const play = playing(created([step('a'), step('b', { depends_on: ['a'] }), step('c', { depends_on: ['b'] })]));
    play.done('a', own(1));
    play.done('b');
    play.done('c', failed('refused'));
    expect(
      play
        .history()
        .slice(-2)
        .map(({ type }) => type),
    ).toEqual(['RollbackStarted', 'UndoFailed']);
    expect(play.last('UndoFailed')).toMatchObject({ step_id: 'b', code: 'irreversible' });
    expect(undone(play, 'a')).toEqual(['UndoSucceeded', 'RunFailed']);
    expect(play.last('RunFailed').rollback).toBe('incomplete');
  });

  it('leaves alone what only read', () => {
    const play = playing(created([step('a'), step('b', { depends_on: ['a'] })]));
    play.done('a', succeeded(), reading);
    expect(play.done('b', failed('refused'))).toEqual(['StepFailed', 'RunFailed']);
    expect(play.last('RunFailed').rollback).toBe('not_needed');
  });

  it('does not undo the step that failed half-way: only what succeeded is known to be there (W51)', () => {
    const play = broken();
    expect(play.last('RollbackStarted').step_ids).not.toContain('d');
  });

  it('follows the order in which steps succeeded, not that of the plan', () => {
    const play = playing(created([step('a'), step('b'), step('c', { depends_on: ['a', 'b'] })]));
    play.done('b', own(2));
    play.done('a', own(1));
    play.done('c', failed('refused'));
    expect(play.last('RollbackStarted').step_ids).toEqual(['a', 'b']);
  });

  it('is left where the plan does not want it, and begun where whoever cancels does', () => {
    const kept = broken({ auto_rollback: false });
    expect(kept.last('RunFailed').rollback).toBe('left');
    const play = playing(created([step('a'), step('b')], { auto_rollback: false }));
    play.done('a', own(1));
    play.tell({ type: 'CancelRun', reason: 'never mind', rollback: true, at: at() });
    expect(undone(play, 'a')).toEqual(['UndoSucceeded', 'RunCanceled']);
    expect(play.last('RunCanceled').rollback).toBe('complete');
  });

  it('takes what the plan declares before what the capability left', () => {
    const undoing = { spec: specOf({ capability_id: 'io.fs.delete' }), args: { path: 'a' } };
    const play = playing(created([step('a'), step('b', { depends_on: ['a'] })]));
    play.done('a', own(1), found({ undoing }));
    play.done('b', failed('refused'));
    expect(play.last('StepSucceeded').undo).toMatchObject({
      by: 'compensation',
      action: { capability_id: 'io.fs.delete' },
    });
    expect(play.tell({ type: 'IntendUndo', step_id: 'a', outcome: ready(found({ spec: undoing.spec })) })).toEqual([
      'UndoJudged',
      'UndoIntended',
    ]);
    expect(play.last('UndoIntended').by).toBe('compensation');
  });
});
