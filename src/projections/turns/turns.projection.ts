import type { Recorded } from '../../domain/kernel/event.ts';
import type { SessionEvent } from '../../domain/session/session.events.ts';
import { projection } from '../projection.ts';

export interface TurnRow {
  readonly turn_id: string;
  readonly session_id: string;
  readonly agent_id: string;
  readonly tenant: string;
  readonly ordinal: number;
  readonly status: string;
  readonly text: string;
  readonly response: string | null;
  readonly provider: string | null;
  readonly model: string | null;
  readonly is_language_model: boolean | null;
  readonly stop_reason: string | null;
  readonly truncated: boolean;
  readonly attempts: number;
  readonly usage: unknown;
  readonly cost_micros: bigint | null;
  readonly latency_ms: number | null;
  readonly fault: string | null;
  readonly message: string | null;
  readonly context: unknown;
  readonly assessment: unknown;
  readonly correlation_id: string | null;
  readonly position: bigint;
  readonly received_at: string;
  readonly ended_at: string | null;
}

const touched = (row: TurnRow | undefined, event: Recorded<SessionEvent>, change: Partial<TurnRow>): TurnRow | null =>
  row === undefined ? null : { ...row, ...change, position: event.position };

const unanswered = {
  response: null,
  provider: null,
  model: null,
  is_language_model: null,
  stop_reason: null,
  truncated: false,
  attempts: 0,
  usage: null,
  cost_micros: null,
  latency_ms: null,
  fault: null,
  message: null,
  context: null,
  assessment: null,
  ended_at: null,
} as const;

/** Every turn: what was said, what was put in context, what was answered, what it took. */
export const turns = projection<TurnRow, SessionEvent>({
  name: 'turns',
  version: 1,
  table: (t) =>
    t
      .addColumn('turn_id', 'uuid', (c) => c.primaryKey())
      .addColumn('session_id', 'uuid', (c) => c.notNull())
      .addColumn('agent_id', 'uuid', (c) => c.notNull())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('ordinal', 'integer', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('text', 'text', (c) => c.notNull())
      .addColumn('response', 'text')
      .addColumn('provider', 'text')
      .addColumn('model', 'text')
      .addColumn('is_language_model', 'boolean')
      .addColumn('stop_reason', 'text')
      .addColumn('truncated', 'boolean', (c) => c.notNull())
      .addColumn('attempts', 'integer', (c) => c.notNull())
      .addColumn('usage', 'jsonb')
      .addColumn('cost_micros', 'bigint')
      .addColumn('latency_ms', 'float8')
      .addColumn('fault', 'text')
      .addColumn('message', 'text')
      .addColumn('context', 'jsonb')
      .addColumn('assessment', 'jsonb')
      .addColumn('correlation_id', 'text')
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addColumn('received_at', 'timestamptz', (c) => c.notNull())
      .addColumn('ended_at', 'timestamptz'),
  indexes: { by_session: (i) => i.columns(['session_id', 'ordinal']), by_status: (i) => i.columns(['status']) },
  key: ({ data }) => ('turn_id' in data ? data.turn_id : null),
  on: {
    TurnReceived: (_, { data, metadata, position, recorded_at }) => ({
      ...data,
      ...unanswered,
      tenant: metadata['tenant'] ?? 'default',
      status: 'running',
      correlation_id: metadata['$correlationId'] ?? null,
      position,
      received_at: recorded_at,
    }),
    ContextAssembled: (row, event) => touched(row, event, { context: event.data.plan }),
    ContextRefused: (row, event) => touched(row, event, { fault: event.data.fault, message: event.data.message }),
    ModelCalled: (row, event) => touched(row, event, { attempts: event.data.attempt }),
    ModelRetryScheduled: (row, event) => touched(row, event, { fault: event.data.fault, message: event.data.message }),
    ModelReplied: (row, event) => {
      const { text, provider, model, is_language_model, stop_reason, truncated, usage, latency_ms } = event.data;
      const cost_micros = event.data.cost_micros === null ? null : BigInt(event.data.cost_micros);
      const answer = { response: text, provider, model, is_language_model, stop_reason, truncated, usage, latency_ms };
      return touched(row, event, { ...answer, cost_micros, fault: null, message: null });
    },
    ModelFailed: (row, event) => touched(row, event, { fault: event.data.fault, message: event.data.message }),
    TurnAssessed: (row, event) => {
      const { outcome, signals, stages } = event.data;
      return touched(row, event, { assessment: { outcome, signals, stages } });
    },
    TurnCompleted: (row, event) => touched(row, event, { status: 'completed', ended_at: event.recorded_at }),
    TurnFailed: (row, event) => touched(row, event, { status: 'failed', ended_at: event.recorded_at }),
    TurnCanceled: (row, event) =>
      touched(row, event, { status: 'canceled', message: event.data.reason, ended_at: event.recorded_at }),
  },
});
