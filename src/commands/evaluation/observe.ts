import type { Recorded } from '../../domain/kernel/event.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import { RunCanceled, RunCompleted, RunFailed } from '../../domain/run/run.events.ts';
import { TurnAssessed } from '../../domain/session/session.events.ts';
import type { Evaluation, Journal, Trace } from '../../ports.ts';
import type { Engine } from '../execute.ts';

/** What waits to be handed over; more is dropped, and counted. */
const waitingMax = 1_000;

type Known<D extends (...args: never[]) => unknown> = Recorded & ReturnType<D>;

/** Ids, outcomes and numbers: what was said stays on the record (requirements C42). */
const traceOf = (event: Recorded): Trace | undefined => {
  const metadata = { tenant: tenantOf(event), event_id: event.id };
  switch (event.type) {
    case TurnAssessed.type: {
      const { session_id, turn_id, outcome, signals } = (event as Known<typeof TurnAssessed>).data;
      const output = { outcome, ...signals };
      return { trace_id: turn_id, name: 'turn', input: { session_id, turn_id }, output, metadata };
    }
    case RunCompleted.type:
    case RunFailed.type:
    case RunCanceled.type: {
      const { run_id, directive_id, cost_micros } = (
        event as Known<typeof RunCompleted | typeof RunFailed | typeof RunCanceled>
      ).data;
      const output = { outcome: event.type, cost_micros };
      return { trace_id: run_id, name: 'run', input: { run_id, directive_id }, output, metadata };
    }
    default:
      return undefined;
  }
};

/**
 * Hands the ends of turns and runs that this node records to whoever evaluates them, each at most once and one after the other.
 * Nobody waits for it, and nothing it answers is read: evaluation observes (requirements D110, C4). What is answered stops it;
 * what waits then is dropped.
 */
export const observe = (
  { appended, telemetry }: Pick<Engine, 'appended' | 'telemetry'>,
  evaluation: Pick<Evaluation, 'provider' | 'logTrace'>,
  journal: Journal,
): (() => Promise<void>) => {
  const waiting: Trace[] = [];
  let handing: Promise<void> | undefined;
  const count = (outcome: string, by = 1): void => telemetry.count('acta_evaluation_traces_total', { outcome }, by);

  const hand = async (): Promise<void> => {
    for (let trace = waiting.shift(); trace !== undefined; trace = waiting.shift())
      try {
        await evaluation.logTrace(trace);
        count('handed_over');
      } catch (error) {
        count('failed');
        journal.debug('evaluation_failed', { provider: evaluation.provider, message: String(error) });
      }
    handing = undefined;
  };

  const hear = (_: string, events: readonly Recorded[]): void => {
    for (const event of events) {
      const trace = traceOf(event);
      if (trace === undefined) continue;
      if (waiting.length < waitingMax) waiting.push(trace);
      else count('dropped');
    }
    if (waiting.length > 0) handing ??= hand();
  };

  appended.add(hear);
  return async () => {
    appended.delete(hear);
    const left = waiting.splice(0).length;
    if (left > 0) count('dropped', left);
    await handing;
  };
};
