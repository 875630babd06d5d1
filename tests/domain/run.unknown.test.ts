import { describe, expect, it } from 'vitest';
import { specOf } from '../gate/gate.story.ts';
import { at, created, failed, faulty, found, playing, step, unknown, type Play } from './run.story.ts';

const lost = (): Play => {
  const play = playing(created([step('a'), step('b', { depends_on: ['a'] })]));
  play.judged('a');
  play.landed('a', unknown);
  return play;
};
const answer = (said: 'done' | 'not_done' | 'retry', result: unknown = null) =>
  ({
    type: 'ResolveOutcome',
    step_id: 'a',
    answer: said,
    result,
    by: 'user:ola',
    reason: 'looked',
    at: at(9),
  }) as const;

describe('a call that nobody knows the end of', () => {
  it('waits for a person, and is not tried again by itself', () => {
    const play = lost();
    expect(play.step('a')?.status).toBe('unknown');
    expect(play.wants()).toEqual([]);
  });

  it('was done, as they say: its answer is theirs, and the run goes on', () => {
    const play = lost();
    expect(play.tell(answer('done', { n: 1 }))).toEqual(['StepOutcomeResolved', 'StepSucceeded']);
    expect(play.step('a')).toMatchObject({ status: 'succeeded', result: { n: 1 } });
    expect(play.wants()).toContain('judge b:judge:1:0');
  });

  it('was not done: the step has failed', () => {
    const play = lost();
    play.tell(answer('not_done'));
    expect(play.last('RunFailed')).toMatchObject({ code: 'not_done', rollback: 'not_needed' });
  });

  it('is to be tried again: judged anew, under the same key', () => {
    const play = lost();
    const { key } = play.last('StepIntended');
    expect(play.tell(answer('retry'))).toEqual(['StepOutcomeResolved']);
    expect(play.wants()).toContain('judge a:judge:2:0');
    play.judged('a');
    expect(play.last('StepIntended')).toMatchObject({ attempt: 2, key });
  });

  it('is answered once', () => {
    const play = lost();
    play.tell(answer('retry'));
    expect(play.refusal(answer('done'))).toEqual({ reason: 'StepNotThere', step_id: 'a', status: 'waiting' });
  });

  it('holds up the end of a run that fails, and its rollback', () => {
    const play = playing(created([step('a'), step('c')]));
    play.judged('a');
    play.judged('c');
    play.landed('a', unknown);
    expect(play.landed('c', failed('refused'))).toEqual(['StepFailed']);
    expect(play.state().phase).toBe('running');
    play.tell(answer('not_done'));
    expect(play.state().phase).toBe('ended');
  });

  it('is unknown where our own code broke off in the middle of it, unless it only reads', () => {
    const writing = playing(created([step('a')]));
    writing.judged('a');
    writing.tell({ type: 'RecordResult', step_id: 'a', outcome: faulty('internal') });
    expect(writing.last('StepOutcomeUnknown').why).toBe('internal: it was internal');
    const reading = playing(created([step('a')]));
    reading.judged('a', found({ spec: specOf({ operation: 'read', effect_class: 'read', risk: 'low' }) }));
    reading.tell({ type: 'RecordResult', step_id: 'a', outcome: faulty('internal') });
    expect(reading.last('StepFailed').code).toBe('internal');
  });

  it('may be undone after a person has said that it was done', () => {
    const play = lost();
    play.tell(answer('done'));
    play.done('b', failed('refused'));
    expect(play.last('RollbackStarted').step_ids).toEqual(['a']);
    expect(play.last('RunFailed').rollback).toBe('incomplete');
    expect(play.history().filter(({ type }) => type === 'StepSucceeded')).toHaveLength(1);
  });
});
