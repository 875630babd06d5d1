import { bell } from './bell.ts';

/** How a round of work ended: when to look again, and whether it came to nothing. */
export interface Round {
  readonly waitMs: number;
  readonly failed?: true;
}

/** Work that goes on beside everything else. */
export interface Toil {
  readonly start: () => void;
  /** There may be something to do. What fails is left alone for its time all the same. */
  readonly nudge: () => void;
  readonly stop: () => Promise<void>;
}

/**
 * Works round after round until it is stopped: when it is nudged, or when the last round's time is over. `round` hears how
 * many have failed in a row; `interrupted` hears of what one threw, and says how long to wait (milliseconds).
 */
export const toil = (
  round: (signal: AbortSignal, failures: number) => Promise<Round>,
  interrupted: (error: unknown, failures: number) => number,
): Toil => {
  const ending = new AbortController();
  const { signal } = ending;
  const rung = bell();
  let failures = 0;
  let work: Promise<void> | undefined;

  const once = async (): Promise<number> => {
    try {
      const { waitMs, failed } = await round(signal, failures);
      failures = failed === true ? failures + 1 : 0;
      return waitMs;
    } catch (error) {
      failures += 1;
      return interrupted(error, failures);
    }
  };
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      const waitMs = await once();
      if (!signal.aborted) await rung.wait(waitMs);
    }
  };

  return {
    start: () => void (work ??= run()),
    nudge: () => {
      if (failures === 0) rung.ring();
    },
    stop: async () => {
      ending.abort();
      rung.ring();
      await work;
    },
  };
};
