import { tenantOf } from '../../domain/kernel/tenant.ts';
import type { PolicyEvent } from '../../domain/policy/policy.events.ts';
import { projection } from '../projection.ts';
import { touched } from '../touched.ts';

export interface PolicyRow {
  readonly policy_id: string;
  readonly tenant: string;
  readonly name: string;
  /** `draft` before any version was activated. */
  readonly status: string;
  readonly reason: string | null;
  /** Null while nothing is in force. */
  readonly active_version: number | null;
  readonly active_digest: string | null;
  readonly newest_version: number;
  readonly revision: number;
  readonly position: bigint;
  readonly created_at: string;
  readonly updated_at: string;
}

const nothingActive = { active_version: null, active_digest: null } as const;

/** Every policy, and which version of it judges now. */
export const policies = projection<PolicyRow, PolicyEvent>({
  name: 'policies',
  version: 1,
  table: (t) =>
    t
      .addColumn('policy_id', 'uuid', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('reason', 'text')
      .addColumn('active_version', 'integer')
      .addColumn('active_digest', 'text')
      .addColumn('newest_version', 'integer', (c) => c.notNull())
      .addColumn('revision', 'integer', (c) => c.notNull())
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addColumn('created_at', 'timestamptz', (c) => c.notNull())
      .addColumn('updated_at', 'timestamptz', (c) => c.notNull()),
  indexes: { by_tenant: (i) => i.columns(['tenant', 'created_at']) },
  key: ({ data }) => data.policy_id,
  on: {
    PolicyDrafted: (row, event) => {
      const { policy_id, version, document } = event.data;
      const { revision, position, recorded_at } = event;
      const drafted = { name: document.name, newest_version: version };
      return (
        touched(row, event, drafted) ?? {
          policy_id,
          tenant: tenantOf(event),
          ...drafted,
          ...nothingActive,
          status: 'draft',
          reason: null,
          revision,
          position,
          created_at: recorded_at,
          updated_at: recorded_at,
        }
      );
    },
    PolicyActivated: (row, event) => {
      const { version, digest, reason } = event.data;
      return touched(row, event, { status: 'in_force', active_version: version, active_digest: digest, reason });
    },
    PolicySuspended: (row, event) =>
      touched(row, event, { status: 'suspended', ...nothingActive, reason: event.data.reason }),
    PolicyRetired: (row, event) =>
      touched(row, event, { status: 'retired', ...nothingActive, reason: event.data.reason }),
  },
});
