import { sql } from 'kysely';
import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { equals, listing, olderThan, oneOf, single } from '../listing.ts';
import { pageInput } from '../page.ts';
import { missing, query } from '../queries.ts';
import { bare, instant } from '../shown.ts';
import type { ApprovalRow } from './approvals.projection.ts';

const tag = 'approvals';
const scope = 'approvals:read';
const Status = z.enum(['open', 'granted', 'denied', 'expired', 'withdrawn', 'superseded', 'invalidated']);
const exampleId = '0198d7a0-0000-7000-8000-000000000014';
/** Precedents are counted as far back as this. */
const precedentDays = 90;

const ApprovalShown = z.object({
  approval_id: z.uuid(),
  status: z.string(),
  used: z.boolean(),
  used_at: instant.nullable(),
  subject: z.unknown(),
  run_id: z.uuid().nullable(),
  directive_id: z.uuid().nullable(),
  step_id: z.string(),
  decision_id: z.uuid().nullable(),
  capability_id: z.string().nullable(),
  agent_id: z.string().nullable(),
  headline: z.string(),
  risk_level: z.string(),
  action: z.unknown(),
  action_digest: z.string(),
  verdict: z.unknown(),
  terms: z.unknown(),
  requested_by: z.unknown(),
  supersedes: z.uuid().nullable(),
  votes: z.array(z.unknown()).readonly(),
  agreed: z.int(),
  quorum: z.int(),
  requested_at: instant,
  expires_at: instant,
  decided_at: instant.nullable(),
  ended_at: instant.nullable(),
  ended_by: z.string().nullable(),
  reason: z.string().nullable(),
  changes_requested: z.boolean(),
  differs: z.array(z.string()).readonly(),
  announcements: z.array(z.unknown()).readonly(),
  correlation_id: z.string().nullable(),
  revision: z.int(),
  updated_at: instant,
});

const view = (row: ApprovalRow): z.infer<typeof ApprovalShown> => bare(row);

export const listApprovals = listing({
  name: 'list_approvals',
  summary: 'Requests for a person’s agreement, newest first',
  scope,
  path: '/approvals',
  tag,
  cli: 'approvals list',
  mcp: { tool: 'approvals_list', toolset: 'core' },
  reads: 'approvals',
  example: { title: 'Those that wait', input: { status: ['open'] } },
  filter: {
    status: z.array(Status).optional(),
    risk_level: z.array(z.enum(['low', 'medium', 'high', 'critical'])).optional(),
    capability_id: z.string().min(1).max(100).optional(),
    agent_id: idInput('agent').optional(),
    run_id: idInput('run').optional(),
  },
  item: ApprovalShown,
  sort: ['instant', 'uuid'],
  place: (row: ApprovalRow) => [row.requested_at, row.approval_id],
  view,
  rows: (db, { status, risk_level, capability_id, agent_id, run_id }, { tenant, start, limit }) =>
    db
      .selectFrom('approvals')
      .selectAll()
      .where('tenant', '=', tenant)
      .where(oneOf('status', status))
      .where(oneOf('risk_level', risk_level))
      .where(equals('capability_id', capability_id))
      .where(equals('agent_id', agent_id))
      .where(equals('run_id', run_id))
      .where(olderThan(start, 'requested_at', 'approval_id'))
      .orderBy('requested_at', 'desc')
      .orderBy('approval_id', 'desc')
      .limit(limit)
      .execute(),
});

export const getApproval = single({
  name: 'get_approval',
  noun: 'approval',
  summary: 'A request for a person’s agreement: what would be done, why it is asked, who has said what',
  description:
    'Its revision is what a decision about it has to match, so that nobody decides about what they have not seen.',
  scope,
  path: '/approvals/{approval_id}',
  tag,
  cli: 'approvals show',
  mcp: { tool: 'approval_get', toolset: 'core' },
  reads: 'approvals',
  example: { title: 'By id', input: { approval_id: exampleId } },
  input: { approval_id: idInput('approval') },
  output: ApprovalShown,
  find: (db, { approval_id }, tenant) =>
    db
      .selectFrom('approvals')
      .selectAll()
      .where('approval_id', '=', approval_id)
      .where('tenant', '=', tenant)
      .executeTakeFirst(),
  view,
});

const Precedents = z.object({
  approval_id: z.uuid(),
  capability_id: z.string().nullable(),
  days: z.int(),
  counts: z.record(z.string(), z.int()).meta({ description: 'How those of these days ended, by ending.' }),
  data: z.array(ApprovalShown),
});

export const listPrecedents = query({
  name: 'list_precedents',
  kind: 'query',
  summary: 'What was asked before about the same capability, and how it ended',
  description:
    'Newest first. The counts speak of the 90 days before this request; a step that calls nothing has no precedents.',
  scope,
  input: z.strictObject({ approval_id: idInput('approval'), limit: pageInput.limit }),
  output: Precedents,
  reads: 'approvals',
  http: { method: 'GET', path: '/approvals/{approval_id}/precedents', tag },
  cli: 'approvals precedents',
  mcp: { tool: 'precedents_list', toolset: 'audit', read_only: true, destructive: false, idempotent: true },
  examples: [{ title: 'The newest ten', input: { approval_id: exampleId, limit: 10 } }],
  run: async ({ ask }, { approval_id, limit }, { principal: { tenant } }) => {
    const row = await ask((db) =>
      db
        .selectFrom('approvals')
        .selectAll()
        .where('approval_id', '=', approval_id)
        .where('tenant', '=', tenant)
        .executeTakeFirst(),
    );
    if (row === undefined) return missing('approval', approval_id);
    const { capability_id, requested_at } = row;
    const none = { approval_id, capability_id, days: precedentDays, counts: {}, data: [] };
    if (capability_id === null) return { output: none };
    const [before, counted] = await ask((db) => {
      const earlier = db
        .selectFrom('approvals')
        .where('tenant', '=', tenant)
        .where('capability_id', '=', capability_id)
        .where('approval_id', '!=', approval_id)
        .where('requested_at', '<=', requested_at);
      return Promise.all([
        earlier.selectAll().orderBy('requested_at', 'desc').orderBy('approval_id', 'desc').limit(limit).execute(),
        earlier
          .where(sql<boolean>`requested_at > ${requested_at}::timestamptz - ${precedentDays} * interval '1 day'`)
          .select(['status', sql<number>`count(*)::int`.as('count')])
          .groupBy('status')
          .execute(),
      ]);
    });
    const counts = Object.fromEntries(counted.map(({ status, count }) => [status, count]));
    return { output: { ...none, counts, data: before.map(view) } };
  },
});

export const approvalQueries = [listApprovals, getApproval, listPrecedents] as const;
