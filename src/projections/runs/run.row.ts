import type { Recorded } from '../../domain/kernel/event.ts';
import type { RunEvent } from '../../domain/run/run.events.ts';
import { segmented, type Segment, type Span } from './span.ts';

type Created = Extract<RunEvent, { type: 'RunCreated' }>['data'];

export interface RunRow {
  readonly run_id: string;
  readonly tenant: string;
  readonly directive_id: string;
  readonly status: string;
  readonly phase: string;
  readonly outcome: string | null;
  readonly rollback: string | null;
  readonly code: string | null;
  readonly message: string | null;
  readonly failed_step_id: string | null;
  readonly agent_id: string | null;
  readonly principal: Created['principal'];
  readonly scope: string;
  readonly environment: string;
  readonly plan: Created['plan'];
  readonly step_count: number;
  readonly steps_succeeded: number;
  /** Where each step stands, by its id. */
  readonly step_status: Readonly<Record<string, string>>;
  /** Personal: what it answered as a whole; null where it did not end well, or where that is too large to repeat. */
  readonly result: unknown;
  readonly cost_micros: bigint;
  readonly spans: readonly Span[];
  readonly segments: readonly Segment[];
  /** From the start to the end; null until it has ended. */
  readonly duration_ms: number | null;
  readonly correlation_id: string | null;
  readonly revision: number;
  readonly position: bigint;
  readonly created_at: string;
  readonly updated_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
}

const ended: ReadonlySet<string> = new Set(['completed', 'failed', 'canceled']);

/** How a run is shown: where it runs, whom it waits for; what a person has to find out comes before what they may agree to. */
const statusOf = ({ phase, step_status }: RunRow): string => {
  if (phase !== 'running') return phase;
  const steps = Object.values(step_status);
  if (steps.includes('unknown')) return 'waiting_input';
  return steps.includes('asked') ? 'waiting_approval' : 'running';
};

const working: ReadonlySet<string> = new Set(['cleared', 'intended']);
const resting: ReadonlySet<string> = new Set(['asked', 'unknown', 'backing_off']);

/** Whether anything of it is under way. */
const activityOf = ({ phase, step_status }: RunRow): Segment['kind'] | null => {
  if (ended.has(phase)) return null;
  const steps = Object.values(step_status);
  if (steps.some((status) => working.has(status))) return 'active';
  if (phase === 'pending' || phase === 'paused') return 'idle';
  return steps.some((status) => resting.has(status)) ? 'idle' : 'active';
};

/** What was undone, or could not be, had succeeded before. */
const didSucceed: ReadonlySet<string> = new Set(['succeeded', 'undone', 'undo_failed']);

/** The row after an event that changes this of it, and what follows from that. */
export const advanced = (
  row: RunRow | undefined,
  event: Recorded<RunEvent>,
  change: Partial<RunRow> = {},
): RunRow | null => {
  if (row === undefined) return null;
  const { revision, position, recorded_at } = event;
  const next = { ...row, ...change, revision, position, updated_at: recorded_at };
  const step_status = Object.values(next.step_status);
  return {
    ...next,
    status: statusOf(next),
    steps_succeeded: step_status.filter((status) => didSucceed.has(status)).length,
    segments: segmented(next.segments, event, activityOf(next)),
  };
};

/** The row after an event that says where a step stands. */
export const stepped = (
  row: RunRow | undefined,
  event: Recorded<Extract<RunEvent, { data: { step_id: string } }>>,
  status: string,
  cost_micros = 0,
): RunRow | null => {
  if (row === undefined) return null;
  const step_status = { ...row.step_status, [event.data.step_id]: status };
  return advanced(row, event, { step_status, cost_micros: row.cost_micros + BigInt(cost_micros) });
};
