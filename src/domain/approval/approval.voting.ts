import * as E from 'fp-ts/lib/Either.js';
import type { OverMcp } from '../kernel/operation.ts';
import type { ApprovalCommand } from './approval.commands.ts';
import * as Events from './approval.events.ts';
import type { ApprovalEvent, ApprovalPaper } from './approval.events.ts';
import type { ApprovalRefusal, ApprovalState } from './approval.state.ts';

type CastVote = Extract<ApprovalCommand, { type: 'CastVote' }>;

/** A vote over the Model Context Protocol counts where the policy says so, and never where the risk is high (interfaces 4.5). */
const counts = ({ risk_level, terms }: ApprovalPaper, over_mcp: OverMcp | null): boolean => {
  if (over_mcp === null) return true;
  if (risk_level === 'high' || risk_level === 'critical') return false;
  return terms.over_mcp === 'all' || (terms.over_mcp === 'asked' && over_mcp.asked);
};

/** Why this person cannot decide, or undefined where they can. */
const inTheWay = (paper: ApprovalPaper, state: ApprovalState, command: CastVote): ApprovalRefusal | undefined => {
  const { terms, requested_by, expires_at, action_digest } = paper;
  const { by, roles, reason, vote } = command;
  if (command.at >= expires_at) return { reason: 'ApprovalIsExpired', expires_at };
  if (command.action_digest !== action_digest) return { reason: 'ActionChanged', action_digest };
  if (terms.four_eyes && requested_by.chain.includes(by)) return { reason: 'OwnRequest' };
  if (terms.roles.length > 0 && !terms.roles.some((role) => roles.includes(role) || roles.includes('*')))
    return { reason: 'RoleMissing', roles: terms.roles };
  if (!counts(paper, command.over_mcp))
    return { reason: 'PersonRequired', risk_level: paper.risk_level, over_mcp: terms.over_mcp };
  if (terms.reason_required && reason.trim() === '') return { reason: 'ReasonRequired' };
  // Agreeing twice is one agreement; who has learnt better meanwhile may still refuse.
  if (vote === 'approve' && state.agreed.includes(by)) return { reason: 'VotedAlready' };
  return undefined;
};

/** What a vote on an open request comes to: whoever may, decides about what they have read, each once. */
export const voted = (
  state: ApprovalState,
  paper: ApprovalPaper,
  command: CastVote,
): E.Either<ApprovalRefusal, readonly ApprovalEvent[]> => {
  const refused = inTheWay(paper, state, command);
  if (refused !== undefined) return E.left(refused);
  const { approval_id, agreed } = state;
  const { by, roles, vote, reason, action_digest, at, proven, over_mcp } = command;
  const cast = Events.ApprovalVoteCast({
    approval_id,
    by,
    roles: [...roles],
    vote,
    reason,
    action_digest,
    at,
    four_eyes_proven: proven,
    over_mcp,
  });
  if (vote !== 'approve') {
    const changes_requested = vote === 'request_changes';
    return E.right([
      cast,
      Events.ApprovalDenied({ approval_id, subject: paper.subject, by, reason, changes_requested, at }),
    ]);
  }
  const all = [...agreed, by];
  return E.right(
    all.length < paper.terms.quorum
      ? [cast]
      : [cast, Events.ApprovalGranted({ approval_id, subject: paper.subject, by: all, at })],
  );
};
