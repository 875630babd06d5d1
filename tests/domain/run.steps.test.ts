import { describe, expect, it } from 'vitest';
import { specOf } from '../gate/gate.story.ts';
import {
  asking,
  at,
  budget_id,
  created,
  denying,
  failed,
  faulty,
  found,
  ok,
  playing,
  step,
  succeeded,
  unknown,
} from './run.story.ts';

const claims = { reservations: [{ budget_id, reservation_id: budget_id }], life: 'life-1', changed: null };

describe('a step that is judged', () => {
  it('is intended in the append that holds its verdict, and then called under a key of its own', () => {
    const play = playing(created([step('a')]));
    expect(play.wants()).toEqual(['judge a:judge:1:0']);
    expect(play.judged('a')).toEqual(['RunStarted', 'StepJudged', 'StepIntended']);
    expect(play.wants()).toEqual(['invoke a:invoke:1', 'wait deadline']);
    const { key, action_digest, life } = play.last('StepIntended');
    expect(play.effect('invoke')).toMatchObject({ call_key: key, life, action: { action_digest } });
    expect(play.landed('a', succeeded({ n: 1 }))).toEqual(['StepSucceeded', 'RunCompleted']);
    expect(play.last('RunCompleted')).toMatchObject({ outcome: 'success', result: { n: 1 } });
    expect(play.wants()).toEqual([]);
  });

  it('ends before anything is called where the policy denies it (W30, W60)', () => {
    const play = playing(created([step('a')]));
    expect(play.judged('a', found({}, { active: denying }))).toEqual([
      'RunStarted',
      'StepJudged',
      'StepFailed',
      'RunFailed',
    ]);
    expect(play.last('RunFailed')).toMatchObject({ code: 'policy_denied', rollback: 'not_needed', step_id: 'a' });
  });

  it.each([
    ['is not registered', found({}, { called: null, standing: 'unregistered' }), 'policy_denied'],
    ['takes other arguments', found({ fault: 'path: is missing' }), 'invalid_arguments'],
    ['belongs to a stopped agent', found({}, { agent: 'stopped' }), 'agent_stopped'],
    ['belongs to an agent that nobody knows', found({}, { agent: 'unknown' }), 'agent_unknown'],
  ])('fails where it %s', (_, materials, code) => {
    const play = playing(created([step('a')]));
    play.judged('a', materials);
    expect(play.last('StepFailed')).toMatchObject({ code, cost_micros: 0 });
    expect(play.history().some(({ type }) => type === 'StepIntended')).toBe(false);
  });

  it('fails where what it is to be asked with cannot be found out', () => {
    const play = playing(created([step('a')]));
    play.tell({ type: 'RecordJudgement', step_id: 'a', outcome: faulty('internal') });
    expect(play.last('RunFailed')).toMatchObject({ code: 'internal' });
  });

  it('waits with its run where the agent is paused, and is judged when it goes on', () => {
    const play = playing(created([step('a')]));
    expect(play.judged('a', found({}, { agent: 'paused' }))).toEqual(['RunStarted', 'RunPaused']);
    expect(play.wants()).toEqual([]);
    play.tell({ type: 'ResumeRun', reason: '', at: at(10) });
    expect(play.wants()).toEqual(['judge a:judge:1:0:1', 'wait deadline']);
  });

  it('is not called where what undoes it is denied, and asks where that asks', () => {
    const undoing = { spec: specOf({ capability_id: 'io.fs.delete' }), args: { path: 'a' } };
    const rules = (decision: 'deny' | 'require_approval') => ({
      ...asking,
      document: {
        ...asking.document,
        rules: [
          { rule_id: 'undo', when: { capabilities: ['io.fs.delete'] }, decision, reason: 'not by itself' },
          { rule_id: 'all', when: {}, decision: 'allow' as const, reason: 'all' },
        ],
      },
    });
    const denied = playing(created([step('a')]));
    denied.judged('a', found({ undoing }, { active: rules('deny') }));
    expect(denied.last('StepFailed').message).toBe('what undoes it: not by itself');
    const asked = playing(created([step('a')]));
    expect(asked.judged('a', found({ undoing }, { active: rules('require_approval') }))).toContain(
      'StepApprovalRequested',
    );
  });
});

describe('what a step needs', () => {
  const costly = found({ spec: { ...specOf({}), cost_micros: 8 } }, { budget_ids: [budget_id] });

  it('is taken between the verdict and the intent', () => {
    const play = playing(created([step('a')]));
    expect(play.judged('a', costly)).toEqual(['RunStarted', 'StepJudged', 'StepCleared']);
    expect(play.wants()).toContain('claim a:claim:1');
    expect(play.tell({ type: 'RecordClaim', step_id: 'a', outcome: ok(claims) })).toEqual(['StepIntended']);
    expect(play.last('StepIntended')).toMatchObject({ reserved_micros: 8, reservations: claims.reservations });
  });

  it('cannot be had: nothing is called', () => {
    const play = playing(created([step('a')]));
    play.judged('a', costly);
    play.tell({ type: 'RecordClaim', step_id: 'a', outcome: faulty('budget_exceeded') });
    expect(play.last('StepFailed')).toMatchObject({ code: 'budget_exceeded', attempt: 1, cost_micros: 0 });
    expect(play.state().phase).toBe('ended');
  });

  it('goes back where the run ends meanwhile', () => {
    const play = playing(created([step('a')]));
    play.judged('a', costly);
    play.tell({ type: 'CancelRun', reason: 'stop', rollback: false, at: at() });
    play.tell({ type: 'RecordClaim', step_id: 'a', outcome: ok(claims) });
    expect(play.last('StepFailed')).toMatchObject({ code: 'run_failing', reservations: claims.reservations });
    expect(play.state().phase).toBe('ended');
  });

  it.each([
    ['are intended', found({ spec: { ...specOf({}), cost_micros: 8 } })],
    ['are cleared and not intended yet', costly],
  ])('is never more than the run may spend, where other steps %s', (_, materials) => {
    const play = playing(created([step('a', { on_error: 'continue' }), step('b')], { budget_micros: 10 }));
    play.judged('a', materials);
    play.judged('b', materials);
    expect(play.last('StepFailed')).toMatchObject({ step_id: 'b', code: 'budget_exceeded' });
  });

  it('counts as spent where nobody knows what happened', () => {
    const play = playing(created([step('a')], { budget_micros: 10 }));
    play.judged('a', costly);
    play.tell({ type: 'RecordClaim', step_id: 'a', outcome: ok(claims) });
    play.landed('a', unknown);
    expect(play.state()).toMatchObject({ spent_micros: 8, reserved_micros: 0 });
  });

  it('is free again when the call has cost less', () => {
    const play = playing(created([step('a'), step('b', { depends_on: ['a'] })], { budget_micros: 10 }));
    play.judged('a', costly);
    play.tell({ type: 'RecordClaim', step_id: 'a', outcome: ok(claims) });
    play.landed('a', succeeded({}, { cost_micros: 2 }));
    expect(play.state()).toMatchObject({ spent_micros: 2, reserved_micros: 0 });
    expect(play.judged('b', costly)).toEqual(['StepJudged', 'StepCleared']);
  });
});

describe('a call that fails', () => {
  it('is tried again later, under the same key, and no more often than the run says (A34, C18, C19)', () => {
    const play = playing(created([step('a')], { retry: { attempts_max: 2, first_ms: 100, longest_ms: 1_000 } }));
    play.judged('a');
    const { key } = play.last('StepIntended');
    expect(play.landed('a', failed('provider_error', true))).toEqual(['StepRetryScheduled']);
    const { retry_at } = play.last('StepRetryScheduled');
    expect(Date.parse(retry_at) - Date.parse(at())).toBeGreaterThanOrEqual(50);
    expect(Date.parse(retry_at) - Date.parse(at())).toBeLessThanOrEqual(100);
    expect(play.wants()).toEqual(['wait a:retry:2', 'wait deadline']);
    play.tell({ type: 'RetryStep', step_id: 'a' });
    expect(play.wants()).toContain('judge a:judge:2:0');
    play.judged('a');
    expect(play.last('StepIntended')).toMatchObject({ attempt: 2, key });
    expect(play.landed('a', failed('provider_error', true))).toEqual(['StepFailed', 'RunFailed']);
  });

  it('waits as long as the other side asks, and gives up where that is too long', () => {
    const retry = { attempts_max: 3, first_ms: 100, longest_ms: 1_000 };
    const patient = playing(created([step('a')], { retry }));
    patient.judged('a');
    patient.landed('a', failed('rate_limited', true, { retry_after_ms: 900 }));
    expect(patient.last('StepRetryScheduled').retry_at).toBe(at(900));
    const other = playing(created([step('a')], { retry }));
    other.judged('a');
    expect(other.landed('a', failed('rate_limited', true, { retry_after_ms: 1_001 }))).toContain('StepFailed');
  });

  it('is judged anew before each attempt, by the policy of then', () => {
    const play = playing(created([step('a')]));
    play.judged('a');
    play.landed('a', failed('provider_error', true));
    play.tell({ type: 'RetryStep', step_id: 'a' });
    play.judged('a', found({}, { active: denying }));
    expect(play.last('RunFailed')).toMatchObject({ code: 'policy_denied' });
  });

  it('is tried again although its step is called deadline', () => {
    const play = playing(created([step('deadline')]));
    play.judged('deadline');
    play.landed('deadline', failed('provider_error', true));
    expect(play.wants()).toEqual(['wait deadline:retry:2', 'wait deadline']);
  });
});
