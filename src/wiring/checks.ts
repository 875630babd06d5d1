import type { Telemetry } from '../ports.ts';
import type { Project } from '../projections/project.ts';
import { answering } from '../projections/status.ts';
import type { Check } from '../projections/system/system.queries.ts';
import type { Database } from '../schema.ts';
import type { WatchedLog } from './log.watch.ts';

const logMsMax = 2_000;

const logCheck = async (log: WatchedLog): Promise<Check> => {
  const [trouble] = log.troubles();
  if (trouble !== undefined) return { name: 'log', ok: false, detail: trouble };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${logMsMax} ms`)), logMsMax);
  });
  try {
    const head = await Promise.race([log.head(), late]);
    return { name: 'log', ok: true, detail: `ends at ${head}` };
  } catch (error) {
    return { name: 'log', ok: false, detail: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
};

/** What `/health` and `/ready` ask. */
export const checks = ({
  log,
  database,
  projections,
}: {
  readonly log: WatchedLog;
  readonly database: Database;
  readonly projections: Project;
}) => {
  const health = async (): Promise<Check> => {
    const found = await database.health();
    return found.ok
      ? { name: 'read models', ok: true, detail: `${database.kind} answers in ${found.latency_ms} ms` }
      : { name: 'read models', ok: false, detail: `${found.fault}: ${found.message}` };
  };
  const readiness = async (): Promise<readonly Check[]> => {
    const statuses = await projections.status();
    return [
      await logCheck(log),
      await health(),
      ...statuses.map(({ name, state, reason }) => ({
        name: `projection ${name}`,
        ok: answering.has(state),
        detail: reason ?? state,
      })),
    ];
  };
  return { health, readiness };
};

/** How far each read model is behind, set when somebody looks. */
export const gaugeLag = async (projections: Project, telemetry: Telemetry): Promise<void> => {
  for (const { name: projection, lag_events, lag_seconds, parked } of await projections.status()) {
    telemetry.gauge('acta_projection_lag_events', lag_events, { projection });
    if (lag_seconds !== undefined) telemetry.gauge('acta_projection_lag_seconds', lag_seconds, { projection });
    telemetry.gauge('acta_projection_events_parked', parked, { projection });
  }
};
