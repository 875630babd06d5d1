import { describe, expect, it } from 'vitest';
import type { ApprovalCommand } from '../../src/domain/approval/approval.commands.ts';
import { approval, dismissalsMax } from '../../src/domain/approval/approval.decider.ts';
import * as Events from '../../src/domain/approval/approval.events.ts';
import { digest } from '../../src/domain/kernel/digest.ts';
import { specification } from '../support/specification.ts';
import {
  action_digest,
  approval_id,
  cast,
  granted,
  paper,
  requested,
  subject,
  use,
  used,
  vote,
} from './approval.story.ts';
import { at, run_id } from './run.story.ts';

const { given } = specification(approval);
const asked = requested();
const agreed = [asked, cast('key:ola'), granted('key:ola')] as const;

describe('an approval that is asked for', () => {
  it('is asked for once', () => {
    const request = { type: 'RequestApproval', approval_id, paper: paper() } as const;
    given().when(request).records(asked);
    given(asked).when(request).records();
    given().when(vote('key:ola')).refuses({ reason: 'ApprovalUnknown' });
  });
  it('is granted by as many people as it asks for, each counted once', () => {
    given(asked).when(vote('key:ola')).records(cast('key:ola'), granted('key:ola'));
    const two = requested({ quorum: 2 });
    given(two).when(vote('key:ola')).records(cast('key:ola'));
    given(two, cast('key:ola')).when(vote('key:ola')).refuses({ reason: 'VotedAlready' });
    given(two, cast('key:ola')).when(vote('key:per')).records(cast('key:per'), granted('key:ola', 'key:per'));
  });
  it('is denied by one who has agreed, while others are still asked', () => {
    const two = requested({ quorum: 2 });
    given(two, cast('key:ola'))
      .when(vote('key:ola', { vote: 'deny', reason: 'I was wrong' }))
      .records(
        cast('key:ola', 'deny', 'I was wrong'),
        Events.ApprovalDenied({
          approval_id,
          subject,
          by: 'key:ola',
          reason: 'I was wrong',
          changes_requested: false,
          at: at(1),
        }),
      );
  });
  it('is denied by any one of them', () => {
    const two = requested({ quorum: 2 });
    const said = { approval_id, subject, by: 'key:per', reason: 'no', at: at(1) };
    given(two, cast('key:ola'))
      .when(vote('key:per', { vote: 'deny', reason: 'no' }))
      .records(cast('key:per', 'deny', 'no'), Events.ApprovalDenied({ ...said, changes_requested: false }));
    given(two)
      .when(vote('key:per', { vote: 'request_changes', reason: 'no' }))
      .records(cast('key:per', 'request_changes', 'no'), Events.ApprovalDenied({ ...said, changes_requested: true }));
  });
  it('is not granted by whoever had a hand in asking (four eyes)', () => {
    for (const by of ['agent:iris', 'user:ida']) given(asked).when(vote(by)).refuses({ reason: 'OwnRequest' });
    const lenient = requested({ four_eyes: false });
    given(lenient).when(vote('user:ida')).records(cast('user:ida'), granted('user:ida'));
  });
  it('is granted only by the roles that it names', () => {
    const chiefs = requested({ roles: ['chief'] });
    given(chiefs)
      .when(vote('key:ola'))
      .refuses({ reason: 'RoleMissing', roles: ['chief'] });
    const decision = approval.decide(vote('key:ola', { roles: ['*'] }), given(chiefs).state);
    expect(decision).toMatchObject({ right: [{ type: 'ApprovalVoteCast' }, { type: 'ApprovalGranted' }] });
  });
  it('wants a reason where it says so', () => {
    const strict = requested({ reason_required: true });
    given(strict)
      .when(vote('key:ola', { reason: '  ' }))
      .refuses({ reason: 'ReasonRequired' });
    given(strict).when(vote('key:ola')).records(cast('key:ola'), granted('key:ola'));
  });
  it('counts what came over MCP as the policy says, and never about what is of high risk', () => {
    const program = { client: 'inbox', asked: false };
    const person = { client: 'inbox', asked: true };
    const request = (over_mcp: 'never' | 'asked' | 'all', risk_level: 'medium' | 'high' | 'critical') =>
      Events.ApprovalRequested({ approval_id, paper: { ...paper({ over_mcp }), risk_level } });
    const counted = (
      over_mcp: 'never' | 'asked' | 'all',
      by: typeof program,
      risk_level: 'medium' | 'high' = 'medium',
    ) => approval.decide(vote('key:ola', { over_mcp: by }), given(request(over_mcp, risk_level)).state);
    for (const [over_mcp, by] of [
      ['asked', person],
      ['all', person],
      ['all', program],
    ] as const) {
      expect(counted(over_mcp, by)).toMatchObject({ right: [{ data: { over_mcp: by } }, { type: 'ApprovalGranted' }] });
      const left = { reason: 'PersonRequired', risk_level: 'high', over_mcp };
      expect(counted(over_mcp, by, 'high')).toMatchObject({ left });
    }
    for (const [over_mcp, by] of [
      ['asked', program],
      ['never', program],
      ['never', person],
    ] as const)
      expect(counted(over_mcp, by)).toMatchObject({
        left: { reason: 'PersonRequired', risk_level: 'medium', over_mcp },
      });
  });
  it('stays open where somebody who was asked did not answer, and says so a few times at most', () => {
    const dismiss = { type: 'DismissPrompt', by: 'key:ola', answer: 'cancel', client: 'inbox', at: at(1) } as const;
    const { type: _, ...said } = dismiss;
    const dismissed = Events.ApprovalPromptDismissed({ approval_id, ...said });
    given(asked).when(dismiss).records(dismissed);
    given(asked, dismissed).when(vote('key:ola')).records(cast('key:ola'), granted('key:ola'));
    given(asked, ...Array.from({ length: dismissalsMax }, () => dismissed))
      .when(dismiss)
      .records();
    given(...agreed)
      .when(dismiss)
      .records();
  });
  it('is granted for what was read, by its digest, and for nothing else', () => {
    given(asked)
      .when(vote('key:ola', { action_digest: digest('another') }))
      .refuses({ reason: 'ActionChanged', action_digest });
  });
  it('cannot be granted from the instant on which it expires', () => {
    const { expires_at } = paper();
    given(asked)
      .when(vote('key:ola', { at: expires_at }))
      .refuses({ reason: 'ApprovalIsExpired', expires_at });
  });
  it('records that nobody has proven to be another person, where there was no key', () => {
    const decision = approval.decide(vote('user:local', { proven: false }), given(asked).state);
    expect(decision).toMatchObject({ right: [{ data: { four_eyes_proven: false } }, { type: 'ApprovalGranted' }] });
  });
});

describe('an approval that was granted', () => {
  it('is used once; attempts of the one call are one use', () => {
    given(...agreed)
      .when(use)
      .records(used);
    given(...agreed, used)
      .when(use)
      .records();
    given(...agreed, used)
      .when({ ...use, step_id: 'b' })
      .refuses({ reason: 'ApprovalClosed', ending: 'used' });
    given(...agreed, used)
      .when({ ...use, run_id: approval_id })
      .refuses({ reason: 'ApprovalClosed', ending: 'used' });
  });
  it('is used for the same action, in time, and not before it was granted', () => {
    given(asked).when(use).refuses({ reason: 'ApprovalNotGranted' });
    given(...agreed)
      .when({ ...use, action_digest: digest('another') })
      .refuses({ reason: 'ActionChanged', action_digest });
    const { expires_at } = paper();
    given(...agreed)
      .when({ ...use, at: expires_at })
      .refuses({ reason: 'ApprovalIsExpired', expires_at });
  });
  it('takes no more votes', () => {
    given(...agreed)
      .when(vote('key:per'))
      .refuses({ reason: 'ApprovalClosed', ending: 'granted' });
  });
});

describe('an approval on a node whose clock was set back', () => {
  const { expires_at } = paper();
  const announced = Events.ApprovalAnnounced({ approval_id, attempt: 1, at: expires_at });
  it('is neither granted nor denied once its stream has an instant past its expiry', () => {
    for (const said of ['approve', 'deny', 'request_changes'] as const)
      given(requested({ webhook: true }), announced)
        .when(vote('key:ola', { vote: said }))
        .refuses({ reason: 'ApprovalIsExpired', expires_at });
  });
  it('is not used once its stream has an instant past its expiry', () => {
    given(requested({ webhook: true }), announced, cast('key:ola'), granted('key:ola'))
      .when(use)
      .refuses({ reason: 'ApprovalIsExpired', expires_at });
  });
  it('is used, where it is not past it, no earlier than it was granted', () => {
    given(...agreed)
      .when({ ...use, at: at(-9) })
      .records(Events.ApprovalUsed({ approval_id, run_id, step_id: 'a', at: at(1) }));
    given(asked)
      .when({ type: 'WithdrawApproval', reason: 'no need', at: at(-9) })
      .records(Events.ApprovalWithdrawn({ approval_id, subject, reason: 'no need', at: paper().requested_at }));
  });
});

const ends: readonly [
  string,
  ApprovalCommand,
  ReturnType<typeof Events.ApprovalExpired | typeof Events.ApprovalInvalidated>,
][] = [
  ['expired', { type: 'ExpireApproval', at: at(9) }, Events.ApprovalExpired({ approval_id, subject, at: at(9) })],
  [
    'withdrawn',
    { type: 'WithdrawApproval', reason: 'no need', at: at(9) },
    Events.ApprovalWithdrawn({ approval_id, subject, reason: 'no need', at: at(9) }) as never,
  ],
  [
    'superseded',
    { type: 'SupersedeApproval', at: at(9) },
    Events.ApprovalSuperseded({ approval_id, subject, at: at(9) }) as never,
  ],
  [
    'invalidated',
    { type: 'InvalidateApproval', differs: ['args_digest'], at: at(9) },
    Events.ApprovalInvalidated({ approval_id, subject, differs: ['args_digest'], at: at(9) }),
  ],
];

describe.each(ends)('an approval that is %s', (ending, command, event) => {
  it('is so before and after it was granted, once', () => {
    given(asked).when(command).records(event);
    given(...agreed)
      .when(command)
      .records(event);
    given(asked, event).when(command).records();
    given(...agreed, used)
      .when(command)
      .records();
  });
  it('can be neither granted nor used, and says which end it had', () => {
    given(asked, event)
      .when(vote('key:ola'))
      .refuses({ reason: 'ApprovalClosed', ending: ending as 'expired' });
    given(...agreed, event)
      .when(use)
      .refuses({ reason: 'ApprovalClosed', ending: ending as 'expired' });
  });
});
