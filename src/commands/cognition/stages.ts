import type { Stage } from '../../domain/session/session.commands.ts';
import { throughOutages } from '../outage.ts';

const messageCharsMax = 500;

const said = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, messageCharsMax).toWellFormed();

/**
 * Runs the stages of a turn, and keeps how each went, in the order in which they began. A stage that fails is reported and stops no other
 * (requirements N138, N151); while the log is out of reach a stage waits for it, for nothing of a turn could be recorded.
 */
export const stageReport = (signal: AbortSignal) => {
  const stages: (Stage | undefined)[] = [];
  return {
    /** What the stage came to, or `otherwise` where it failed. */
    run: async <T>(name: string, otherwise: T, work: () => Promise<T>): Promise<T> => {
      const place = stages.push(undefined) - 1;
      try {
        const result = await throughOutages(work, signal);
        stages[place] = { name, ok: true, message: null };
        return result;
      } catch (error) {
        if (signal.aborted) throw error;
        stages[place] = { name, ok: false, message: said(error) };
        return otherwise;
      }
    },
    stages: (): readonly Stage[] => stages.flatMap((stage) => stage ?? []),
  };
};
export type StageReport = ReturnType<typeof stageReport>;
