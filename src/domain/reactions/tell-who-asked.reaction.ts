import {
  ApprovalDenied,
  ApprovalExpired,
  ApprovalGranted,
  ApprovalInvalidated,
  ApprovalSuperseded,
  ApprovalWithdrawn,
  type ApprovalSubject,
} from '../approval/approval.events.ts';
import type { DecisionCommand } from '../decision/decision.commands.ts';
import type { DirectiveCommand } from '../directive/directive.commands.ts';
import { streamOf } from '../kernel/ids.ts';
import { reaction, when, type Request } from '../kernel/reaction.ts';
import type { ApprovalOutcome, RunCommand } from '../run/run.commands.ts';

interface End {
  readonly approval_id: string;
  readonly subject: ApprovalSubject;
  readonly at: string;
}

const told = ({ approval_id, subject, at }: End, ending: ApprovalOutcome, reason = '', by = ''): readonly Request[] => {
  if (subject.kind === 'directive') {
    const command: DirectiveCommand = { type: 'RecordDirectiveApproval', approval_id, ending, reason, at };
    return [{ stream: streamOf('directive', subject.directive_id), command }];
  }
  if (subject.kind === 'decision') {
    const command: DecisionCommand = { type: 'RecordDecisionApproval', approval_id, ending, reason, at };
    return [{ stream: streamOf('decision', subject.decision_id), command }];
  }
  const command: RunCommand = { type: 'RecordApproval', approval_id, ending, reason, by, at };
  return [{ stream: streamOf('run', subject.run_id), command }];
};

/** Whoever waits for an agreement hears how it ended; one that does not wait any more takes no notice. */
export const tellWhoAsked = reaction(
  'tell_who_asked',
  when(ApprovalGranted, ({ data }) => told(data, 'granted', '', data.by.join(', '))),
  when(ApprovalDenied, ({ data }) => told(data, 'denied', data.reason, data.by)),
  when(ApprovalExpired, ({ data }) => told(data, 'expired')),
  when(ApprovalWithdrawn, ({ data }) => told(data, 'withdrawn', data.reason)),
  when(ApprovalSuperseded, ({ data }) => told(data, 'superseded')),
  when(ApprovalInvalidated, ({ data }) => told(data, 'invalidated', data.differs.join(', ').slice(0, 2_000))),
);
