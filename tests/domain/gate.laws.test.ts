import fc from 'fast-check';
import type { ApprovalCommand } from '../../src/domain/approval/approval.commands.ts';
import { approval } from '../../src/domain/approval/approval.decider.ts';
import { approvalLifecycle } from '../../src/domain/approval/approval.lifecycle.ts';
import type { CapabilityCommand } from '../../src/domain/capability/capability.commands.ts';
import { capability } from '../../src/domain/capability/capability.decider.ts';
import { capabilityLifecycle } from '../../src/domain/capability/capability.lifecycle.ts';
import type { DirectiveCommand } from '../../src/domain/directive/directive.commands.ts';
import { directive } from '../../src/domain/directive/directive.decider.ts';
import { directiveLifecycle } from '../../src/domain/directive/directive.lifecycle.ts';
import { derived } from '../../src/domain/kernel/ids.ts';
import { digest } from '../../src/domain/kernel/digest.ts';
import { policy as policyDecider, type PolicyCommand } from '../../src/domain/policy/policy.decider.ts';
import { policyLifecycle } from '../../src/domain/policy/policy.lifecycle.ts';
import { policyOf, specOf } from '../gate/gate.story.ts';
import { action_digest, approval_id, paper, use, vote } from './approval.story.ts';
import { content, draft, propose } from './directive.story.ts';
import { holdToItsLaws, type Subject } from './laws.ts';
import { asking, at, denying, directive_id, faulty, found, ok, run_id, step } from './run.story.ts';

const instant = fc.constantFrom(at(), at(1), paper().expires_at);
const reason = fc.constantFrom('', 'because');
const stepIds = { run_id, step_id: 'a' };

const approvalCommand: fc.Arbitrary<ApprovalCommand> = fc.oneof(
  fc.constantFrom(
    ...[1, 2].map((quorum) => ({
      type: 'RequestApproval' as const,
      approval_id,
      paper: paper({ quorum, webhook: true }),
    })),
  ),
  fc
    .tuple(
      fc.constantFrom('key:ola', 'key:per', 'user:ida'),
      fc.constantFrom('approve', 'approve', 'deny', 'request_changes'),
      instant,
      fc.constantFrom(action_digest, digest('another')),
    )
    .map(([by, said, when, read]) => vote(by, { vote: said as 'approve', at: when, action_digest: read })),
  fc.constantFrom(use, { ...use, ...stepIds, step_id: 'b' }, { ...use, at: paper().expires_at }),
  fc.record({ type: fc.constantFrom('ExpireApproval' as const, 'SupersedeApproval' as const), at: instant }),
  fc.record({ type: fc.constant('WithdrawApproval' as const), reason, at: instant }),
  fc.record({ type: fc.constant('InvalidateApproval' as const), differs: fc.constant(['args_digest']), at: instant }),
  fc.record({
    type: fc.constant('RecordAnnouncement' as const),
    attempt: fc.integer({ min: 1, max: 3 }),
    outcome: fc.constantFrom(ok(null), faulty('no')),
  }),
  fc.constant({ type: 'AnnounceAgain' as const }),
);

const specs = [specOf({}), { ...specOf({}), name: 'Write' }, specOf({ operation: 'delete' })];
const capabilityCommand: fc.Arbitrary<CapabilityCommand> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(...specs),
      fc.constantFrom(null, digest('1'), digest('2')),
      fc.constantFrom(null, 'no sandbox'),
    )
    .map(([spec, pin, unavailable]): CapabilityCommand => ({
      type: 'OfferCapability',
      capability_key: run_id,
      offer: { spec, source: 'mcp:files', pin },
      unavailable,
    })),
  fc.record({
    type: fc.constantFrom('DisableCapability' as const, 'EnableCapability' as const, 'RetireCapability' as const),
    reason,
  }),
  fc.record({
    type: fc.constant('AcceptCapability' as const),
    spec_digest: fc.constantFrom(...specs.map((spec) => digest(spec))),
    reason,
  }),
);

const documents = [1, 2].map((n) => policyOf({ description: `${n}` }).document);
const policyCommand: fc.Arbitrary<PolicyCommand> = fc.oneof(
  fc.record({
    type: fc.constant('DraftPolicy' as const),
    policy_id: fc.constant(run_id),
    document: fc.constantFrom(...documents),
    note: reason,
  }),
  fc.record({
    type: fc.constant('ActivatePolicy' as const),
    version: fc.integer({ min: 1, max: 3 }),
    digest: fc.constantFrom(...documents.map((document) => digest(document))),
    reason,
  }),
  fc.record({ type: fc.constantFrom('SuspendPolicy' as const, 'RetirePolicy' as const), reason }),
);

const needs = { a: found({}, { active: asking }) };
const materials = fc.constantFrom({ a: found() }, needs, needs, { a: found({}, { active: denying }) }, {});
const rounds = [1, 2, 3].map((round) => derived('approval', directive_id, 'a', round));
const directiveCommand: fc.Arbitrary<DirectiveCommand> = fc.oneof(
  materials.map((of) => draft(of)),
  fc.constantFrom(draft(null), draft({ a: found(), b: found() }, content([step('a'), step('b')]))),
  fc.constant<DirectiveCommand>({
    type: 'ReviseDirective',
    content: content([step('a')], { objective: 'refund 43' }),
    by: 'key:ola',
  }),
  materials.map((of) => propose(of)),
  materials.map((of): DirectiveCommand => ({
    type: 'AmendDirective',
    step_id: 'a',
    args: { path: 'b' },
    by: 'user:ola',
    reason: '',
    materials: of,
    at: at(),
  })),
  fc.record({
    type: fc.constant('RecordDirectiveApproval' as const),
    approval_id: fc.constantFrom(...rounds),
    ending: fc.constantFrom('granted' as const, 'granted' as const, 'denied' as const, 'expired' as const),
    reason,
    at: instant,
  }),
  fc.record({ type: fc.constant('BlockDirective' as const), reason, at: instant }),
  fc.record({
    type: fc.constant('RecordDispatch' as const),
    outcome: fc.constantFrom(ok({ run_id }), faulty('internal')),
  }),
  fc.record({
    type: fc.constant('EndDirective' as const),
    run_id: fc.constant(run_id),
    run_status: fc.constantFrom('completed' as const, 'failed' as const, 'canceled' as const),
    code: fc.constant(null),
    message: reason,
    result: fc.constant({ n: 1 }),
    at: instant,
  }),
);

holdToItsLaws([
  {
    noun: 'approval',
    decider: approval,
    life: approvalLifecycle,
    command: approvalCommand,
    settling: [
      'RequestApproval',
      'UseApproval',
      'ExpireApproval',
      'WithdrawApproval',
      'SupersedeApproval',
      'InvalidateApproval',
      'RecordAnnouncement',
      'AnnounceAgain',
    ],
  },
  {
    noun: 'capability',
    decider: capability,
    life: capabilityLifecycle,
    command: capabilityCommand,
    settling: ['OfferCapability', 'DisableCapability', 'EnableCapability', 'RetireCapability'],
  },
  {
    noun: 'policy',
    decider: policyDecider,
    life: policyLifecycle,
    command: policyCommand,
    settling: ['ActivatePolicy', 'SuspendPolicy', 'RetirePolicy'],
  },
  {
    noun: 'directive',
    decider: directive,
    life: directiveLifecycle,
    command: directiveCommand,
    settling: ['RecordDirectiveApproval', 'BlockDirective', 'EndDirective'],
  },
] as unknown as readonly Subject[]);
