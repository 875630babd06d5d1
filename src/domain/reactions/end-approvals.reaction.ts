import type { ApprovalCommand } from '../approval/approval.commands.ts';
import { DecisionRecorded } from '../decision/decision.events.ts';
import { DirectiveAmended, DirectiveBlocked } from '../directive/directive.events.ts';
import { streamOf } from '../kernel/ids.ts';
import { reaction, when, type Request } from '../kernel/reaction.ts';
import { StepApprovalEnded } from '../run/run.events.ts';

const asked = (approval_id: string, command: ApprovalCommand): readonly Request[] => [
  { stream: streamOf('approval', approval_id), command },
];

/** An agreement that nobody waits for any more, or that no longer stands for what would be done, is ended as what it is. */
export const endApprovals = reaction(
  'end_approvals',
  // What was agreed to is done by being recorded: the agreement is used up, and cannot expire.
  when(DecisionRecorded, ({ data: { approval } }) => {
    if (approval === null) return [];
    const { approval_id, action_digest, at } = approval;
    return asked(approval_id, { type: 'UseApproval', run_id: null, step_id: '', action_digest, at });
  }),
  when(DirectiveAmended, ({ data }) => asked(data.approval_id, { type: 'SupersedeApproval', at: data.at })),
  when(DirectiveBlocked, ({ data: { approval_id, by, reasons, at } }) =>
    approval_id !== null && by === 'withdrawal'
      ? asked(approval_id, { type: 'WithdrawApproval', reason: reasons[0] ?? '', at })
      : [],
  ),
  when(StepApprovalEnded, ({ data: { approval_id, ending, reason, at } }) => {
    switch (ending) {
      case 'withdrawn':
        return asked(approval_id, { type: 'WithdrawApproval', reason, at });
      case 'superseded':
        return asked(approval_id, { type: 'SupersedeApproval', at });
      case 'invalidated':
        return asked(approval_id, { type: 'InvalidateApproval', differs: [reason], at });
      case 'expired':
        return asked(approval_id, { type: 'ExpireApproval', at });
      case 'granted':
      case 'denied':
        return [];
    }
  }),
);
