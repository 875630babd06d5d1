import { sql } from 'kysely';
import type { FactEvent } from '../../domain/fact/fact.events.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import type { Source } from '../../domain/memory/source.ts';
import { projection } from '../projection.ts';
import { touched } from '../touched.ts';

export interface FactRow {
  readonly fact_id: string;
  readonly tenant: string;
  readonly agent_id: string;
  readonly content: string;
  readonly category: string | null;
  readonly subject: string | null;
  readonly confidence: number;
  readonly tags: readonly string[];
  readonly source: Source;
  readonly contradiction_of: string | null;
  readonly supersedes: string | null;
  readonly superseded_by: string | null;
  readonly confirmations: number;
  readonly status: string;
  /** Why it was retracted. */
  readonly ended_reason: string | null;
  readonly learned_by: string;
  readonly learned_position: bigint;
  readonly ended_position: bigint | null;
  readonly revision: number;
  readonly position: bigint;
  readonly learned_at: string;
  readonly last_confirmed_at: string | null;
  readonly updated_at: string;
}

/** Every fact as it stands: what is held to be true, how surely, and since when; what was forgotten has no row. */
export const facts = projection<FactRow, FactEvent>({
  name: 'facts',
  version: 1,
  table: (t) =>
    t
      .addColumn('fact_id', 'uuid', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('agent_id', 'uuid', (c) => c.notNull())
      .addColumn('content', 'text', (c) => c.notNull())
      .addColumn('category', 'text')
      .addColumn('subject', 'text')
      .addColumn('confidence', 'float8', (c) => c.notNull())
      .addColumn('tags', 'jsonb', (c) => c.notNull())
      .addColumn('source', 'jsonb', (c) => c.notNull())
      .addColumn('contradiction_of', 'uuid')
      .addColumn('supersedes', 'uuid')
      .addColumn('superseded_by', 'uuid')
      .addColumn('confirmations', 'integer', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('ended_reason', 'text')
      .addColumn('learned_by', 'text', (c) => c.notNull())
      .addColumn('learned_position', 'bigint', (c) => c.notNull())
      .addColumn('ended_position', 'bigint')
      .addColumn('revision', 'integer', (c) => c.notNull())
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addColumn('learned_at', 'timestamptz', (c) => c.notNull())
      .addColumn('last_confirmed_at', 'timestamptz')
      .addColumn('updated_at', 'timestamptz', (c) => c.notNull()),
  indexes: {
    by_tenant: (i) => i.columns(['tenant', 'learned_position']),
    by_subject: (i) => i.columns(['tenant', 'subject']),
    by_words: (i) => i.using('gin').column(sql`to_tsvector('english', content)`),
  },
  key: ({ data }) => data.fact_id,
  on: {
    FactLearned: (_, { data, ...event }) => {
      const { by, ...said } = data;
      return {
        ...said,
        tenant: tenantOf(event),
        superseded_by: null,
        confirmations: 0,
        status: 'current',
        ended_reason: null,
        learned_by: by,
        learned_position: event.position,
        ended_position: null,
        revision: event.revision,
        position: event.position,
        learned_at: event.recorded_at,
        last_confirmed_at: null,
        updated_at: event.recorded_at,
      };
    },
    FactConfirmed: (row, event) =>
      touched(row, event, { confirmations: event.data.confirmations, last_confirmed_at: event.recorded_at }),
    FactContradicted: (row, event) => touched(row, event, { confidence: event.data.confidence_after }),
    FactSuperseded: (row, event) => {
      const { superseded_by } = event.data;
      return touched(row, event, { status: 'superseded', superseded_by, ended_position: event.position });
    },
    FactDeactivated: (row, event) => {
      const { reason: ended_reason } = event.data;
      return touched(row, event, { status: 'retracted', ended_reason, ended_position: event.position });
    },
    FactForgotten: () => null,
  },
});
