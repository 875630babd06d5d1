import { journalOf, type RunningJournal } from '../adapters/telemetry/journal.ts';
import { telemetryOf, type RunningTelemetry } from '../adapters/telemetry/telemetry.ts';
import type { Config } from '../config.ts';

export interface Witnesses {
  readonly telemetry: RunningTelemetry;
  readonly journal: RunningJournal;
}

/** The journal knows five levels; the two that it does not are their neighbours. */
const levelOf = (level: Config['log_level']) => (level === 'trace' ? 'debug' : level === 'fatal' ? 'error' : level);

/** What watches and never decides: numbers, traces and logs. */
export const openWitnesses = async ({ log_level }: Config, version: string): Promise<Witnesses> => {
  const telemetry = await telemetryOf({ version });
  const journal = journalOf({
    level: levelOf(log_level),
    trace: telemetry.trace,
    onDrop: () => telemetry.count('acta_journal_lines_dropped_total'),
  });
  for (const notice of telemetry.notices) journal.warn('telemetry_notice', { notice });
  return { telemetry, journal };
};
