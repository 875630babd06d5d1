import { digest } from '../../src/domain/kernel/digest.ts';
import type { ApprovalCommand } from '../../src/domain/approval/approval.commands.ts';
import * as Events from '../../src/domain/approval/approval.events.ts';
import type { ApprovalPaper, ApprovalSubject, Vote } from '../../src/domain/approval/approval.events.ts';
import { terms } from '../gate/gate.story.ts';
import { at, directive_id, principal, run_id } from './run.story.ts';

export const approval_id = 'c172e384-95a6-57b8-89da-ebfc0d1e2f30';
export const subject: ApprovalSubject = { kind: 'run', run_id, directive_id, step_id: 'a' };
export const action_digest = digest('the action');

export const paper = (changes: Partial<ApprovalPaper['terms']> = {}): ApprovalPaper => ({
  subject,
  action: null,
  action_digest,
  headline: 'refund 42',
  risk_level: 'high',
  verdict: null,
  terms: { ...terms, ...changes },
  requested_by: principal,
  requested_at: at(),
  expires_at: at(terms.expires_in_ms),
  supersedes: null,
});
export const requested = (changes: Partial<ApprovalPaper['terms']> = {}) =>
  Events.ApprovalRequested({ approval_id, paper: paper(changes) });

type Cast = Extract<ApprovalCommand, { type: 'CastVote' }>;
export const vote = (by: string, changes: Partial<Cast> = {}): Cast => ({
  type: 'CastVote',
  by,
  roles: ['treasurer'],
  vote: 'approve',
  reason: 'fine',
  action_digest,
  at: at(1),
  proven: true,
  over_mcp: null,
  ...changes,
});
export const cast = (by: string, said: Vote = 'approve', reason = 'fine') =>
  Events.ApprovalVoteCast({
    approval_id,
    by,
    roles: ['treasurer'],
    vote: said,
    reason,
    action_digest,
    at: at(1),
    four_eyes_proven: true,
    over_mcp: null,
  });
export const granted = (...by: string[]) => Events.ApprovalGranted({ approval_id, subject, by, at: at(1) });
export const used = Events.ApprovalUsed({ approval_id, run_id, step_id: 'a', at: at(2) });
export const use = { type: 'UseApproval', run_id, step_id: 'a', action_digest, at: at(2) } as const;
