import { pino } from 'pino';
import type { Journal } from '../../ports.ts';
import { lineQueue, type Sink } from './line-queue.ts';
import { pretty } from './pretty.ts';
import { loggable } from './redaction.ts';
import type { TraceIds } from './tracing.ts';

/** Closing waits so long for the last lines. */
const closeMsMax = 1_000;
const stderr = 2;

export interface JournalSettings {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** A file descriptor, or whatever takes lines; standard error when left out, for standard output belongs to results. */
  readonly destination?: number | { readonly write: (line: string) => void };
  /** For people instead of machines; when left out, so where standard error is a terminal. */
  readonly pretty?: boolean;
  /** The active span, from the telemetry. */
  readonly trace?: () => TraceIds | undefined;
  /** Hears of every line that could not be written. */
  readonly onDrop?: () => void;
}

export interface RunningJournal extends Journal {
  /** How many lines could not be written. */
  readonly dropped: () => number;
  /** Writes what is left, within a second; lines after that are dropped. */
  readonly close: () => Promise<void>;
}

/** What pino writes by itself; a field of the same name gets an underscore. */
const reserved: ReadonlySet<string> = new Set(['level', 'time', 'event', 'trace_id', 'span_id']);

const fieldsOf = (fields: Readonly<Record<string, unknown>> | undefined): Readonly<Record<string, unknown>> => {
  try {
    const safe = loggable(fields ?? {}) as Readonly<Record<string, unknown>>;
    if (!Object.keys(safe).some((name) => reserved.has(name))) return safe;
    return Object.fromEntries(
      Object.entries(safe).map(([name, value]) => [reserved.has(name) ? `${name}_` : name, value]),
    );
  } catch {
    return { unloggable: true };
  }
};

/**
 * A journal of JSON lines: `time`, `level`, `event` in snake case, the trace and span it belongs to, then the fields,
 * without their secrets (`redaction.ts`). It never throws and never waits: what cannot be written is dropped, and counted
 * (assurance F99).
 */
export const journalOf = (settings: JournalSettings): RunningJournal => {
  const { level, destination = stderr, trace, onDrop } = settings;
  let lost = 0;
  const drop = (): void => {
    lost += 1;
    onDrop?.();
  };
  const sink: Sink =
    typeof destination === 'number'
      ? lineQueue(destination, drop)
      : { write: (line) => destination.write(line), close: () => Promise.resolve() };
  const forPeople = settings.pretty ?? (destination === stderr && process.stderr.isTTY);
  const write = forPeople ? (line: string) => sink.write(pretty(line)) : sink.write;
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );
  const log =
    (say: 'debug' | 'info' | 'warn' | 'error'): Journal['info'] =>
    (event, fields) => {
      if (!logger.isLevelEnabled(say)) return;
      try {
        logger[say]({ event, ...trace?.(), ...fieldsOf(fields) });
      } catch {
        drop();
      }
    };
  return {
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
    dropped: () => lost,
    close: () => sink.close(closeMsMax),
  };
};
