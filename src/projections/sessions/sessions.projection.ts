import type { Recorded } from '../../domain/kernel/event.ts';
import type { Origin, SessionEvent } from '../../domain/session/session.events.ts';
import { projection } from '../projection.ts';
import { touched } from '../touched.ts';

export interface SessionRow {
  readonly session_id: string;
  readonly tenant: string;
  readonly agent_id: string;
  readonly title: string | null;
  readonly status: string;
  readonly turns: number;
  readonly turn_id: string | null;
  readonly origin: Origin | null;
  readonly revision: number;
  readonly position: bigint;
  readonly opened_at: string;
  readonly updated_at: string;
  readonly closed_at: string | null;
}

const passed = (row: SessionRow | undefined, event: Recorded<SessionEvent>) => touched(row, event, {});
const idle = (row: SessionRow | undefined, event: Recorded<SessionEvent>) =>
  touched(row, event, { status: 'idle', turn_id: null });

/** Every session, and whether a turn is running in it. */
export const sessions = projection<SessionRow, SessionEvent>({
  name: 'sessions',
  version: 2,
  table: (t) =>
    t
      .addColumn('session_id', 'uuid', (c) => c.primaryKey())
      .addColumn('tenant', 'text', (c) => c.notNull())
      .addColumn('agent_id', 'uuid', (c) => c.notNull())
      .addColumn('title', 'text')
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('turns', 'integer', (c) => c.notNull())
      .addColumn('turn_id', 'uuid')
      .addColumn('origin', 'jsonb')
      .addColumn('revision', 'integer', (c) => c.notNull())
      .addColumn('position', 'bigint', (c) => c.notNull())
      .addColumn('opened_at', 'timestamptz', (c) => c.notNull())
      .addColumn('updated_at', 'timestamptz', (c) => c.notNull())
      .addColumn('closed_at', 'timestamptz'),
  indexes: { by_agent: (i) => i.columns(['agent_id', 'status']) },
  key: ({ data }) => data.session_id,
  on: {
    SessionOpened: (_, { data: { inherited: __, ...opened }, metadata, revision, position, recorded_at }) => ({
      ...opened,
      tenant: metadata['tenant'] ?? 'default',
      status: 'idle',
      turns: 0,
      turn_id: null,
      revision,
      position,
      opened_at: recorded_at,
      updated_at: recorded_at,
      closed_at: null,
    }),
    TurnReceived: (row, event) =>
      touched(row, event, { status: 'running', turns: event.data.ordinal, turn_id: event.data.turn_id }),
    ContextAssembled: passed,
    ContextRefused: passed,
    ModelCalled: passed,
    ModelReplied: passed,
    ModelRetryScheduled: passed,
    ModelFailed: passed,
    ToolsRequested: passed,
    ToolCallProposed: passed,
    ToolCallEnded: passed,
    TurnCancelRequested: passed,
    TurnAssessed: passed,
    TurnCompleted: idle,
    TurnFailed: idle,
    TurnCanceled: idle,
    SessionEndRequested: (row, event) => touched(row, event, { status: 'ending' }),
    SessionReflected: passed,
    ReflectionCalled: passed,
    ReflectionRetryScheduled: passed,
    ReflectionFailed: passed,
    SessionClosed: (row, event) => touched(row, event, { status: 'closed', closed_at: event.recorded_at }),
  },
});
