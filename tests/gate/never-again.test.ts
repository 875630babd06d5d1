import { describe, expect, it } from 'vitest';
import { Plan } from '../../src/domain/gate/plan.ts';
import { endApprovals } from '../../src/domain/reactions/end-approvals.reaction.ts';
import { requestApprovals } from '../../src/domain/reactions/request-approvals.reaction.ts';
import {
  asking,
  at,
  created,
  denying,
  failed,
  found,
  ok,
  playing,
  policy,
  step,
  succeeded,
  word,
  ready,
} from '../domain/run.story.ts';
import { ruleOf, specOf } from './gate.story.ts';

const own = succeeded({}, { own: { before: 'the old text' } });

describe('a bug that must not come back', () => {
  it('W70 a step cannot say of itself that it is harmless: the registry says what risk there is', () => {
    expect(Plan.safeParse({ steps: [step('a', { risk_level: 'low' })] }).success).toBe(false);
    const play = playing(created([step('a')], { stakes: 'low' }));
    play.judged('a', found({ spec: specOf({ risk: 'high' }) }, { active: policy({ rules: [ruleOf('all')] }) }));
    expect(play.last('StepJudged').verdict).toMatchObject({ risk_level: 'high', decision: 'require_approval' });
  });

  it('W70 the one who acts is asked about, not whoever owns the workflow', () => {
    const play = playing(created([step('a')]));
    const rules = [ruleOf('owner', { when: { principals: ['user:ida'] } })];
    play.judged('a', found({}, { active: policy({ rules }) }));
    expect(play.last('StepJudged').question.principal).toMatchObject({ type: 'agent', id: 'iris' });
    expect(play.last('RunFailed').code).toBe('policy_denied');
  });

  it('W71 what was agreed to is done: the run goes on AT the step, not behind it', () => {
    const play = playing(created([step('a'), step('b', { depends_on: ['a'] })]));
    play.judged('a', found({}, { active: asking }));
    const { approval_id } = play.last('StepApprovalRequested');
    play.tell({ type: 'RecordApproval', approval_id, ending: 'granted', reason: '', by: 'user:ola', at: at(1) });
    expect(play.wants()).toEqual(['judge a:judge:1:1', 'wait deadline']);
    play.judged('a', found({}, { active: asking }));
    play.tell({ type: 'RecordClaim', step_id: 'a', outcome: ok({ reservations: [], life: 'life-1', changed: null }) });
    expect(play.effect('invoke').step_id).toBe('a');
    play.landed('a');
    expect(play.wants()).toContain('judge b:judge:1:0');
  });

  it('W72 what waits for a person is on record, and asks for an approval of its own', () => {
    const play = playing(created([step('a')]));
    play.judged('a', found({}, { active: asking }));
    const event = play.history().at(-1)!;
    const [request, ...more] = requestApprovals.on['StepApprovalRequested']!({ ...event } as never);
    const { approval_id } = play.last('StepApprovalRequested');
    expect(request).toMatchObject({
      stream: `approval-${approval_id}`,
      command: { type: 'RequestApproval', approval_id },
    });
    expect(more).toEqual([]);
    expect(endApprovals.on['StepApprovalRequested']).toBeUndefined();
  });

  it('W73 what undoes a step is what the capability left, as it left it, and not a guess', () => {
    const play = playing(created([step('a'), step('b', { depends_on: ['a'] })]));
    play.done('a', own);
    play.done('b', failed('refused'));
    play.tell({ type: 'IntendUndo', step_id: 'a', outcome: ready() });
    expect(play.effect('undo').undo).toEqual({
      by: 'capability',
      capability_id: 'io.fs.write_file',
      own: { before: 'the old text' },
    });
  });

  it('W74 what the plan says undoes a step is recorded with its success, with the arguments it will have', () => {
    const undoing = { spec: specOf({ capability_id: 'io.fs.delete' }), args: { id: '{{result.id}}' } };
    const play = playing(created([step('a')]));
    play.judged('a', found({ undoing }));
    play.landed('a', succeeded({ id: 7 }));
    expect(play.last('StepSucceeded').undo).toMatchObject({
      by: 'compensation',
      action: { capability_id: 'io.fs.delete', args: { id: 7 } },
    });
  });

  it('W75 an answer that says it failed has failed: what was done before is undone', () => {
    const play = playing(created([step('a'), step('b', { depends_on: ['a'] })]));
    play.done('a', own);
    expect(play.done('b', failed('refused'))).toEqual(['StepFailed', 'RollbackStarted']);
  });

  it('W75 an undo that says it failed has undone nothing', () => {
    const play = playing(created([step('a'), step('b', { depends_on: ['a'] })]));
    play.done('a', own);
    play.done('b', failed('refused'));
    play.tell({ type: 'IntendUndo', step_id: 'a', outcome: ready() });
    play.tell({ type: 'RecordUndo', step_id: 'a', outcome: ok(failed('refused')) });
    expect(play.last('RunFailed').rollback).toBe('incomplete');
  });

  it('W76 a plan has no member that nothing reads, and its limits are kept', () => {
    for (const dead of ['audit_level', 'global_compensation_steps', 'max_execution_time_seconds'])
      expect(Plan.safeParse({ steps: [step('a')], [dead]: 1 }).success, dead).toBe(false);
    for (const kind of ['condition', 'compensation', 'parallel'])
      expect(Plan.safeParse({ steps: [{ ...step('a'), kind }] }).success, kind).toBe(false);
    const play = playing(created([step('a', { timeout_ms: 7 })], { time_limit_ms: 10 }));
    play.judged('a');
    expect(play.effect('invoke').callee.timeout_ms).toBe(7);
    play.tell({ type: 'TimeUp', at: at(10) });
    play.landed('a', failed('refused'));
    expect(play.last('RunFailed').code).toBe('time_limit');
  });

  it('W76 a step may have less time than its capability, never more', () => {
    const play = playing(created([step('a', { timeout_ms: 60_000 })]));
    play.judged('a');
    expect(play.effect('invoke').callee.timeout_ms).toBe(30_000);
  });

  it('W77 a step that asks for a person’s word is reached under a policy that denies everything', () => {
    const play = playing(created([word('ask')]));
    expect(play.judged('ask', found({}, { called: null, active: denying }))).toEqual([
      'RunStarted',
      'StepApprovalRequested',
    ]);
  });
});
