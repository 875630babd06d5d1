import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { grant, type GrantState } from '../../domain/grant/grant.decider.ts';
import { GrantTerms } from '../../domain/grant/grant.events.ts';
import { idInput } from '../../domain/kernel/id.input.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import { problem } from '../../problems.ts';
import { ask, command } from '../context.ts';
import type { Receipt } from '../execute.ts';

const tag = 'approvals';
const scope = 'approvals:write';
const exampleId = '0198d7a0-0000-7000-8000-000000000013';

const GrantView = z.object({
  grant_id: z.uuid(),
  status: z.enum(['live', 'ended']),
  uses: z.int(),
  uses_max: z.int(),
  expires_at: z.iso.datetime(),
  revision: z.int(),
});

const view = ({ state, revision }: Receipt<GrantState>): z.infer<typeof GrantView> => {
  const { grant_id, phase, terms, uses } = state;
  if (terms === null || phase === 'unissued') throw new Error('a grant that was commanded was issued');
  return { grant_id, status: phase, uses: uses.size, uses_max: terms.uses_max, expires_at: terms.expires_at, revision };
};

export const issueGrant = command({
  name: 'issue_grant',
  kind: 'command',
  summary: 'Agree beforehand to calls of a capability, within limits',
  description:
    'A grant stands for an approval, never for a denial; nobody grants what they will ask for themselves. It is the word of ' +
    'one person with the roles they have: where two have to agree, or another role, it does not suffice.',
  scope,
  input: z.strictObject({ terms: GrantTerms, reason: z.string().min(1).max(2_000) }),
  output: GrantView,
  http: { method: 'POST', path: '/grants', tag },
  cli: 'grants create',
  examples: [
    {
      title: 'Refunds of at most 300 until the evening',
      input: {
        terms: {
          capability: 'payments.refund',
          principals: ['agent:*'],
          scopes: ['*'],
          constraints: [{ path: 'amount', is: 'at_most', value: 300 }],
          uses_max: 10,
          expires_at: '2026-11-21T20:00:00.000Z',
        },
        reason: 'the sale is on',
      },
    },
  ],
  run: async (context, { terms, reason }, call) => {
    if (Date.parse(terms.expires_at) <= context.engine.clock.now())
      return problem('validation_failed', 'expires_at is in the past', {
        more: { errors: [{ pointer: '#/terms/expires_at', message: 'is in the past' }] },
      });
    const grant_id = derived('grant', call.command_id);
    const asked = {
      type: 'IssueGrant',
      grant_id,
      terms,
      reason,
      issued_by: call.principal.actor,
      issuer_roles: call.principal.roles ?? [],
      approval_id: null,
    } as const;
    const outcome = await ask(context, call, grant, streamOf('grant', grant_id), asked);
    if (E.isLeft(outcome)) return outcome.left;
    const { position, revision } = outcome.right;
    return { output: view(outcome.right), status: 201, location: `/grants/${grant_id}`, position, revision };
  },
});

export const revokeGrant = command({
  name: 'revoke_grant',
  kind: 'command',
  summary: 'Revoke a grant: it stands for nothing any more',
  scope,
  input: z.strictObject({ grant_id: idInput('grant'), reason: z.string().max(2_000).default('') }),
  output: GrantView,
  http: { method: 'POST', path: '/grants/{grant_id}/revoke', tag },
  cli: 'grants revoke',
  problems: ['not_found', 'revision_conflict'],
  examples: [{ title: 'It is not needed any more', input: { grant_id: exampleId, reason: 'the sale is over' } }],
  run: async (context, { grant_id, reason }, call) => {
    const outcome = await ask(
      context,
      call,
      grant,
      streamOf('grant', grant_id),
      { type: 'RevokeGrant', reason } as const,
      { guarded: true },
    );
    if (E.isLeft(outcome)) return outcome.left;
    const { position, revision } = outcome.right;
    return { output: view(outcome.right), position, revision };
  },
});

export const grantOperations = [issueGrant, revokeGrant] as const;
