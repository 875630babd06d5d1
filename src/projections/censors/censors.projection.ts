import type { CensorEvent } from '../../domain/censor/censor.events.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import type { Source } from '../../domain/memory/source.ts';
import { projection } from '../projection.ts';
import { touched } from '../touched.ts';

export interface CensorRow {
  readonly censor_id: string;
  readonly tenant: string;
  readonly agent_id: string;
  readonly trigger: string;
  readonly reason: string;
  readonly action: string;
  readonly domain: string | null;
  readonly origin: string;
  readonly escalation_threshold: number;
  readonly source: Source;
  readonly activations: number;
  readonly false_positives: number;
  readonly active: boolean;
  readonly created_by: string;
  readonly revision: number;
  readonly position: bigint;
  readonly created_at: string;
  readonly last_activated_at: string | null;
  readonly updated_at: string;
}

/** Every censor as it stands: what not to do, and how often it struck; what was forgotten has no row. */
export const censors = projection<CensorRow, CensorEvent>({
  name: 'censors',
  version: 2,
  table: (t) =>
    t
      .addColumn('censor_id', 'uuid', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('agent_id', 'uuid', (c) => c.notNull())
      .addColumn('trigger', 'text', (c) => c.notNull())
      .addColumn('reason', 'text', (c) => c.notNull())
      .addColumn('action', 'text', (c) => c.notNull())
      .addColumn('domain', 'text')
      .addColumn('origin', 'text', (c) => c.notNull())
      .addColumn('escalation_threshold', 'integer', (c) => c.notNull())
      .addColumn('source', 'jsonb', (c) => c.notNull())
      .addColumn('activations', 'integer', (c) => c.notNull())
      .addColumn('false_positives', 'integer', (c) => c.notNull())
      .addColumn('active', 'boolean', (c) => c.notNull())
      .addColumn('created_by', 'text', (c) => c.notNull())
      .addColumn('revision', 'integer', (c) => c.notNull())
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addColumn('created_at', 'timestamptz', (c) => c.notNull())
      .addColumn('last_activated_at', 'timestamptz')
      .addColumn('updated_at', 'timestamptz', (c) => c.notNull()),
  indexes: {
    by_tenant: (i) => i.columns(['tenant', 'active', 'created_at']),
    by_agent: (i) => i.columns(['tenant', 'agent_id', 'active']),
  },
  key: ({ data }) => data.censor_id,
  on: {
    CensorCreated: (_, { data, ...event }) => {
      const { by, asked: __, ...said } = data;
      return {
        ...said,
        tenant: tenantOf(event),
        ...{ activations: 0, false_positives: 0, active: true, created_by: by },
        revision: event.revision,
        position: event.position,
        created_at: event.recorded_at,
        last_activated_at: null,
        updated_at: event.recorded_at,
      };
    },
    CensorTriggered: (row, event) =>
      touched(row, event, { activations: event.data.activations, last_activated_at: event.recorded_at }),
    CensorEscalated: (row, event) => touched(row, event, { action: event.data.to }),
    CensorFalsePositiveMarked: (row, event) => touched(row, event, { false_positives: event.data.false_positives }),
    CensorLifted: (row, event) => touched(row, event, { active: false }),
    CensorForgotten: () => null,
  },
});
