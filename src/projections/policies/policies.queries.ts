import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { listing, olderThan, single } from '../listing.ts';
import { bare, instant } from '../shown.ts';
import type { PolicyRow } from './policies.projection.ts';
import type { PolicyVersionRow } from './policy-versions.projection.ts';

const tag = 'policies';
const scope = 'policies:read';
const policy_id = idInput('policy');
const version = z.int().min(1).max(1_000_000);
const example = '0198d7a0-0000-7000-8000-000000000011';

const PolicyShown = z.object({
  policy_id: z.uuid(),
  name: z.string(),
  status: z.string(),
  reason: z.string().nullable(),
  active_version: z.int().nullable(),
  active_digest: z.string().nullable(),
  newest_version: z.int(),
  revision: z.int(),
  created_at: instant,
  updated_at: instant,
});

const VersionShown = z.object({
  policy_id: z.uuid(),
  version: z.int(),
  status: z.string(),
  digest: z.string(),
  note: z.string(),
  document: z.unknown(),
  drafted_by: z.string().nullable(),
  drafted_at: instant,
  activated_at: instant.nullable(),
});

/** A version together with what has become of its policy. */
interface VersionRow extends PolicyVersionRow {
  readonly policy_status: string | null;
}

const versionView = (row: VersionRow): z.infer<typeof VersionShown> => {
  const { policy_status, status, ...shown } = bare(row);
  // Nothing of a retired policy is in force, whatever was activated last.
  return { ...shown, status: policy_status === 'retired' && status === 'active' ? 'superseded' : status };
};

export const listPolicies = listing({
  name: 'list_policies',
  summary: 'Policies, and which version of each is in force',
  scope,
  path: '/policies',
  tag,
  cli: 'policies list',
  reads: 'policies',
  example: { title: 'All', input: {} },
  filter: {},
  item: PolicyShown,
  sort: ['instant', 'uuid'],
  place: (row: PolicyRow) => [row.created_at, row.policy_id],
  view: (row: PolicyRow): z.infer<typeof PolicyShown> => bare(row),
  rows: (db, _, { tenant, start, limit }) =>
    db
      .selectFrom('policies')
      .selectAll()
      .where('tenant', '=', tenant)
      .where(olderThan(start, 'created_at', 'policy_id'))
      .orderBy('created_at', 'desc')
      .orderBy('policy_id', 'desc')
      .limit(limit)
      .execute(),
});

export const getPolicy = single({
  name: 'get_policy',
  noun: 'policy',
  summary: 'A policy, and which version of it judges now',
  scope,
  path: '/policies/{policy_id}',
  tag,
  cli: 'policies show',
  reads: 'policies',
  example: { title: 'By id', input: { policy_id: example } },
  input: { policy_id },
  output: PolicyShown,
  find: (db, given, tenant) =>
    db
      .selectFrom('policies')
      .selectAll()
      .where('policy_id', '=', given.policy_id)
      .where('tenant', '=', tenant)
      .executeTakeFirst(),
  view: (row: PolicyRow) => bare(row),
});

export const listPolicyVersions = listing({
  name: 'list_policy_versions',
  summary: 'The versions of a policy, newest first, with their documents',
  scope,
  path: '/policies/{policy_id}/versions',
  tag,
  cli: 'policies versions',
  reads: 'policy_versions',
  example: { title: 'From the newest', input: { policy_id: example } },
  filter: { policy_id },
  item: VersionShown,
  sort: ['ordinal'],
  place: (row: VersionRow) => [String(row.version)],
  view: versionView,
  rows: (db, given, { tenant, start, limit }) => {
    const asked = db
      .selectFrom('policy_versions as v')
      .leftJoin('policies as p', 'p.policy_id', 'v.policy_id')
      .selectAll('v')
      .select('p.status as policy_status')
      .where('v.policy_id', '=', given.policy_id)
      .where('v.tenant', '=', tenant);
    const before = start?.[0];
    return (before === undefined ? asked : asked.where('v.version', '<', Number(before)))
      .orderBy('v.version', 'desc')
      .limit(limit)
      .execute();
  },
});

export const getPolicyVersion = single({
  name: 'get_policy_version',
  noun: 'version of this policy',
  summary: 'A version of a policy, with its document',
  scope,
  path: '/policies/{policy_id}/versions/{version}',
  tag,
  cli: 'policies version',
  reads: 'policy_versions',
  example: { title: 'The first', input: { policy_id: example, version: 1 } },
  input: { version, policy_id },
  output: VersionShown,
  find: (db, given, tenant) =>
    db
      .selectFrom('policy_versions as v')
      .leftJoin('policies as p', 'p.policy_id', 'v.policy_id')
      .selectAll('v')
      .select('p.status as policy_status')
      .where('v.policy_id', '=', given.policy_id)
      .where('v.version', '=', given.version)
      .where('v.tenant', '=', tenant)
      .executeTakeFirst(),
  view: versionView,
});

export const policyQueries = [listPolicies, getPolicy, listPolicyVersions, getPolicyVersion] as const;
