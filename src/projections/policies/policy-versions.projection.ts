import { tenantOf } from '../../domain/kernel/tenant.ts';
import type { PolicyEvent } from '../../domain/policy/policy.events.ts';
import { projection } from '../projection.ts';

type Drafted = Extract<PolicyEvent, { type: 'PolicyDrafted' }>['data'];

export interface PolicyVersionRow {
  readonly policy_id: string;
  readonly version: number;
  readonly tenant: string;
  readonly status: string;
  readonly document: Drafted['document'];
  readonly digest: string;
  readonly note: string;
  readonly drafted_by: string | null;
  readonly drafted_at: string;
  /** When it was last put in force. */
  readonly activated_at: string | null;
  readonly position: bigint;
}

/** The version that an activation puts in force, and the one it puts out of force. */
const versionsOf = ({ version, previous_version }: { version: number; previous_version: number | null }) =>
  previous_version === null || previous_version === version ? [version] : [version, previous_version];

/**
 * Every version of every policy, with its document. What retires a policy names no version: the active one of a retired
 * policy is told from the policy's own row.
 */
export const policyVersions = projection<PolicyVersionRow, PolicyEvent>({
  name: 'policy_versions',
  version: 1,
  table: (t) =>
    t
      .addColumn('policy_id', 'uuid', (c) => c.notNull())
      .addColumn('version', 'integer', (c) => c.notNull())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('document', 'jsonb', (c) => c.notNull())
      .addColumn('digest', 'text', (c) => c.notNull())
      .addColumn('note', 'text', (c) => c.notNull())
      .addColumn('drafted_by', 'text')
      .addColumn('drafted_at', 'timestamptz', (c) => c.notNull())
      .addColumn('activated_at', 'timestamptz')
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('policy_versions_key', ['policy_id', 'version']),
  key: ({ type, data }) => {
    const { policy_id } = data;
    if (type === 'PolicyActivated') return versionsOf(data).map((version) => ({ policy_id, version }));
    return 'version' in data ? { policy_id, version: data.version } : null;
  },
  on: {
    PolicyDrafted: (_, event) => ({
      ...event.data,
      tenant: tenantOf(event),
      status: 'draft',
      drafted_by: event.metadata['actor'] ?? null,
      drafted_at: event.recorded_at,
      activated_at: null,
      position: event.position,
    }),
    PolicyActivated: (row, { data, recorded_at, position }) => {
      if (row === undefined) return null;
      return row.version === data.version
        ? { ...row, status: 'active', activated_at: recorded_at, position }
        : { ...row, status: 'superseded', position };
    },
    PolicySuspended: (row, { position }) => (row === undefined ? null : { ...row, status: 'suspended', position }),
  },
});
