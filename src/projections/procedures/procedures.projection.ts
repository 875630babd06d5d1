import { tenantOf } from '../../domain/kernel/tenant.ts';
import type { Source } from '../../domain/memory/source.ts';
import type { ProcedureEvent } from '../../domain/procedure/procedure.events.ts';
import { projection } from '../projection.ts';
import { touched } from '../touched.ts';

export interface ProcedureRow {
  readonly procedure_id: string;
  readonly tenant: string;
  readonly agent_id: string;
  readonly name: string;
  readonly domain: string | null;
  readonly description: string | null;
  readonly goals: readonly string[];
  readonly core_patterns: readonly string[];
  readonly core_tools: readonly string[];
  readonly core_concepts: readonly string[];
  readonly implementation_notes: readonly string[];
  readonly tags: readonly string[];
  readonly source: Source;
  readonly activations: number;
  readonly successes: number;
  readonly failures: number;
  readonly neutrals: number;
  readonly active: boolean;
  readonly recorded_by: string;
  readonly revision: number;
  readonly position: bigint;
  readonly created_at: string;
  readonly last_activated_at: string | null;
  readonly updated_at: string;
}

/** Every procedure as it stands: how something is done, and how often that went well; what was forgotten has no row. */
export const procedures = projection<ProcedureRow, ProcedureEvent>({
  name: 'procedures',
  version: 1,
  table: (t) =>
    t
      .addColumn('procedure_id', 'uuid', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('agent_id', 'uuid', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('domain', 'text')
      .addColumn('description', 'text')
      .addColumn('goals', 'jsonb', (c) => c.notNull())
      .addColumn('core_patterns', 'jsonb', (c) => c.notNull())
      .addColumn('core_tools', 'jsonb', (c) => c.notNull())
      .addColumn('core_concepts', 'jsonb', (c) => c.notNull())
      .addColumn('implementation_notes', 'jsonb', (c) => c.notNull())
      .addColumn('tags', 'jsonb', (c) => c.notNull())
      .addColumn('source', 'jsonb', (c) => c.notNull())
      .addColumn('activations', 'integer', (c) => c.notNull())
      .addColumn('successes', 'integer', (c) => c.notNull())
      .addColumn('failures', 'integer', (c) => c.notNull())
      .addColumn('neutrals', 'integer', (c) => c.notNull())
      .addColumn('active', 'boolean', (c) => c.notNull())
      .addColumn('recorded_by', 'text', (c) => c.notNull())
      .addColumn('revision', 'integer', (c) => c.notNull())
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addColumn('created_at', 'timestamptz', (c) => c.notNull())
      .addColumn('last_activated_at', 'timestamptz')
      .addColumn('updated_at', 'timestamptz', (c) => c.notNull()),
  indexes: { by_tenant: (i) => i.columns(['tenant', 'created_at', 'procedure_id']) },
  key: ({ data }) => data.procedure_id,
  on: {
    ProcedureStored: (_, { data, ...event }) => {
      const { by, ...said } = data;
      return {
        ...said,
        tenant: tenantOf(event),
        ...{ activations: 0, successes: 0, failures: 0, neutrals: 0, active: true },
        recorded_by: by,
        revision: event.revision,
        position: event.position,
        created_at: event.recorded_at,
        last_activated_at: null,
        updated_at: event.recorded_at,
      };
    },
    ProcedureActivated: (row, event) =>
      touched(row, event, { activations: event.data.activations, last_activated_at: event.recorded_at }),
    ProcedureOutcomeRecorded: (row, event) => {
      const { successes, failures, neutrals } = event.data;
      return touched(row, event, { successes, failures, neutrals });
    },
    ProcedureRetired: (row, event) => touched(row, event, { active: false }),
    ProcedureForgotten: () => null,
  },
});
