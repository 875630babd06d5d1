import type { DecisionEvent } from '../../domain/decision/decision.events.ts';
import type { Recorded } from '../../domain/kernel/event.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import { projection, type Key } from '../projection.ts';

export interface GuardrailActivationRow {
  readonly tenant: string;
  readonly name: string;
  /** What it was when it fired last. */
  readonly severity: string;
  readonly activation_count: number;
  readonly last_activated: string;
  readonly last_decision_id: string;
  readonly position: bigint;
}

type Held = Extract<DecisionEvent, { type: 'DecisionRecorded' | 'DecisionProposed' | 'DecisionBlocked' }>;

/** A decision that was agreed to met its guardrails when it was proposed, and is counted there. */
const firedIn = ({ type, data }: DecisionEvent) => {
  if (type === 'DecisionRecorded') return data.approval === null ? (data.guardrails?.fired ?? []) : [];
  return type === 'DecisionProposed' || type === 'DecisionBlocked' ? data.guardrails.fired : [];
};

const counted = (
  row: GuardrailActivationRow | undefined,
  event: Recorded<Held>,
  key: Key,
): GuardrailActivationRow | null => {
  const name = typeof key === 'object' ? String(key['name']) : key.toString();
  const severity = firedIn(event).find((fired) => fired.name === name)?.severity ?? row?.severity ?? 'warn';
  return {
    tenant: tenantOf(event),
    name,
    severity,
    activation_count: (row?.activation_count ?? 0) + 1,
    last_activated: event.recorded_at,
    last_decision_id: event.data.decision_id,
    position: event.position,
  };
};

/** How often each guardrail has fired on decisions that somebody meant to record, and when last (requirements N50, N53). */
export const guardrailActivations = projection<GuardrailActivationRow, DecisionEvent>({
  name: 'guardrail_activations',
  version: 1,
  table: (t) =>
    t
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('severity', 'text', (c) => c.notNull())
      .addColumn('activation_count', 'integer', (c) => c.notNull())
      .addColumn('last_activated', 'timestamptz', (c) => c.notNull())
      .addColumn('last_decision_id', 'uuid', (c) => c.notNull())
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('guardrail_activations_key', ['tenant', 'name']),
  key: (event) => firedIn(event).map(({ name }) => ({ tenant: tenantOf(event), name })),
  on: { DecisionRecorded: counted, DecisionProposed: counted, DecisionBlocked: counted },
});
