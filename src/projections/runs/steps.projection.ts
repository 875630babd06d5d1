import type { RunEvent } from '../../domain/run/run.events.ts';
import { projection, type Key } from '../projection.ts';
import { begun, marked, over } from './span.ts';
import { approvalEnded, changed, created, judged, landed, spansOf, undone, waits, type StepRow } from './step.row.ts';

const keysOf = ({ type, data }: RunEvent): Key | readonly Key[] | null => {
  const { run_id } = data;
  if (type === 'RunCreated') return data.plan.steps.map(({ step_id }) => ({ run_id, step_id }));
  return 'step_id' in data && data.step_id !== null ? { run_id, step_id: data.step_id } : null;
};

/** Every step of every run: where it stands, what the gate said, what was called, what came of it. */
export const steps = projection<StepRow, RunEvent>({
  name: 'steps',
  version: 1,
  table: (t) =>
    t
      .addColumn('run_id', 'uuid', (c) => c.notNull())
      .addColumn('step_id', 'text', (c) => c.notNull())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('ordinal', 'integer', (c) => c.notNull())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('capability_id', 'text')
      .addColumn('depends_on', 'jsonb', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('attempt', 'integer', (c) => c.notNull())
      .addColumn('args', 'jsonb')
      .addColumn('key', 'text')
      .addColumn('args_digest', 'text')
      .addColumn('action_digest', 'text')
      .addColumn('effect_class', 'text')
      .addColumn('decision', 'text')
      .addColumn('verdict', 'jsonb')
      .addColumn('rule_id', 'text')
      .addColumn('approval_id', 'uuid')
      .addColumn('grant_id', 'uuid')
      .addColumn('result', 'jsonb')
      .addColumn('code', 'text')
      .addColumn('message', 'text')
      .addColumn('retry_at', 'timestamptz')
      .addColumn('cost_micros', 'bigint', (c) => c.notNull())
      .addColumn('artifacts', 'jsonb', (c) => c.notNull())
      .addColumn('undo', 'text')
      .addColumn('undone_at', 'timestamptz')
      .addColumn('spans', 'jsonb', (c) => c.notNull())
      .addColumn('started_at', 'timestamptz')
      .addColumn('ended_at', 'timestamptz')
      .addColumn('updated_at', 'timestamptz', (c) => c.notNull())
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('steps_key', ['run_id', 'step_id']),
  indexes: { by_status: (i) => i.column('status'), by_capability: (i) => i.column('capability_id') },
  key: keysOf,
  on: {
    RunCreated: (_, event, key) => created(event, key),
    StepJudged: judged,
    StepApprovalRequested: (row, event) => {
      const { approval_id, headline } = event.data;
      return changed(row, event, {
        status: 'asked',
        approval_id,
        spans: begun(spansOf(row), event, 'approval', headline),
      });
    },
    StepApprovalEnded: approvalEnded,
    StepAmended: (row, event) =>
      changed(row, event, {
        status: 'waiting',
        args: event.data.args,
        approval_id: null,
        spans: marked(spansOf(row), event, 'amendment', event.data.by, 'amended'),
      }),
    StepCleared: (row, event) => changed(row, event, { status: 'cleared', attempt: event.data.attempt }),
    StepClearanceLapsed: (row, event) =>
      changed(row, event, {
        status: 'waiting',
        attempt: event.data.attempt - 1,
        spans: marked(spansOf(row), event, 'judgement', event.data.why, 'lapsed'),
      }),
    StepIntended: (row, event) => {
      const { attempt, key, action_digest, effect_class, approval_id, grant_id } = event.data;
      return changed(row, event, {
        status: 'intended',
        attempt,
        key,
        action_digest,
        effect_class,
        approval_id: approval_id ?? row?.approval_id ?? null,
        grant_id,
        code: null,
        message: null,
        retry_at: null,
        started_at: row?.started_at ?? event.recorded_at,
        spans: begun(spansOf(row), event, 'call', row?.capability_id ?? '', attempt),
      });
    },
    StepSucceeded: (row, event) => {
      const { result, undo } = event.data;
      const ended_at = event.recorded_at;
      return landed(row, event, 'succeeded', { result, undo: undo?.by ?? null, code: null, message: null, ended_at });
    },
    StepRetryScheduled: (row, event) => {
      const { code, message, retry_at, attempt } = event.data;
      const ended = over(spansOf(row), event, waits, 'failed');
      return landed(row, event, 'backing_off', {
        code,
        message,
        retry_at,
        spans: begun(ended, event, 'backoff', code, attempt),
      });
    },
    StepRetryDue: (row, event) =>
      changed(row, event, {
        status: 'waiting',
        retry_at: null,
        spans: over(spansOf(row), event, ['backoff'], 'due'),
      }),
    StepFailed: (row, event) => {
      const { code, message } = event.data;
      return landed(row, event, 'failed', { code, message, ended_at: event.recorded_at });
    },
    StepOutcomeUnknown: (row, event) => {
      const { why, attempt } = event.data;
      const spans = begun(over(spansOf(row), event, waits, 'unknown'), event, 'question', why, attempt);
      return landed(row, event, 'unknown', { code: 'outcome_unknown', message: why, spans });
    },
    StepOutcomeResolved: (row, event) => {
      const { answer } = event.data;
      const spans = over(spansOf(row), event, ['question'], answer);
      return changed(row, event, answer === 'retry' ? { spans, status: 'waiting' } : { spans });
    },
    StepSkipped: (row, event) =>
      changed(row, event, {
        status: 'skipped',
        code: 'skipped',
        message: event.data.why,
        retry_at: null,
        ended_at: event.recorded_at,
        spans: over(spansOf(row), event, waits, 'skipped'),
      }),
    UndoIntended: (row, event) => changed(row, event, { spans: begun(spansOf(row), event, 'undo', event.data.by) }),
    UndoSucceeded: (row, event) => undone(row, event, 'undone', { undone_at: event.recorded_at }),
    UndoFailed: (row, event) =>
      undone(row, event, 'undo_failed', { code: event.data.code, message: event.data.message }),
  },
});
