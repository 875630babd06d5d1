import type { Journal } from '../ports.ts';

/** Stops a part within the grace (milliseconds), as far as it has something to finish. */
export type Stop = (grace_ms: number) => Promise<unknown>;

/**
 * What has been started, to be stopped in the opposite order: nothing outlives what it stands on (requirements N8). The
 * grace is that of all together.
 */
export const startedParts = () => {
  const stops: Stop[] = [];
  return {
    add: (stop: Stop): void => void stops.unshift(stop),
    stop: async (grace_ms: number): Promise<void> => {
      const deadline = performance.now() + grace_ms;
      for (const stop of stops.splice(0)) await stop(Math.max(0, deadline - performance.now()));
    },
  };
};
export type StartedParts = ReturnType<typeof startedParts>;

/** Says in the journal when a part has stopped, so that an operator sees how far a stop has come and what it waits for. */
export const told =
  (journal: Journal, part: string, stop: Stop): Stop =>
  async (grace_ms) => {
    await stop(grace_ms);
    journal.info('part_stopped', { part });
  };
