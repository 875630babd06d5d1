import type { ApprovalCommand } from '../approval/approval.commands.ts';
import { DecisionProposed } from '../decision/decision.events.ts';
import { DirectiveApprovalRequested } from '../directive/directive.events.ts';
import { streamOf } from '../kernel/ids.ts';
import { reaction, when } from '../kernel/reaction.ts';
import { StepApprovalRequested } from '../run/run.events.ts';

/** What waits for a person's agreement gets a request of its own, under the id that the waiting one knows it by. */
export const requestApprovals = reaction(
  'request_approvals',
  when(DirectiveApprovalRequested, ({ data }) => {
    const { approval_id, directive_id, step_id, action, headline, verdict, terms, requested_by } = data;
    const command: ApprovalCommand = {
      type: 'RequestApproval',
      approval_id,
      paper: {
        subject: { kind: 'directive', directive_id, step_id },
        action,
        action_digest: action.action_digest,
        headline,
        risk_level: verdict.risk_level,
        verdict,
        terms,
        requested_by,
        requested_at: data.at,
        expires_at: data.expires_at,
        supersedes: data.supersedes,
      },
    };
    return [{ stream: streamOf('approval', approval_id), command }];
  }),
  when(StepApprovalRequested, ({ data }) => {
    const { approval_id, directive_id, run_id, step_id, action, action_digest, headline, verdict, terms } = data;
    const command: ApprovalCommand = {
      type: 'RequestApproval',
      approval_id,
      paper: {
        subject: { kind: 'run', run_id, directive_id, step_id },
        action,
        action_digest,
        headline,
        risk_level: verdict?.risk_level ?? 'low',
        verdict,
        terms,
        requested_by: data.requested_by,
        requested_at: data.at,
        expires_at: data.expires_at,
        supersedes: data.supersedes,
      },
    };
    return [{ stream: streamOf('approval', approval_id), command }];
  }),
  when(DecisionProposed, ({ data }) => {
    const { decision_id, stakes, approval } = data;
    const { approval_id, at, ...request } = approval;
    const command: ApprovalCommand = {
      type: 'RequestApproval',
      approval_id,
      paper: {
        ...request,
        subject: { kind: 'decision', decision_id },
        action: null,
        risk_level: stakes,
        verdict: null,
        requested_at: at,
      },
    };
    return [{ stream: streamOf('approval', approval_id), command }];
  }),
);
