import type { DecisionEvent, Reason } from '../../domain/decision/decision.events.ts';
import type { Recorded } from '../../domain/kernel/event.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import { projection } from '../projection.ts';
import { touched } from '../touched.ts';

/** So many of the newest are shown with a decision; all of them are in its stream. */
const thoughtsMax = 100;

export interface Thought {
  readonly id: string;
  readonly text: string;
  readonly created_at: string;
}

type Said = Extract<DecisionEvent, { type: 'DecisionRecorded' | 'DecisionProposed' | 'DecisionBlocked' }>['data'];

export interface DecisionRow {
  readonly decision_id: string;
  readonly tenant: string;
  /** `proposed`, `blocked` and `rejected` ones are no decisions (yet), and are kept for whoever asks what was tried. */
  readonly status: string;
  readonly agent_id: string;
  readonly session_id: string | null;
  readonly description: string;
  readonly context: string | null;
  readonly pattern: string | null;
  readonly confidence: number;
  readonly category: string;
  readonly stakes: string;
  readonly outcome: string;
  readonly outcome_result: string | null;
  readonly quality_score: number;
  readonly tags: readonly string[];
  readonly reasons: readonly Reason[];
  readonly bridge: { readonly structure: string; readonly function: string };
  readonly thoughts: readonly Thought[];
  readonly guardrails: Said['guardrails'];
  readonly approval_id: string | null;
  readonly recorded_by: string;
  readonly revision: number;
  readonly position: bigint;
  readonly created_at: string;
  readonly updated_at: string;
  readonly reviewed_at: string | null;
}

const said = (data: Said, event: Recorded<DecisionEvent>, status: string, approval_id: string | null): DecisionRow => {
  const { decision_id, agent_id, session_id, description, context, pattern, confidence, category } = data;
  const { stakes, tags, reasons, bridge, quality, guardrails, by } = data;
  return {
    ...{ decision_id, agent_id, session_id, description, context, pattern, confidence, category, stakes, tags },
    ...{ reasons, bridge, guardrails, approval_id, status },
    tenant: tenantOf(event),
    outcome: 'pending',
    outcome_result: null,
    quality_score: quality,
    thoughts: [],
    recorded_by: by,
    revision: event.revision,
    position: event.position,
    created_at: event.recorded_at,
    updated_at: event.recorded_at,
    reviewed_at: null,
  };
};

/** Every decision as it stands: what is said of it, how sure somebody was, and how it came out. */
export const decisions = projection<DecisionRow, DecisionEvent>({
  name: 'decisions',
  version: 2,
  table: (t) =>
    t
      .addColumn('decision_id', 'uuid', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('agent_id', 'uuid', (c) => c.notNull())
      .addColumn('session_id', 'uuid')
      .addColumn('description', 'text', (c) => c.notNull())
      .addColumn('context', 'text')
      .addColumn('pattern', 'text')
      .addColumn('confidence', 'float8', (c) => c.notNull())
      .addColumn('category', 'text', (c) => c.notNull())
      .addColumn('stakes', 'text', (c) => c.notNull())
      .addColumn('outcome', 'text', (c) => c.notNull())
      .addColumn('outcome_result', 'text')
      .addColumn('quality_score', 'float8', (c) => c.notNull())
      .addColumn('tags', 'jsonb', (c) => c.notNull())
      .addColumn('reasons', 'jsonb', (c) => c.notNull())
      .addColumn('bridge', 'jsonb', (c) => c.notNull())
      .addColumn('thoughts', 'jsonb', (c) => c.notNull())
      .addColumn('guardrails', 'jsonb')
      .addColumn('approval_id', 'uuid')
      .addColumn('recorded_by', 'text', (c) => c.notNull())
      .addColumn('revision', 'integer', (c) => c.notNull())
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addColumn('created_at', 'timestamptz', (c) => c.notNull())
      .addColumn('updated_at', 'timestamptz', (c) => c.notNull())
      .addColumn('reviewed_at', 'timestamptz'),
  indexes: {
    by_tenant: (i) => i.columns(['tenant', 'created_at', 'decision_id']),
    by_agent: (i) => i.columns(['agent_id', 'created_at']),
  },
  key: ({ data }) => data.decision_id,
  on: {
    DecisionRecorded: (_, event) => said(event.data, event, 'open', event.data.approval?.approval_id ?? null),
    DecisionProposed: (_, event) => said(event.data, event, 'proposed', event.data.approval.approval_id),
    DecisionBlocked: (_, event) => said(event.data, event, 'blocked', null),
    DecisionRejected: (row, event) => touched(row, event, { status: 'rejected' }),
    DecisionUpdated: (row, event) => {
      const { quality, by: _, ...change } = event.data;
      return touched(row, event, { ...change, quality_score: quality });
    },
    DecisionThoughtAdded: (row, event) => {
      const { thought_id: id, text } = event.data;
      const thoughts = [...(row?.thoughts ?? []), { id, text, created_at: event.recorded_at }].slice(-thoughtsMax);
      return touched(row, event, { thoughts });
    },
    DecisionReviewed: (row, event) => {
      const { outcome, result, at } = event.data;
      return touched(row, event, { status: 'reviewed', outcome, outcome_result: result, reviewed_at: at });
    },
    DecisionLinked: (row, event) => touched(row, event),
  },
});
