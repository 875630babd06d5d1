import type { GrantEvent, GrantTerms } from '../../domain/grant/grant.events.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import { projection } from '../projection.ts';
import { touched } from '../touched.ts';

export interface GrantRow {
  readonly grant_id: string;
  readonly tenant: string;
  /** That its time is over is no event: whoever reads compares `expires_at`. */
  readonly status: string;
  readonly capability: string;
  readonly terms: GrantTerms;
  readonly uses: number;
  readonly uses_max: number;
  readonly issued_by: string;
  readonly approval_id: string | null;
  readonly reason: string;
  readonly revoke_reason: string | null;
  readonly revision: number;
  readonly position: bigint;
  readonly expires_at: string;
  readonly issued_at: string;
  readonly last_used_at: string | null;
  readonly ended_at: string | null;
  readonly updated_at: string;
}

/** What people have agreed to beforehand, and how much of it is used up. */
export const grants = projection<GrantRow, GrantEvent>({
  name: 'grants',
  version: 1,
  table: (t) =>
    t
      .addColumn('grant_id', 'uuid', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('capability', 'text', (c) => c.notNull())
      .addColumn('terms', 'jsonb', (c) => c.notNull())
      .addColumn('uses', 'integer', (c) => c.notNull())
      .addColumn('uses_max', 'integer', (c) => c.notNull())
      .addColumn('issued_by', 'text', (c) => c.notNull())
      .addColumn('approval_id', 'uuid')
      .addColumn('reason', 'text', (c) => c.notNull())
      .addColumn('revoke_reason', 'text')
      .addColumn('revision', 'integer', (c) => c.notNull())
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addColumn('expires_at', 'timestamptz', (c) => c.notNull())
      .addColumn('issued_at', 'timestamptz', (c) => c.notNull())
      .addColumn('last_used_at', 'timestamptz')
      .addColumn('ended_at', 'timestamptz')
      .addColumn('updated_at', 'timestamptz', (c) => c.notNull()),
  indexes: { by_tenant: (i) => i.columns(['tenant', 'issued_at', 'grant_id']), by_status: (i) => i.column('status') },
  key: ({ data }) => data.grant_id,
  on: {
    GrantIssued: (_, event) => ({
      ...event.data,
      tenant: tenantOf(event),
      status: 'live',
      capability: event.data.terms.capability,
      uses: 0,
      uses_max: event.data.terms.uses_max,
      revoke_reason: null,
      revision: event.revision,
      position: event.position,
      expires_at: event.data.terms.expires_at,
      issued_at: event.recorded_at,
      last_used_at: null,
      ended_at: null,
      updated_at: event.recorded_at,
    }),
    GrantUsed: (row, event) => touched(row, event, { uses: event.data.use, last_used_at: event.recorded_at }),
    GrantExhausted: (row, event) => touched(row, event, { status: 'exhausted', ended_at: event.recorded_at }),
    GrantRevoked: (row, event) =>
      touched(row, event, { status: 'revoked', revoke_reason: event.data.reason, ended_at: event.recorded_at }),
  },
});
