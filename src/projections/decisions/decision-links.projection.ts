import type { DecisionEvent } from '../../domain/decision/decision.events.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import { projection } from '../projection.ts';

export interface DecisionLinkRow {
  readonly source_id: string;
  readonly target_id: string;
  readonly relation: string;
  readonly tenant: string;
  readonly weight: number;
  readonly auto_linked: boolean;
  readonly position: bigint;
  readonly created_at: string;
}

/** The edges between decisions; each relation between two is one edge (requirements N37). */
export const decisionLinks = projection<DecisionLinkRow, DecisionEvent>({
  name: 'decision_links',
  version: 1,
  table: (t) =>
    t
      .addColumn('source_id', 'uuid', (c) => c.notNull())
      .addColumn('target_id', 'uuid', (c) => c.notNull())
      .addColumn('relation', 'text', (c) => c.notNull())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('weight', 'float8', (c) => c.notNull())
      .addColumn('auto_linked', 'boolean', (c) => c.notNull())
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addColumn('created_at', 'timestamptz', (c) => c.notNull())
      .addPrimaryKeyConstraint('decision_links_key', ['source_id', 'target_id', 'relation']),
  indexes: { by_target: (i) => i.column('target_id') },
  blind: true,
  key: ({ type, data }) =>
    type === 'DecisionLinked'
      ? { source_id: data.decision_id, target_id: data.target_id, relation: data.relation }
      : null,
  on: {
    DecisionLinked: (_, event) => {
      const { decision_id: source_id, target_id, relation, weight, auto_linked } = event.data;
      const { position, recorded_at: created_at } = event;
      return { source_id, target_id, relation, tenant: tenantOf(event), weight, auto_linked, position, created_at };
    },
  },
});
