import type { DecisionEvent } from '../../domain/decision/decision.events.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import { projection } from '../projection.ts';

export interface DecisionReviewRow {
  readonly event_id: string;
  readonly tenant: string;
  readonly decision_id: string;
  readonly agent_id: string;
  /** Null for the recording itself, which is when a decision begins to count. */
  readonly outcome: string | null;
  readonly confidence: number;
  readonly category: string;
  readonly reason_types: readonly string[];
  readonly at: string;
  readonly position: bigint;
}

/**
 * What was known of outcomes, and when: one row for each recording and for each word on an outcome, so that calibration can
 * be asked for as of any position (interfaces 1.4 S4).
 */
export const decisionReviews = projection<DecisionReviewRow, DecisionEvent>({
  name: 'decision_reviews',
  version: 1,
  table: (t) =>
    t
      .addColumn('event_id', 'uuid', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('decision_id', 'uuid', (c) => c.notNull())
      .addColumn('agent_id', 'uuid', (c) => c.notNull())
      .addColumn('outcome', 'text')
      .addColumn('confidence', 'float8', (c) => c.notNull())
      .addColumn('category', 'text', (c) => c.notNull())
      .addColumn('reason_types', 'jsonb', (c) => c.notNull())
      .addColumn('at', 'timestamptz', (c) => c.notNull())
      .addColumn('position', 'bigint', (c) => c.notNull()),
  indexes: { by_tenant: (i) => i.columns(['tenant', 'decision_id', 'position']) },
  blind: true,
  key: ({ id, type }) => (type === 'DecisionRecorded' || type === 'DecisionReviewed' ? id : null),
  on: {
    DecisionRecorded: (_, event) => {
      const { decision_id, agent_id, confidence, category, reasons } = event.data;
      return {
        event_id: event.id,
        tenant: tenantOf(event),
        ...{ decision_id, agent_id, confidence, category },
        outcome: null,
        reason_types: [...new Set(reasons.map(({ type }) => type))],
        at: event.recorded_at,
        position: event.position,
      };
    },
    DecisionReviewed: (_, event) => {
      const { decision_id, agent_id, confidence, category, outcome, reason_types, at } = event.data;
      return {
        event_id: event.id,
        tenant: tenantOf(event),
        ...{ decision_id, agent_id, confidence, category, outcome, reason_types, at },
        position: event.position,
      };
    },
  },
});
