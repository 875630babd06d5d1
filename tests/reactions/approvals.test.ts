import { describe, expect, it } from 'vitest';
import { endApprovals } from '../../src/domain/reactions/end-approvals.reaction.ts';
import { requestApprovals } from '../../src/domain/reactions/request-approvals.reaction.ts';
import { tellWhoAsked } from '../../src/domain/reactions/tell-who-asked.reaction.ts';
import { asks, golden } from './recorded.ts';

describe('request_approvals', () => {
  it.each(['DirectiveApprovalRequested', 'StepApprovalRequested'])(
    '%s asks for one approval, under its own id',
    (type) => {
      const event = golden(type);
      const { approval_id, directive_id, step_id, action, headline, verdict, terms, requested_by, at, expires_at } =
        event.data;
      const of =
        type === 'StepApprovalRequested' ? { kind: 'run', run_id: event.data['run_id'] } : { kind: 'directive' };
      expect(asks(requestApprovals, event)).toEqual([
        {
          stream: `approval-${String(approval_id)}`,
          command: {
            type: 'RequestApproval',
            approval_id,
            paper: {
              subject: { ...of, directive_id, step_id },
              action,
              action_digest: (action as unknown as { action_digest: string }).action_digest,
              headline,
              risk_level: (verdict as unknown as { risk_level: string }).risk_level,
              verdict,
              terms,
              requested_by,
              requested_at: at,
              expires_at,
              supersedes: event.data['supersedes'],
            },
          },
        },
      ]);
    },
  );

  it('holds a person’s word for low risk: there is nothing to call', () => {
    const [request] = asks(requestApprovals, golden('StepApprovalRequested', { action: null, verdict: null }));
    expect(request?.command).toMatchObject({ paper: { action: null, verdict: null, risk_level: 'low' } });
  });
});

describe('a decision that has to be agreed to', () => {
  const { decision_id, stakes, approval } = golden('DecisionProposed').data as unknown as {
    readonly decision_id: string;
    readonly stakes: string;
    readonly approval: Readonly<Record<string, string>>;
  };
  const { approval_id, action_digest, at } = approval;

  it('asks for one approval, under its own id, with no action to run', () => {
    const { expires_at, headline, terms, requested_by } = approval;
    const paper = { action: null, verdict: null, action_digest, expires_at, headline, terms, requested_by };
    const subject = { kind: 'decision', decision_id };
    expect(asks(requestApprovals, golden('DecisionProposed'))).toEqual([
      {
        stream: `approval-${approval_id}`,
        command: {
          type: 'RequestApproval',
          approval_id,
          paper: { ...paper, subject, risk_level: stakes, requested_at: at, supersedes: null },
        },
      },
    ]);
  });
  it('hears how its request ended', () => {
    const granted = golden('ApprovalGranted', { subject: { kind: 'decision', decision_id } });
    expect(asks(tellWhoAsked, granted)).toMatchObject([
      { stream: `decision-${decision_id}`, command: { type: 'RecordDecisionApproval', ending: 'granted' } },
    ]);
  });
  it('uses the agreement up by being recorded, and asks nothing where it needed none', () => {
    const agreed = golden('DecisionRecorded', { approval: { approval_id, action_digest, at } });
    const use = { type: 'UseApproval', run_id: null, step_id: '', action_digest, at };
    expect(asks(endApprovals, agreed)).toEqual([{ stream: `approval-${approval_id}`, command: use }]);
    expect(asks(endApprovals, golden('DecisionRecorded', { approval: null }))).toEqual([]);
  });
});

describe('end_approvals', () => {
  const stream = `approval-${String(golden('StepApprovalEnded').data['approval_id'])}`;
  const { at } = golden('StepApprovalEnded').data;

  it.each([
    ['withdrawn', { type: 'WithdrawApproval', reason: 'why', at }],
    ['superseded', { type: 'SupersedeApproval', at }],
    ['invalidated', { type: 'InvalidateApproval', differs: ['why'], at }],
    ['expired', { type: 'ExpireApproval', at }],
  ])('ends one that its step is %s of', (ending, command) => {
    const event = golden('StepApprovalEnded', { ending, reason: 'why' });
    expect(asks(endApprovals, event)).toEqual([{ stream, command }]);
  });
  it.each(['granted', 'denied'])('asks nothing where the approval itself said %s', (ending) => {
    expect(asks(endApprovals, golden('StepApprovalEnded', { ending }))).toEqual([]);
  });
  it('supersedes what was asked before a directive was amended', () => {
    const event = golden('DirectiveAmended');
    expect(asks(endApprovals, event)).toEqual([
      {
        stream: `approval-${String(event.data['approval_id'])}`,
        command: { type: 'SupersedeApproval', at: event.data['at'] },
      },
    ]);
  });
  it('withdraws what a withdrawn directive has asked for, and nothing where it was blocked otherwise', () => {
    const { approval_id } = golden('DirectiveAmended').data;
    const blocked = { approval_id, reasons: ['no need'], at: '2026-11-21T12:00:00.000Z' };
    expect(asks(endApprovals, golden('DirectiveBlocked', { ...blocked, by: 'withdrawal' }))).toEqual([
      {
        stream: `approval-${String(approval_id)}`,
        command: { type: 'WithdrawApproval', reason: 'no need', at: blocked.at },
      },
    ]);
    for (const by of ['policy', 'approval'])
      expect(asks(endApprovals, golden('DirectiveBlocked', { ...blocked, by }))).toEqual([]);
    expect(asks(endApprovals, golden('DirectiveBlocked', { ...blocked, by: 'withdrawal', approval_id: null }))).toEqual(
      [],
    );
  });
});

describe('tell_who_asked', () => {
  const ids = { run_id: golden('RunCreated').data['run_id'], directive_id: golden('RunCreated').data['directive_id'] };
  const run = { kind: 'run', ...ids, step_id: 'write' };
  const directive = { kind: 'directive', directive_id: ids.directive_id, step_id: 'write' };
  const at = '2026-11-21T12:00:00.000Z';

  it.each([
    ['ApprovalGranted', { by: ['key:a', 'key:b'] }, { ending: 'granted', reason: '', by: 'key:a, key:b' }],
    ['ApprovalDenied', { by: 'key:a', reason: 'no' }, { ending: 'denied', reason: 'no', by: 'key:a' }],
    ['ApprovalExpired', {}, { ending: 'expired', reason: '', by: '' }],
    ['ApprovalWithdrawn', { reason: 'no need' }, { ending: 'withdrawn', reason: 'no need', by: '' }],
    ['ApprovalSuperseded', {}, { ending: 'superseded', reason: '', by: '' }],
    ['ApprovalInvalidated', { differs: ['a', 'b'] }, { ending: 'invalidated', reason: 'a, b', by: '' }],
  ])('%s is told to the run, or to the directive, that waits for it', (type, said, told) => {
    const event = golden(type, { ...said, subject: run, at });
    const { approval_id } = event.data;
    const { by: _, ...rest } = told;
    expect(asks(tellWhoAsked, event)).toEqual([
      { stream: `run-${String(ids.run_id)}`, command: { type: 'RecordApproval', approval_id, ...told, at } },
    ]);
    expect(asks(tellWhoAsked, golden(type, { ...said, subject: directive, at }))).toEqual([
      {
        stream: `directive-${String(ids.directive_id)}`,
        command: { type: 'RecordDirectiveApproval', approval_id, ...rest, at },
      },
    ]);
  });
  it('tells nobody that an approval was used', () => {
    expect(tellWhoAsked.on['ApprovalUsed']).toBeUndefined();
  });
});
