import { describe, expect, it } from 'vitest';
import { runProcess } from '../../src/domain/run/run.process.ts';
import { created, failed, found, ok, playing, run_id, step, succeeded } from './run.story.ts';

describe('steps that depend on others', () => {
  const plan = created([step('a'), step('b', { depends_on: ['a'] }), step('c')]);

  it('begin when these have succeeded; the others at once', () => {
    const play = playing(plan);
    expect(play.wants()).toEqual(['judge a:judge:1:0', 'judge c:judge:1:0']);
    play.done('a');
    expect(play.wants()).toContain('judge b:judge:1:0');
  });

  it('are skipped where a step before them fails and the run goes on (on_error continue)', () => {
    const play = playing(
      created([
        step('a', { on_error: 'continue' }),
        step('b', { depends_on: ['a'] }),
        step('c', { depends_on: ['b'] }),
        step('d'),
      ]),
    );
    play.judged('a');
    expect(play.landed('a', failed('refused'))).toEqual(['StepFailed', 'StepSkipped', 'StepSkipped']);
    expect(play.done('d')).toEqual(['StepSucceeded', 'RunCompleted']);
    expect(play.last('RunCompleted')).toMatchObject({ outcome: 'partial', result: { a: null, b: null, c: null } });
  });

  it('are skipped, and what is under way is waited for, where a step ends the run', () => {
    const play = playing(plan);
    play.judged('a');
    play.judged('c');
    expect(play.landed('a', failed('refused'))).toEqual(['StepFailed']);
    expect(play.wants()).toEqual(['invoke c:invoke:1']);
    expect(play.landed('c')).toEqual(['StepSucceeded', 'StepSkipped', 'RollbackStarted', 'UndoFailed', 'RunFailed']);
    expect(play.last('RunFailed')).toMatchObject({ step_id: 'a', code: 'refused', rollback: 'incomplete' });
  });
});

describe('templates', () => {
  it('fill what earlier steps answered into the arguments, with its type, and leave what is unknown (W49, A32)', () => {
    const args = { whole: '{{a.n}}', text: 'n={{a.n}} {{a.o}}', none: '{{a.nothing}}', null: '{{a.null}}' };
    const play = playing(created([step('a'), step('b', { depends_on: ['a'], args })]));
    play.done('a', succeeded({ n: 3, o: { p: '{{a.n}}' }, null: null }));
    expect(play.effect('judge').args).toEqual({
      whole: 3,
      text: 'n=3 {"p":"{{a.n}}"}',
      none: '{{a.nothing}}',
      null: null,
    });
  });

  it('speak only of steps that have succeeded, and of own members', () => {
    const args = { of: '{{c.n}}', proto: '{{a.constructor}}' };
    const play = playing(created([step('a'), step('b', { depends_on: ['a'], args }), step('c')]));
    play.done('a', succeeded({ n: 3 }));
    const judge = runProcess.next(play.state()).find(({ key }) => key.startsWith(`${run_id}:b`));
    expect(judge).toMatchObject({ args });
  });

  it('fill what the step itself answered into what undoes it', () => {
    const undoing = { spec: found().called!.spec, args: { id: '{{result.id}}', of: '{{a.n}}', and: '{{b.n}}' } };
    const play = playing(created([step('a'), step('b', { depends_on: ['a'] })]));
    play.done('a', succeeded({ n: 3 }));
    play.judged('b', found({ undoing }));
    play.landed('b', succeeded({ id: 'r-1' }));
    const { undo } = play.last('StepSucceeded');
    expect(undo).toMatchObject({ by: 'compensation', action: { args: { id: 'r-1', of: 3, and: '{{b.n}}' } } });
    expect(undo?.by === 'compensation' && undo.action.args_digest).not.toBe(
      play.last('StepJudged').compensation?.action.args_digest,
    );
  });
});

describe('a run that is told what it does not wait for', () => {
  it.each(['RecordJudgement', 'RecordResult', 'RecordClaim'] as const)('takes no notice of %s', (type) => {
    const play = playing(created([step('a')]));
    play.done('a');
    const over = playing(created([step('a'), step('b')]));
    over.done('a');
    expect(over.refusal({ type, step_id: 'a', outcome: ok(found()) } as never)).toEqual([]);
    expect(play.refusal({ type, step_id: 'a', outcome: ok(found()) } as never)).toEqual({ reason: 'RunEnded' });
  });

  it('refuses a step that it does not have, and everything before it was created', () => {
    const play = playing(created([step('a')]));
    expect(play.refusal({ type: 'RetryStep', step_id: 'x' })).toEqual({ reason: 'StepUnknown', step_id: 'x' });
    expect(runProcess.decide({ type: 'RetryStep', step_id: 'a' }, runProcess.initial)).toMatchObject({
      left: { reason: 'RunUnknown' },
    });
    expect(play.refusal(created([step('a')]))).toEqual([]);
  });
});
