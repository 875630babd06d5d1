import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { listing, olderThan, oneOf, single } from '../listing.ts';
import { bare, instant } from '../shown.ts';
import type { GrantRow } from './grants.projection.ts';

const tag = 'approvals';
const scope = 'approvals:read';

const GrantShown = z.object({
  grant_id: z.uuid(),
  status: z.string().meta({ description: 'A live grant whose `expires_at` has passed covers nothing any more.' }),
  capability: z.string(),
  terms: z.unknown(),
  uses: z.int(),
  uses_max: z.int(),
  issued_by: z.string(),
  approval_id: z.uuid().nullable(),
  reason: z.string(),
  revoke_reason: z.string().nullable(),
  revision: z.int(),
  expires_at: instant,
  issued_at: instant,
  last_used_at: instant.nullable(),
  ended_at: instant.nullable(),
  updated_at: instant,
});

const view = (row: GrantRow): z.infer<typeof GrantShown> => bare(row);

export const listGrants = listing({
  name: 'list_grants',
  summary: 'What people have agreed to beforehand, newest first',
  scope,
  path: '/grants',
  tag,
  cli: 'grants list',
  reads: 'grants',
  example: { title: 'Those that still stand', input: { status: ['live'] } },
  filter: { status: z.array(z.enum(['live', 'revoked', 'exhausted'])).optional() },
  item: GrantShown,
  sort: ['instant', 'uuid'],
  place: (row: GrantRow) => [row.issued_at, row.grant_id],
  view,
  rows: (db, { status }, { tenant, start, limit }) =>
    db
      .selectFrom('grants')
      .selectAll()
      .where('tenant', '=', tenant)
      .where(oneOf('status', status))
      .where(olderThan(start, 'issued_at', 'grant_id'))
      .orderBy('issued_at', 'desc')
      .orderBy('grant_id', 'desc')
      .limit(limit)
      .execute(),
});

export const getGrant = single({
  name: 'get_grant',
  noun: 'grant',
  summary: 'What a person has agreed to beforehand, and how much of it is used up',
  scope,
  path: '/grants/{grant_id}',
  tag,
  cli: 'grants show',
  reads: 'grants',
  example: { title: 'By id', input: { grant_id: '0198d7a0-0000-7000-8000-000000000013' } },
  input: { grant_id: idInput('grant') },
  output: GrantShown,
  find: (db, { grant_id }, tenant) =>
    db
      .selectFrom('grants')
      .selectAll()
      .where('grant_id', '=', grant_id)
      .where('tenant', '=', tenant)
      .executeTakeFirst(),
  view,
});

export const grantQueries = [listGrants, getGrant] as const;
