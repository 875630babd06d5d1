import { describe, expect, it } from 'vitest';
import { runProcess } from '../../src/domain/run/run.process.ts';
import { specOf } from '../gate/gate.story.ts';
import {
  asking,
  at,
  budget_id,
  created,
  denying,
  failed,
  found,
  ok,
  playing,
  step,
  succeeded,
  unknown,
  type Play,
} from './run.story.ts';

const pause = (ms = 0) => ({ type: 'PauseRun', reason: 'lunch', at: at(ms) }) as const;
const resume = (ms = 0) => ({ type: 'ResumeRun', reason: '', at: at(ms) }) as const;
const cancel = (rollback: boolean) => ({ type: 'CancelRun', reason: 'never mind', rollback, at: at() }) as const;

describe('a run that is paused', () => {
  const two = () => {
    const play = playing(created([step('a'), step('b')]));
    play.judged('a');
    return play;
  };

  it('begins nothing, waits for what is under way, and goes on where it was', () => {
    const play = two();
    play.tell(pause());
    expect(play.wants()).toEqual(['invoke a:invoke:1']);
    expect(play.landed('a')).toEqual(['StepSucceeded']);
    expect(play.wants()).toEqual([]);
    play.tell(resume());
    expect(play.wants()).toEqual(['judge b:judge:1:0:1', 'wait deadline']);
  });

  it('does not call what was only cleared before it goes on', () => {
    const play = playing(created([step('a')]));
    play.judged('a', found({ spec: { ...specOf({}), cost_micros: 1 } }, { budget_ids: [budget_id] }));
    play.tell(pause());
    expect(play.wants()).toEqual([]);
    play.tell(resume());
    expect(play.wants()).toContain('claim a:claim:1');
  });

  it('is judged anew where what it was cleared under has changed meanwhile, and nothing was called (F86)', () => {
    const costly = found({ spec: { ...specOf({}), cost_micros: 1 } }, { budget_ids: [budget_id] });
    const play = playing(created([step('a')]));
    play.judged('a', costly);
    play.tell(pause());
    play.tell(resume());
    const changed = { reservations: [], life: 'life-1', changed: 'another policy is in force' };
    const claim = { type: 'RecordClaim', step_id: 'a', outcome: ok(changed) } as const;
    expect(play.tell(claim)).toEqual(['StepClearanceLapsed']);
    expect(play.wants()).toContain('judge a:judge:1:0:1:lapsed:1');
    expect(play.judged('a', { ...costly, active: denying })).toEqual(['StepJudged', 'StepFailed', 'RunFailed']);
    expect(play.last('RunFailed')).toMatchObject({ code: 'policy_denied', rollback: 'not_needed' });
  });

  it('does not judge for ever where everything changes all the time', () => {
    const play = playing(created([step('a')]));
    const changed = { reservations: [], life: 'life-1', changed: 'another policy is in force' };
    const seen: string[] = [];
    for (let n = 0; n < 21; n += 1) {
      play.judged('a', found({ spec: { ...specOf({}), cost_micros: 1 } }, { budget_ids: [budget_id] }));
      seen.push(...play.tell({ type: 'RecordClaim', step_id: 'a', outcome: ok(changed) }));
    }
    expect(seen.filter((type) => type === 'StepClearanceLapsed')).toHaveLength(20);
    expect(play.last('RunFailed').code).toBe('unsettled');
  });

  it('ends when it goes on, where nothing is left to do or a step has failed', () => {
    const done = playing(created([step('a')]));
    done.judged('a');
    done.tell(pause());
    expect(done.landed('a')).toEqual(['StepSucceeded']);
    expect(done.tell(resume())).toEqual(['RunResumed', 'RunCompleted']);
    const bad = two();
    bad.tell(pause());
    expect(bad.landed('a', failed('refused'))).toEqual(['StepFailed']);
    expect(bad.tell(resume())).toEqual(['RunResumed', 'StepSkipped', 'RunFailed']);
  });

  it('is paused once, and can be canceled', () => {
    const play = two();
    play.tell(pause());
    expect(play.refusal(pause())).toEqual([]);
    play.tell(cancel(false));
    expect(play.landed('a')).toEqual(['StepSucceeded', 'StepSkipped', 'RunCanceled']);
    expect(play.last('RunCanceled')).toMatchObject({ rollback: 'left', reason: 'never mind' });
  });
});

describe('a run that is canceled', () => {
  it('ends at once where it has not begun (C16)', () => {
    const play = playing(created([step('a'), step('b')]));
    expect(play.tell(cancel(true))).toEqual(['RunCancelRequested', 'StepSkipped', 'StepSkipped', 'RunCanceled']);
    expect(play.last('RunCanceled').rollback).toBe('not_needed');
  });

  it('waits for what may have been called, and then undoes what was done where that is wanted', () => {
    const play = playing(created([step('a'), step('b')]));
    play.done('a', succeeded({}, { own: { path: 'a' } }));
    play.judged('b');
    expect(play.tell(cancel(true))).toEqual(['RunCancelRequested']);
    expect(play.landed('b', failed('refused', true))).toEqual(['StepFailed', 'RollbackStarted']);
    expect(play.last('RollbackStarted').step_ids).toEqual(['a']);
  });

  it('withdraws what it has asked people for', () => {
    const play = playing(created([step('a')]));
    play.judged('a', found({}, { active: asking }));
    const { approval_id } = play.last('StepApprovalRequested');
    expect(play.tell(cancel(false))).toEqual(['RunCancelRequested', 'StepApprovalEnded', 'StepSkipped', 'RunCanceled']);
    expect(play.last('StepApprovalEnded')).toMatchObject({ approval_id, ending: 'withdrawn' });
  });

  it('is canceled once', () => {
    const play = playing(created([step('a')]));
    play.judged('a');
    play.tell(cancel(false));
    expect(play.refusal(cancel(true))).toEqual([]);
  });
});

describe('the time limit of a run', () => {
  const limited = () => {
    const play = playing(created([step('a'), step('b', { depends_on: ['a'] })], { time_limit_ms: 1_000 }));
    return play;
  };
  const deadline = (play: Play): unknown => runProcess.next(play.state()).find(({ kind }) => kind === 'wait');

  it('counts from its start', () => {
    const play = limited();
    expect(deadline(play)).toBeUndefined();
    play.judged('a', found(), 5);
    expect(deadline(play)).toMatchObject({ until: at(1_005) });
  });

  it('stands still while it waits for a person’s agreement', () => {
    const play = limited();
    play.judged('a', found({}, { active: asking }), 100);
    expect(deadline(play)).toBeUndefined();
    const { approval_id } = play.last('StepApprovalRequested');
    play.tell({ type: 'RecordApproval', approval_id, ending: 'granted', reason: '', by: 'user:ola', at: at(60_100) });
    expect(deadline(play)).toMatchObject({ until: at(61_100) });
  });

  it('stands still while nobody knows what happened, and while it is paused', () => {
    const play = limited();
    play.judged('a');
    play.landed('a', unknown, 100);
    expect(deadline(play)).toBeUndefined();
    const said = { answer: 'done', result: null, by: 'user:ola', reason: '' } as const;
    play.tell({ type: 'ResolveOutcome', step_id: 'a', ...said, at: at(5_100) });
    play.tell(pause(6_000));
    expect(deadline(play)).toBeUndefined();
    play.tell(resume(16_000));
    expect(deadline(play)).toMatchObject({ until: at(16_000) });
  });

  it('ends the run when it is over: nothing begins, what is under way is waited for', () => {
    const play = limited();
    play.judged('a');
    expect(play.tell({ type: 'TimeUp', at: at(1_000) })).toEqual(['RunTimedOut']);
    expect(play.wants()).toEqual(['invoke a:invoke:1']);
    play.landed('a', succeeded({}, { own: {} }), 2_000);
    expect(
      play
        .history()
        .slice(-3)
        .map(({ type }) => type),
    ).toEqual(['StepSucceeded', 'StepSkipped', 'RollbackStarted']);
    expect(play.refusal({ type: 'TimeUp', at: at(3_000) })).toEqual([]);
  });
});
