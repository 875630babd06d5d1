import type { DirectiveContent, DirectiveEvent, Origin } from '../../domain/directive/directive.events.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import { projection } from '../projection.ts';
import { touched } from '../touched.ts';

type Plan = DirectiveContent['plan'];

export interface DirectiveRow {
  readonly directive_id: string;
  readonly tenant: string;
  readonly status: string;
  readonly waiting_for: string | null;
  readonly objective: string;
  readonly agent_id: string | null;
  readonly scope: string;
  readonly environment: string | null;
  readonly issued_by: string;
  readonly origin: Origin;
  readonly plan: Plan;
  readonly step_count: number;
  readonly constraints: unknown;
  readonly success_metrics: unknown;
  readonly decision: string | null;
  readonly policy: unknown;
  readonly approval_id: string | null;
  readonly human_override: boolean | null;
  readonly blocked_by: string | null;
  readonly blocked_code: string | null;
  readonly reasons: readonly string[];
  readonly run_id: string | null;
  readonly run_status: string | null;
  readonly message: string | null;
  /** Personal: what its run answered. */
  readonly result: unknown;
  readonly correlation_id: string | null;
  readonly revision: number;
  readonly position: bigint;
  readonly created_at: string;
  readonly updated_at: string;
  readonly ended_at: string | null;
}

const wanted = ({ objective, agent_id, scope, plan, constraints, success_metrics }: DirectiveContent) => ({
  objective,
  agent_id,
  scope,
  plan,
  step_count: plan.steps.length,
  constraints,
  success_metrics,
});

/** As it is before anybody has judged it, and again when what was blocked is proposed once more. */
const unjudged = {
  waiting_for: null,
  decision: null,
  policy: null,
  approval_id: null,
  human_override: null,
  blocked_by: null,
  blocked_code: null,
  reasons: [],
  message: null,
  result: null,
  ended_at: null,
} as const;

const withArgs = (plan: Plan, step_id: string, args: Readonly<Record<string, unknown>>): Plan => ({
  ...plan,
  steps: plan.steps.map((step) =>
    step.kind === 'action' && step.step_id === step_id ? { ...step, args: args as typeof step.args } : step,
  ),
});

/** Every directive: what is wanted, what the gate and people said of it, and what became of it. */
export const directives = projection<DirectiveRow, DirectiveEvent>({
  name: 'directives',
  version: 1,
  table: (t) =>
    t
      .addColumn('directive_id', 'uuid', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('waiting_for', 'text')
      .addColumn('objective', 'text', (c) => c.notNull())
      .addColumn('agent_id', 'uuid')
      .addColumn('scope', 'text', (c) => c.notNull())
      .addColumn('environment', 'text')
      .addColumn('issued_by', 'text', (c) => c.notNull())
      .addColumn('origin', 'jsonb', (c) => c.notNull())
      .addColumn('plan', 'jsonb', (c) => c.notNull())
      .addColumn('step_count', 'integer', (c) => c.notNull())
      .addColumn('constraints', 'jsonb')
      .addColumn('success_metrics', 'jsonb')
      .addColumn('decision', 'text')
      .addColumn('policy', 'jsonb')
      .addColumn('approval_id', 'uuid')
      .addColumn('human_override', 'boolean')
      .addColumn('blocked_by', 'text')
      .addColumn('blocked_code', 'text')
      .addColumn('reasons', 'jsonb', (c) => c.notNull())
      .addColumn('run_id', 'uuid')
      .addColumn('run_status', 'text')
      .addColumn('message', 'text')
      .addColumn('result', 'jsonb')
      .addColumn('correlation_id', 'text')
      .addColumn('revision', 'integer', (c) => c.notNull())
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addColumn('created_at', 'timestamptz', (c) => c.notNull())
      .addColumn('updated_at', 'timestamptz', (c) => c.notNull())
      .addColumn('ended_at', 'timestamptz'),
  indexes: {
    by_tenant: (i) => i.columns(['tenant', 'created_at', 'directive_id']),
    by_agent: (i) => i.columns(['agent_id', 'created_at']),
    by_status: (i) => i.column('status'),
  },
  key: ({ data }) => data.directive_id,
  on: {
    DirectiveDrafted: (_, event) => {
      const { directive_id, content, origin, issued_by } = event.data;
      const { revision, position, recorded_at, metadata } = event;
      return {
        directive_id,
        tenant: tenantOf(event),
        status: 'draft',
        ...wanted(content),
        ...unjudged,
        environment: null,
        issued_by,
        origin,
        run_id: null,
        run_status: null,
        correlation_id: metadata['$correlationId'] ?? null,
        revision,
        position,
        created_at: recorded_at,
        updated_at: recorded_at,
      };
    },
    DirectiveRevised: (row, event) => touched(row, event, wanted(event.data.content)),
    DirectiveProposed: (row, event) =>
      touched(row, event, { ...unjudged, status: 'proposed', environment: event.data.environment }),
    DirectiveJudged: (row, event) => touched(row, event, { decision: event.data.decision, policy: event.data.policy }),
    DirectiveApprovalRequested: (row, event) =>
      touched(row, event, { waiting_for: 'approval', approval_id: event.data.approval_id }),
    DirectiveAmended: (row, event) => {
      if (row === undefined) return null;
      const { step_id, args } = event.data;
      return touched(row, event, { waiting_for: null, approval_id: null, plan: withArgs(row.plan, step_id, args) });
    },
    DirectiveApproved: (row, event) => {
      const { human_override, approval_id, policy } = event.data;
      return touched(row, event, { status: 'approved', waiting_for: null, human_override, approval_id, policy });
    },
    DirectiveBlocked: (row, event) => {
      const { by, code, reasons } = event.data;
      const blocked = { blocked_by: by, blocked_code: code, reasons };
      return touched(row, event, { status: 'blocked', waiting_for: null, ...blocked, ended_at: event.recorded_at });
    },
    DirectiveDispatched: (row, event) => touched(row, event, { status: 'executing', run_id: event.data.run_id }),
    DirectiveCompleted: (row, event) => {
      const { run_status, message, result } = event.data;
      return touched(row, event, { status: 'complete', run_status, message, result, ended_at: event.recorded_at });
    },
    DirectiveAborted: (row, event) =>
      touched(row, event, {
        status: 'aborted',
        run_status: 'canceled',
        message: event.data.reason,
        ended_at: event.recorded_at,
      }),
  },
});
