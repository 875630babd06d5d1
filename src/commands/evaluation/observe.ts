import type { Recorded } from '../../domain/kernel/event.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import { RunCanceled, RunCompleted, RunFailed } from '../../domain/run/run.events.ts';
import { TurnAssessed } from '../../domain/session/session.events.ts';
import type { Evaluation, Trace } from '../../ports.evaluation.ts';
import type { Journal } from '../../ports.ts';
import type { Engine } from '../execute.ts';

/** What waits to be handed over; more is dropped, and counted. */
const waitingMax = 1_000;
/** Grading takes its time: a score is asked for so long after its trace was handed over, and once. */
const gradedAfterMs = 60_000;
/** What waits to be asked about; the oldest is never asked about where more has come. */
const ungradedMax = 1_000;

type About = Parameters<Evaluation['score']>[0];

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

const aboutOf = ({ trace_id, name, input }: Trace): About => {
  const { directive_id } = input;
  return {
    trace_id,
    directive_id: typeof directive_id === 'string' ? directive_id : null,
    execution_run_id: name === 'run' ? trace_id : null,
  };
};

/**
 * Asks what was thought of traces, once each and not before somebody can have thought anything; an answer is counted, and
 * nothing depends on it.
 */
const grading = ({ telemetry, clock }: Pick<Engine, 'telemetry' | 'clock'>, { score }: Pick<Evaluation, 'score'>) => {
  const ungraded: { readonly trace: Trace; readonly due: number }[] = [];
  return {
    later: (trace: Trace): void => {
      ungraded.push({ trace, due: clock.now() + gradedAfterMs });
      if (ungraded.length > ungradedMax) ungraded.shift();
    },
    due: async (): Promise<void> => {
      for (let next = ungraded[0]; next !== undefined && next.due <= clock.now(); next = ungraded[0]) {
        ungraded.shift();
        const { trace } = next;
        const { name } = trace;
        const count = (outcome: string): void => telemetry.count('acta_evaluation_scores_total', { name, outcome });
        try {
          const said = (await score(aboutOf(trace))).score;
          count(said === null ? 'none' : 'scored');
          if (said !== null) telemetry.count('acta_evaluation_score_total', { name }, said);
        } catch {
          count('failed');
        }
      }
    },
    none: (): void => void ungraded.splice(0),
  };
};

/**
 * Hands the ends of turns and runs that this node records to whoever evaluates them, each at most once and one after the other,
 * and hears later what they thought of it, when the next is handed over. Nobody waits for it, and nothing depends on what it
 * answers: evaluation observes (requirements D110, C4). What is answered stops it; what waits then is dropped.
 */
export const observe = (
  { appended, telemetry, clock }: Pick<Engine, 'appended' | 'telemetry' | 'clock'>,
  evaluation: Evaluation,
  journal: Journal,
): (() => Promise<void>) => {
  const waiting: Trace[] = [];
  let handing: Promise<void> | undefined;
  const grades = grading({ telemetry, clock }, evaluation);
  const count = (outcome: string, by = 1): void => telemetry.count('acta_evaluation_traces_total', { outcome }, by);

  const hand = async (): Promise<void> => {
    for (let trace = waiting.shift(); trace !== undefined; trace = waiting.shift())
      try {
        await evaluation.logTrace(trace);
        count('handed_over');
        grades.later(trace);
      } catch (error) {
        count('failed');
        journal.debug('evaluation_failed', { provider: evaluation.provider, message: String(error) });
      }
    await grades.due();
    handing = waiting.length > 0 ? hand() : undefined;
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
    grades.none();
    const left = waiting.splice(0).length;
    if (left > 0) count('dropped', left);
    await handing;
  };
};
