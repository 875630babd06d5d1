import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import type { ApprovalCommand } from '../../domain/approval/approval.commands.ts';
import { approval, type ApprovalState } from '../../domain/approval/approval.decider.ts';
import { Vote, type ApprovalPaper } from '../../domain/approval/approval.events.ts';
import type { Recorded } from '../../domain/kernel/event.ts';
import { idInput } from '../../domain/kernel/id.input.ts';
import { streamOf } from '../../domain/kernel/ids.ts';
import { isProblem, type Call, type Problem } from '../../domain/kernel/operation.ts';
import { problem } from '../../problems.ts';
import { ask, command, type CommandContext } from '../context.ts';
import type { Receipt } from '../execute.ts';
import { isProven } from '../gate/asker.ts';
import { issued } from '../grants/issue-grant.ts';
import { amended } from './amend.ts';
import { approvalNow } from './approval.now.ts';
import { GrantOffer } from './grant.offer.ts';
import { recheckApproval } from './recheck.operation.ts';

const tag = 'approvals';
const scope = 'approvals:write';
const approval_id = idInput('approval');
const exampleId = '0198d7a0-0000-7000-8000-000000000012';
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const exampleDigest = `sha256:${'7d'.repeat(32)}`;
const reason = z.string().max(2_000).default('');

const ApprovalView = z.object({
  approval_id: z.uuid(),
  status: z.enum(['open', 'granted', 'denied', 'expired', 'withdrawn', 'superseded', 'invalidated']),
  action_digest: z.string(),
  agreed: z.int(),
  quorum: z.int(),
  expires_at: z.iso.datetime(),
  grant_id: z.uuid().nullable(),
  revision: z.int(),
});
type ApprovalView = z.infer<typeof ApprovalView>;

const statusOf = ({ phase, ending }: ApprovalState): ApprovalView['status'] => {
  if (phase === 'open') return 'open';
  return phase === 'granted' || ending === 'used' || ending === null ? 'granted' : ending;
};

const view = ({ state, revision }: Receipt<ApprovalState>, grant_id: string | null): ApprovalView => {
  const { paper, approval_id: id, agreed } = state;
  if (paper === null) throw new Error('an approval that was commanded was requested');
  const { action_digest, terms, expires_at } = paper;
  const status = statusOf(state);
  return {
    approval_id: id,
    status,
    action_digest,
    agreed: agreed.length,
    quorum: terms.quorum,
    expires_at,
    grant_id,
    revision,
  };
};

const voted = async (
  context: CommandContext,
  call: Call,
  id: string,
  asked: ApprovalCommand,
): Promise<E.Either<Problem, Receipt<ApprovalState>>> =>
  ask(context, call, approval, streamOf('approval', id), asked, { guarded: true, continues: true });

/** The same call in the matter of an event, and because of it. */
const because = (call: Call, event: Recorded | undefined): Call =>
  event === undefined
    ? call
    : {
        ...call,
        correlation_id: event.metadata['$correlationId'] ?? call.correlation_id,
        causation_id: event.id,
      };

export const decideApproval = command({
  name: 'decide_approval',
  kind: 'command',
  summary: 'Agree, refuse, or ask for changes; only to what you have read',
  description:
    'Send the revision that you have read as `If-Match` and the `action_digest` of what you agree to. With `grant`, calls ' +
    'like this one need no further agreement until it expires or is used up.',
  scope,
  input: z.strictObject({
    approval_id,
    decision: Vote,
    reason,
    action_digest: digest,
    grant: GrantOffer.nullable().default(null),
  }),
  output: ApprovalView,
  http: { method: 'POST', path: '/approvals/{approval_id}/decision', tag },
  cli: 'approvals decide',
  mcp: {
    tool: 'approval_decide',
    toolset: 'core',
    read_only: false,
    destructive: true,
    idempotent: true,
    open_world: true,
  },
  guarded: true,
  keyed: true,
  problems: [
    'not_found',
    'approval_closed',
    'action_changed',
    'four_eyes',
    'role_missing',
    'person_required',
    'revision_conflict',
    'already_exists',
  ],
  examples: [
    {
      title: 'Agree',
      input: {
        approval_id: exampleId,
        decision: 'approve',
        reason: 'the photo shows the damage',
        action_digest: exampleDigest,
        grant: null,
      },
    },
  ],
  run: async (context, { approval_id: id, decision, reason: why, action_digest, grant }, call) => {
    const { principal } = call;
    const at = new Date(context.engine.clock.now()).toISOString();
    const outcome = await voted(context, call, id, {
      type: 'CastVote',
      by: principal.actor,
      roles: principal.roles ?? [],
      vote: decision,
      reason: why,
      action_digest,
      at,
      proven: isProven(principal),
      over_mcp: call.over_mcp ?? null,
    });
    if (E.isLeft(outcome)) return outcome.left;
    const { state, events } = outcome.right;
    const { paper } = state;
    const vote = events.at(-1);
    const given =
      // The first of several agreements is none yet, and grants nothing.
      grant === null || paper === null || !outcome.right.events.some(({ type }) => type === 'ApprovalGranted')
        ? null
        : await issued(context, because(call, vote), { ...grant, reason: why, approval_id: id, paper });
    if (given !== null && typeof given !== 'string') return given;
    const { revision, position } = outcome.right;
    return { output: view(outcome.right, given), revision, position };
  },
});

export const dismissApprovalPrompt = command({
  name: 'dismiss_approval_prompt',
  kind: 'command',
  summary: 'Record that a person was asked about it and did not answer; the request stays open',
  description: 'Neither `decline` nor `cancel` refuses anything: whoever means no says `deny` in a decision.',
  scope,
  input: z.strictObject({ approval_id, answer: z.enum(['decline', 'cancel']) }),
  output: ApprovalView,
  http: { method: 'POST', path: '/approvals/{approval_id}/dismissals', tag },
  problems: ['not_found'],
  examples: [{ title: 'The window was closed', input: { approval_id: exampleId, answer: 'cancel' } }],
  run: async (context, { approval_id: id, answer }, call) => {
    const { principal, over_mcp } = call;
    const at = new Date(context.engine.clock.now()).toISOString();
    const dismissal = {
      type: 'DismissPrompt',
      by: principal.actor,
      answer,
      client: over_mcp?.client ?? null,
      at,
    } as const;
    const outcome = await ask(context, call, approval, streamOf('approval', id), dismissal, { continues: true });
    if (E.isLeft(outcome)) return outcome.left;
    const { revision, position } = outcome.right;
    return { output: view(outcome.right, null), revision, position };
  },
});

export const editApproval = command({
  name: 'edit_approval',
  kind: 'command',
  summary: 'Give other arguments instead of an agreement: they are judged, and asked for, anew',
  scope,
  input: z.strictObject({ approval_id, args: z.record(z.string(), z.json()), reason }),
  output: z.object({ directive_id: z.uuid(), run_id: z.uuid().nullable(), step_id: z.string() }),
  http: { method: 'POST', path: '/approvals/{approval_id}/edit', tag },
  cli: 'approvals edit',
  problems: ['not_found', 'approval_closed', 'step_not_waiting', 'validation_failed', 'role_missing'],
  examples: [
    { title: 'A smaller amount', input: { approval_id: exampleId, args: { amount: 90 }, reason: 'the lamp only' } },
  ],
  run: async (context, { approval_id: id, args, reason: why }, call) => {
    const known = await approvalNow(context, id, call.principal.tenant);
    if (isProblem(known)) return known;
    if (known.phase !== 'open')
      return problem('approval_closed', 'it has been decided', {
        more: { approval_status: statusOf(known) },
      });
    const { terms } = known.paper as ApprovalPaper;
    const roles = call.principal.roles ?? [];
    if (terms.roles.length > 0 && !terms.roles.some((role) => roles.includes(role) || roles.includes('*')))
      return problem('role_missing', `it takes one of these roles: ${terms.roles.join(', ')}`, {
        more: { roles: terms.roles },
      });
    return await amended(context, call, known.paper as ApprovalPaper, args, why);
  },
});

export const approvalOperations = [decideApproval, dismissApprovalPrompt, editApproval, recheckApproval] as const;
