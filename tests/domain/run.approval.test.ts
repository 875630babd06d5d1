import { describe, expect, it } from 'vitest';
import { judge } from '../../src/domain/gate/judge.ts';
import type { ActionStep } from '../../src/domain/gate/plan.ts';
import type { ApprovalOutcome, RunCommand } from '../../src/domain/run/run.commands.ts';
import { specOf } from '../gate/gate.story.ts';
import {
  asking,
  at,
  budget_id,
  created,
  denying,
  faulty,
  found,
  grant_id,
  ok,
  playing,
  policy,
  principal,
  step,
  word,
  type Play,
} from './run.story.ts';

const needs = found({}, { active: asking });
const claims = ok({ reservations: [], life: 'life-1', changed: null });

const asked = (): Play => {
  const play = playing(created([step('a')]));
  play.judged('a', needs);
  return play;
};
const ended = (play: Play, ending: ApprovalOutcome, ms = 0): RunCommand => ({
  type: 'RecordApproval',
  approval_id: play.last('StepApprovalRequested').approval_id,
  ending,
  reason: '',
  by: 'user:ola',
  at: at(ms),
});

describe('a step that needs a person', () => {
  it('asks, says what exactly for, and waits without a clock of its own', () => {
    const play = asked();
    const { action, action_digest, expires_at, terms } = play.last('StepApprovalRequested');
    expect(action?.action_digest).toBe(action_digest);
    expect(expires_at).toBe(at(terms.expires_in_ms));
    expect(play.wants()).toEqual([]);
    expect(play.step('a')?.status).toBe('asked');
  });

  it('is judged again when they agree, and called with the approval in hand (C24)', () => {
    const play = asked();
    const { approval_id, action_digest } = play.last('StepApprovalRequested');
    expect(play.tell(ended(play, 'granted'))).toEqual(['StepApprovalEnded']);
    expect(play.wants()).toEqual(['judge a:judge:1:1', 'wait deadline']);
    expect(play.judged('a', needs)).toEqual(['StepJudged', 'StepCleared']);
    expect(play.effect('claim')).toMatchObject({ approval_id, action: { action_digest } });
    expect(play.tell({ type: 'RecordClaim', step_id: 'a', outcome: claims })).toEqual(['StepIntended']);
    expect(play.last('StepIntended')).toMatchObject({ approval_id, action_digest });
  });

  it.each([
    ['arguments', { args: { path: 'b' } as never }, {}, 'args_digest'],
    ['preconditions', { preconditions: { etag: '2' } }, {}, 'preconditions'],
    ['capability', { spec: specOf({ operation: 'delete', risk: 'high' }) }, {}, 'spec_digest'],
    ['policy', {}, { active: policy({ ...asking.document, description: 'another' }) }, 'policy_digest'],
  ])('is not called where %s changed after it was granted', (_, what, changes, part) => {
    const play = asked();
    play.tell(ended(play, 'granted'));
    play.judged('a', found(what, { active: asking, ...changes }));
    expect(play.last('StepApprovalEnded')).toMatchObject({ ending: 'invalidated' });
    expect(play.last('StepApprovalEnded').reason).toContain(part);
    expect(play.last('RunFailed')).toMatchObject({ code: 'approval_invalidated' });
  });

  it('is not called where the approval was granted and expired since', () => {
    const play = asked();
    const hour = asking.document.approval.expires_in_ms;
    play.tell(ended(play, 'granted'));
    play.judged('a', needs, hour);
    expect(play.last('RunFailed')).toMatchObject({ code: 'approval_expired' });
  });

  it('is called with an approval that a milder policy would not ask for, and not where a stricter one denies', () => {
    const play = asked();
    play.tell(ended(play, 'granted'));
    play.judged('a', found({}, { active: denying }));
    expect(play.last('RunFailed')).toMatchObject({ code: 'policy_denied' });
  });

  it.each(['denied', 'expired', 'withdrawn', 'superseded', 'invalidated'] as const)(
    'fails where it was %s (C25)',
    (end) => {
      const play = asked();
      play.tell(ended(play, end));
      expect(play.last('StepApprovalEnded').ending).toBe(end);
      expect(play.last('RunFailed')).toMatchObject({ code: `approval_${end}`, rollback: 'not_needed' });
    },
  );

  it('hears of an end once, and of no other approval', () => {
    const play = asked();
    const granted = ended(play, 'granted');
    play.tell(granted);
    expect(play.refusal(granted)).toEqual([]);
    expect(play.refusal({ ...granted, approval_id: grant_id } as RunCommand)).toEqual([]);
  });

  it('fails where the approval cannot be had any more when it is to be used', () => {
    const play = asked();
    play.tell(ended(play, 'granted'));
    play.judged('a', needs);
    play.tell({ type: 'RecordClaim', step_id: 'a', outcome: faulty('approval_expired') });
    expect(play.last('RunFailed')).toMatchObject({ code: 'approval_expired' });
  });

  it('can be given other arguments instead: what was asked is superseded, and it is asked anew', () => {
    const play = asked();
    const before = play.last('StepApprovalRequested').approval_id;
    const amend = {
      type: 'AmendStep',
      step_id: 'a',
      args: { path: 'b' },
      by: 'user:ola',
      reason: 'b',
      at: at(),
    } as const;
    expect(play.tell(amend)).toEqual(['StepApprovalEnded', 'StepAmended']);
    expect(play.last('StepApprovalEnded')).toMatchObject({ approval_id: before, ending: 'superseded' });
    expect(play.effect('judge').args).toEqual({ path: 'b' });
    play.judged('a', needs);
    expect(play.last('StepApprovalRequested').approval_id).not.toBe(before);
    // Whoever wrote what is asked for now has a hand in it, and does not agree to it.
    expect(play.last('StepApprovalRequested').requested_by.chain).toEqual([...principal.chain, 'user:ola']);
    play.tell(ended(play, 'granted'));
    expect(play.refusal(amend)).toEqual({ reason: 'StepNotThere', step_id: 'a', status: 'waiting' });
  });

  it('shows what would undo it, and stands for nothing else', () => {
    const undoneBy = (id: string) =>
      found({ undoing: { spec: specOf({ capability_id: 'io.fs.delete' }), args: { id } } }, { active: asking });
    const play = playing(created([step('a')]));
    play.judged('a', undoneBy('1'));
    const undone_by = { capability_id: 'io.fs.delete', args: { id: '1' } };
    expect(play.last('StepApprovalRequested').action?.preconditions).toEqual({ undone_by });
    play.tell(ended(play, 'granted'));
    expect(play.judged('a', undoneBy('2'))).toEqual(['StepJudged', 'StepApprovalEnded', 'StepFailed', 'RunFailed']);
    expect(play.last('RunFailed').code).toBe('approval_invalidated');
  });

  it('does not ask where a grant speaks of it, and uses that', () => {
    const play = playing(created([step('a')]));
    expect(play.judged('a', { ...needs, grant_id })).toEqual(['RunStarted', 'StepJudged', 'StepCleared']);
    expect(play.effect('claim')).toMatchObject({ grant_id, approval_id: null });
    play.tell({ type: 'RecordClaim', step_id: 'a', outcome: claims });
    expect(play.last('StepIntended')).toMatchObject({ grant_id });
  });

  it('leaves a grant alone where nobody has to agree', () => {
    const play = playing(created([step('a')]));
    play.judged('a', found({}, { grant_id, budget_ids: [budget_id] }));
    expect(play.last('StepJudged')).toMatchObject({ grant_id: null, budget_ids: [] });
    expect(play.last('StepIntended').grant_id).toBeNull();
  });
});

describe('an approval that came with the directive', () => {
  const { action } = judge(
    { principal, scope: 'test', environment: 'development', budget_micros: null, stakes: null },
    { capability_id: 'io.fs.write_file', args: {}, timeout_ms: null } as unknown as ActionStep,
    needs,
  );
  const approval = { step_id: 'a', approval_id: grant_id, action: action! };

  it('is in hand from the beginning, and is used for the same action only', () => {
    const play = playing({ ...created([step('a')]), approval } as RunCommand);
    play.judged('a', needs);
    expect(play.effect('claim')).toMatchObject({ approval_id: grant_id });
    const other = playing({ ...created([step('a')]), approval } as RunCommand);
    other.judged('a', found({ args: { path: 'b' } as never }, { active: asking }));
    expect(other.last('RunFailed')).toMatchObject({ code: 'approval_invalidated' });
  });
});

describe('a step that only asks for a person’s word', () => {
  it('is complete when they agree, and what depends on it begins (C24)', () => {
    const play = playing(created([word('ask'), step('b', { depends_on: ['ask'] })]));
    play.judged('ask', found({}, { called: null }));
    expect(play.last('StepApprovalRequested')).toMatchObject({ action: null, headline: 'may it go on?' });
    expect(play.tell(ended(play, 'granted'))).toEqual(['StepApprovalEnded', 'StepSucceeded']);
    expect(play.last('StepSucceeded')).toMatchObject({ result: { approved: true, by: 'user:ola' }, undo: null });
    expect(play.wants()).toContain('judge b:judge:1:0');
  });

  it('fails the run where they do not', () => {
    const play = playing(created([word('ask')]));
    play.judged('ask');
    play.tell(ended(play, 'denied'));
    expect(play.last('RunFailed')).toMatchObject({ code: 'approval_denied' });
  });

  it('cannot be given other arguments', () => {
    const play = playing(created([word('ask')]));
    play.judged('ask');
    const amend = { type: 'AmendStep', step_id: 'ask', args: {}, by: 'user:ola', reason: '', at: at() } as const;
    expect(play.refusal(amend)).toMatchObject({ reason: 'StepNotThere' });
  });
});
