import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { equals, listing, olderThan, oneOf, single } from '../listing.ts';
import { bare, instant } from '../shown.ts';
import type { DirectiveRow } from './directives.projection.ts';

const tag = 'directives';
const scope = 'directives:read';
const Status = z.enum(['draft', 'proposed', 'approved', 'blocked', 'executing', 'complete', 'aborted']);

const DirectiveShown = z.object({
  directive_id: z.uuid(),
  status: z.string(),
  waiting_for: z.string().nullable(),
  objective: z.string(),
  agent_id: z.uuid().nullable(),
  scope: z.string(),
  environment: z.string().nullable(),
  issued_by: z.string(),
  origin: z.unknown(),
  plan: z.unknown(),
  step_count: z.int(),
  constraints: z.unknown(),
  success_metrics: z.unknown(),
  decision: z.string().nullable(),
  policy: z.unknown(),
  approval_id: z.uuid().nullable(),
  human_override: z.boolean().nullable(),
  blocked_by: z.string().nullable(),
  blocked_code: z.string().nullable(),
  reasons: z.array(z.string()).readonly(),
  run_id: z.uuid().nullable(),
  run_status: z.string().nullable(),
  message: z.string().nullable(),
  result: z.unknown(),
  correlation_id: z.string().nullable(),
  revision: z.int(),
  created_at: instant,
  updated_at: instant,
  ended_at: instant.nullable(),
});

const view = (row: DirectiveRow): z.infer<typeof DirectiveShown> => bare(row);

export const listDirectives = listing({
  name: 'list_directives',
  summary: 'Directives, newest first',
  scope,
  path: '/directives',
  tag,
  cli: 'directives list',
  reads: 'directives',
  example: { title: 'Those that the gate has stopped', input: { status: ['blocked'] } },
  filter: { status: z.array(Status).optional(), agent_id: idInput('agent').optional() },
  item: DirectiveShown,
  sort: ['instant', 'uuid'],
  place: (row: DirectiveRow) => [row.created_at, row.directive_id],
  view,
  rows: (db, { status, agent_id }, { tenant, start, limit }) =>
    db
      .selectFrom('directives')
      .selectAll()
      .where('tenant', '=', tenant)
      .where(oneOf('status', status))
      .where(equals('agent_id', agent_id))
      .where(olderThan(start, 'created_at', 'directive_id'))
      .orderBy('created_at', 'desc')
      .orderBy('directive_id', 'desc')
      .limit(limit)
      .execute(),
});

export const getDirective = single({
  name: 'get_directive',
  noun: 'directive',
  summary: 'A directive: what is wanted, what the gate said of it, and what became of it',
  scope,
  path: '/directives/{directive_id}',
  tag,
  cli: 'directives show',
  reads: 'directives',
  example: { title: 'By id', input: { directive_id: '0198d7a0-0000-7000-8000-000000000012' } },
  input: { directive_id: idInput('directive') },
  output: DirectiveShown,
  find: (db, { directive_id }, tenant) =>
    db
      .selectFrom('directives')
      .selectAll()
      .where('directive_id', '=', directive_id)
      .where('tenant', '=', tenant)
      .executeTakeFirst(),
  view,
});

export const directiveQueries = [listDirectives, getDirective] as const;
