import type { CapabilityEvent } from '../../domain/capability/capability.events.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import { projection } from '../projection.ts';
import { touched } from '../touched.ts';

type CapabilitySpec = Extract<CapabilityEvent, { type: 'CapabilityRegistered' }>['data']['spec'];

/** What its source says of a capability now, where somebody has to read that first. */
export interface Offered {
  readonly spec: CapabilitySpec;
  readonly spec_digest: string;
  readonly source: string;
  readonly pin: string | null;
  readonly changed: readonly string[];
}

export interface CapabilityRow {
  readonly capability_key: string;
  readonly capability_id: string;
  /** Whoever registered it; it is shown to every tenant. */
  readonly tenant: string;
  readonly name: string;
  readonly description: string;
  readonly status: string;
  readonly reason: string | null;
  readonly spec: CapabilitySpec;
  readonly spec_digest: string;
  readonly source: string;
  readonly pin: string | null;
  readonly risk_level: string;
  readonly operation: string;
  readonly effect_class: string;
  readonly version: string;
  readonly tags: readonly string[];
  readonly deprecated: boolean;
  readonly offered: Offered | null;
  readonly revision: number;
  readonly position: bigint;
  readonly registered_at: string;
  readonly updated_at: string;
}

type Described = Extract<
  CapabilityEvent,
  { type: 'CapabilityRegistered' | 'CapabilityRevised' | 'CapabilityAccepted' }
>['data'];

const described = ({ spec, spec_digest, source, pin }: Described) => ({
  capability_id: spec.capability_id,
  name: spec.name,
  description: spec.description,
  spec,
  spec_digest,
  source,
  pin,
  risk_level: spec.risk.level,
  operation: spec.operation,
  effect_class: spec.effect_class,
  version: spec.version,
  tags: spec.tags,
  deprecated: spec.deprecated,
  offered: null,
});

/** Every capability as it is described, and whether it may be called. */
export const capabilities = projection<CapabilityRow, CapabilityEvent>({
  name: 'capabilities',
  version: 1,
  table: (t) =>
    t
      .addColumn('capability_key', 'uuid', (c) => c.primaryKey())
      .addColumn('capability_id', 'text', (c) => c.notNull())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('description', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('reason', 'text')
      .addColumn('spec', 'jsonb', (c) => c.notNull())
      .addColumn('spec_digest', 'text', (c) => c.notNull())
      .addColumn('source', 'text', (c) => c.notNull())
      .addColumn('pin', 'text')
      .addColumn('risk_level', 'text', (c) => c.notNull())
      .addColumn('operation', 'text', (c) => c.notNull())
      .addColumn('effect_class', 'text', (c) => c.notNull())
      .addColumn('version', 'text', (c) => c.notNull())
      .addColumn('tags', 'jsonb', (c) => c.notNull())
      .addColumn('deprecated', 'boolean', (c) => c.notNull())
      .addColumn('offered', 'jsonb')
      .addColumn('revision', 'integer', (c) => c.notNull())
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addColumn('registered_at', 'timestamptz', (c) => c.notNull())
      .addColumn('updated_at', 'timestamptz', (c) => c.notNull()),
  indexes: { by_id: (i) => i.column('capability_id'), by_status: (i) => i.column('status') },
  key: ({ data }) => data.capability_key,
  on: {
    CapabilityRegistered: (_, event) => ({
      ...described(event.data),
      capability_key: event.data.capability_key,
      tenant: tenantOf(event),
      status: 'enabled',
      reason: null,
      revision: event.revision,
      position: event.position,
      registered_at: event.recorded_at,
      updated_at: event.recorded_at,
    }),
    CapabilityRevised: (row, event) => touched(row, event, described(event.data)),
    CapabilityDisabled: (row, event) => touched(row, event, { status: 'disabled', reason: event.data.reason }),
    CapabilityEnabled: (row, event) => touched(row, event, { status: 'enabled', reason: event.data.reason }),
    CapabilitySuspended: (row, event) => {
      const { capability_key: _, ...offered } = event.data;
      return touched(row, event, { status: 'suspended', reason: 'its source describes it otherwise now', offered });
    },
    CapabilityAccepted: (row, event) =>
      touched(row, event, { ...described(event.data), status: 'enabled', reason: event.data.reason }),
    CapabilityRetired: (row, event) =>
      touched(row, event, { status: 'retired', reason: event.data.reason, offered: null }),
  },
});
