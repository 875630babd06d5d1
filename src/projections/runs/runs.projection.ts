import type { Recorded } from '../../domain/kernel/event.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import type { RunEvent } from '../../domain/run/run.events.ts';
import { projection } from '../projection.ts';
import { advanced, stepped, type RunRow } from './run.row.ts';
import { begun, msBetween, over } from './span.ts';

type Of<T extends RunEvent['type']> = Recorded<Extract<RunEvent, { type: T }>>;

const created = (event: Of<'RunCreated'>): RunRow => {
  const { approval: _, ...data } = event.data;
  const { metadata, revision, position, recorded_at } = event;
  return {
    ...data,
    tenant: tenantOf(event),
    status: 'pending',
    phase: 'pending',
    outcome: null,
    rollback: null,
    code: null,
    message: null,
    failed_step_id: null,
    agent_id: data.principal.type === 'agent' ? data.principal.id : null,
    step_count: data.plan.steps.length,
    steps_succeeded: 0,
    step_status: Object.fromEntries(data.plan.steps.map(({ step_id }) => [step_id, 'waiting'])),
    result: null,
    cost_micros: 0n,
    spans: begun([], event, 'pending', 'until it starts'),
    segments: [{ kind: 'idle', from: recorded_at, to: null }],
    duration_ms: null,
    correlation_id: metadata['$correlationId'] ?? null,
    revision,
    position,
    created_at: recorded_at,
    updated_at: recorded_at,
    started_at: null,
    ended_at: null,
  };
};

const ended = (
  row: RunRow | undefined,
  event: Of<'RunCompleted' | 'RunFailed' | 'RunCanceled'>,
  phase: string,
  change: Partial<RunRow>,
): RunRow | null => {
  if (row === undefined) return null;
  const ended_at = event.recorded_at;
  return advanced(row, event, {
    phase,
    ...change,
    cost_micros: BigInt(event.data.cost_micros),
    spans: over(row.spans, event, ['pending', 'pause', 'stopping', 'rollback'], phase),
    duration_ms: row.started_at === null ? null : msBetween(row.started_at, ended_at),
    ended_at,
  });
};

/** Whoever stops a run before it starts, or while it is paused, ends those spans. */
const stopping = (row: RunRow | undefined, event: Of<'RunCancelRequested' | 'RunTimedOut'>, message: string) => {
  const spans = over(row?.spans ?? [], event, ['pending', 'pause'], 'stopping');
  return advanced(row, event, { phase: 'stopping', message, spans: begun(spans, event, 'stopping', message) });
};

const approvalEnded = (row: RunRow | undefined, event: Of<'StepApprovalEnded'>): RunRow | null => {
  const { step_id, ending } = event.data;
  const kind = row?.plan.steps.find((step) => step.step_id === step_id)?.kind;
  const granted = ending === 'granted' && kind === 'action' && row?.step_status[step_id] === 'asked';
  return granted ? stepped(row, event, 'waiting') : advanced(row, event);
};

/** Every run: where it stands, whom it waits for, how it ended, what it cost. */
export const runs = projection<RunRow, RunEvent>({
  name: 'runs',
  version: 1,
  table: (t) =>
    t
      .addColumn('run_id', 'uuid', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('directive_id', 'uuid', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('phase', 'text', (c) => c.notNull())
      .addColumn('outcome', 'text')
      .addColumn('rollback', 'text')
      .addColumn('code', 'text')
      .addColumn('message', 'text')
      .addColumn('failed_step_id', 'text')
      .addColumn('agent_id', 'text')
      .addColumn('principal', 'jsonb', (c) => c.notNull())
      .addColumn('scope', 'text', (c) => c.notNull())
      .addColumn('environment', 'text', (c) => c.notNull())
      .addColumn('plan', 'jsonb', (c) => c.notNull())
      .addColumn('step_count', 'integer', (c) => c.notNull())
      .addColumn('steps_succeeded', 'integer', (c) => c.notNull())
      .addColumn('step_status', 'jsonb', (c) => c.notNull())
      .addColumn('result', 'jsonb')
      .addColumn('cost_micros', 'bigint', (c) => c.notNull())
      .addColumn('spans', 'jsonb', (c) => c.notNull())
      .addColumn('segments', 'jsonb', (c) => c.notNull())
      .addColumn('duration_ms', 'float8')
      .addColumn('correlation_id', 'text')
      .addColumn('revision', 'integer', (c) => c.notNull())
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addColumn('created_at', 'timestamptz', (c) => c.notNull())
      .addColumn('updated_at', 'timestamptz', (c) => c.notNull())
      .addColumn('started_at', 'timestamptz')
      .addColumn('ended_at', 'timestamptz'),
  indexes: {
    by_tenant: (i) => i.columns(['tenant', 'created_at', 'run_id']),
    by_agent: (i) => i.columns(['agent_id', 'created_at']),
    by_directive: (i) => i.column('directive_id'),
    by_status: (i) => i.column('status'),
  },
  key: ({ data }) => data.run_id,
  on: {
    RunCreated: (_, event) => created(event),
    RunStarted: (row, event) =>
      advanced(row, event, {
        phase: 'running',
        started_at: event.recorded_at,
        spans: over(row?.spans ?? [], event, ['pending'], 'started'),
      }),
    StepJudged: (row, event) => advanced(row, event),
    StepApprovalRequested: (row, event) => stepped(row, event, 'asked'),
    StepApprovalEnded: approvalEnded,
    StepAmended: (row, event) => stepped(row, event, 'waiting'),
    StepCleared: (row, event) => stepped(row, event, 'cleared'),
    StepIntended: (row, event) => stepped(row, event, 'intended'),
    StepSucceeded: (row, event) => stepped(row, event, 'succeeded', event.data.cost_micros),
    StepRetryScheduled: (row, event) => stepped(row, event, 'backing_off', event.data.cost_micros),
    StepRetryDue: (row, event) => stepped(row, event, 'waiting'),
    StepClearanceLapsed: (row, event) => stepped(row, event, 'waiting'),
    StepFailed: (row, event) => stepped(row, event, 'failed', event.data.cost_micros),
    StepOutcomeUnknown: (row, event) => stepped(row, event, 'unknown', event.data.cost_micros),
    StepOutcomeResolved: (row, event) =>
      event.data.answer === 'retry' ? stepped(row, event, 'waiting') : advanced(row, event),
    StepSkipped: (row, event) => stepped(row, event, 'skipped'),
    RunPaused: (row, event) => {
      const { reason } = event.data;
      const spans = begun(row?.spans ?? [], event, 'pause', reason);
      return advanced(row, event, { phase: 'paused', message: reason, spans });
    },
    RunResumed: (row, event) => {
      const spans = over(row?.spans ?? [], event, ['pause'], 'resumed');
      return advanced(row, event, { phase: 'running', message: null, spans });
    },
    RunCancelRequested: (row, event) => stopping(row, event, event.data.reason),
    RunTimedOut: (row, event) => stopping(row, event, 'the time is up'),
    RollbackStarted: (row, event) => {
      const { reason } = event.data;
      const spans = over(row?.spans ?? [], event, ['stopping'], 'rolling_back');
      return advanced(row, event, { phase: 'rolling_back', spans: begun(spans, event, 'rollback', reason) });
    },
    UndoJudged: (row, event) => advanced(row, event),
    UndoIntended: (row, event) => advanced(row, event),
    UndoSucceeded: (row, event) => stepped(row, event, 'undone', event.data.cost_micros),
    UndoFailed: (row, event) => stepped(row, event, 'undo_failed', event.data.cost_micros),
    RunCompleted: (row, event) => {
      const { outcome, result } = event.data;
      return ended(row, event, 'completed', { outcome, result, rollback: 'not_needed', message: null });
    },
    RunFailed: (row, event) => {
      const { rollback, code, message, step_id } = event.data;
      return ended(row, event, 'failed', { outcome: 'failure', rollback, code, message, failed_step_id: step_id });
    },
    RunCanceled: (row, event) => {
      const { rollback, reason } = event.data;
      return ended(row, event, 'canceled', { outcome: 'canceled', rollback, message: reason });
    },
  },
});
