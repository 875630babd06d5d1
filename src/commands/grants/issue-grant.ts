import * as E from 'fp-ts/lib/Either.js';
import type { ApprovalPaper } from '../../domain/approval/approval.events.ts';
import { grant } from '../../domain/grant/grant.decider.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import type { Call, Problem } from '../../domain/kernel/operation.ts';
import { ask, type CommandContext } from '../context.ts';
import type { GrantOffer } from '../approvals/grant.offer.ts';

/** Agrees beforehand to calls like the one that was approved: the same capability, by the same principal. Answers the grant's id. */
export const issued = async (
  context: CommandContext,
  call: Call,
  {
    constraints,
    uses_max,
    expires_at,
    reason,
    approval_id,
    paper,
  }: GrantOffer & {
    readonly reason: string;
    readonly approval_id: string;
    readonly paper: ApprovalPaper;
  },
): Promise<string | null | Problem> => {
  const { action, requested_by } = paper;
  if (action === null) return null;
  const grant_id = derived('grant', approval_id, call.command_id);
  const terms = {
    capability: action.capability_id,
    principals: [`${requested_by.type}:${requested_by.id}`],
    scopes: ['*'],
    constraints: [...constraints],
    uses_max,
    expires_at,
  };
  const { actor: issued_by, roles: issuer_roles = [] } = call.principal;
  const asked = { type: 'IssueGrant', grant_id, terms, reason, issued_by, issuer_roles, approval_id } as const;
  // A command of its own: the vote has the call's id.
  const own = { ...call, command_id: derived('grant of', call.command_id) };
  const outcome = await ask(context, own, grant, streamOf('grant', grant_id), asked);
  return E.isLeft(outcome) ? outcome.left : grant_id;
};
