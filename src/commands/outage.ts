import { LogError, type LogFault } from '../ports.ts';

/** Faults that pass by themselves: the same may be asked again later, and may then be answered. */
const passing: ReadonlySet<LogFault> = new Set(['unavailable', 'timeout', 'disk_full']);
const pauseMs = 50;
const pauseMsMax = 5_000;

/** Whether the log is out of reach for now. What was asked for meanwhile is kept, and asked for again. */
export const isOutage = (error: unknown): boolean => error instanceof LogError && passing.has(error.fault);

/** How long to wait after so many failures in a row, in milliseconds: doubling, at most five seconds (assurance F21). */
export const outagePauseMs = (failures: number): number => Math.min(pauseMsMax, pauseMs * 2 ** Math.min(failures, 10));

/** Waits so many milliseconds, or until the signal. */
export const paused = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const leave = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', leave);
      resolve();
    };
    const timer = setTimeout(leave, ms);
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave);
  });

/** Does something that only reads, again and again while the log is out of reach, until the signal. */
export const throughOutages = async <T>(read: () => Promise<T>, signal: AbortSignal): Promise<T> => {
  for (let failures = 1; ; failures += 1) {
    try {
      return await read();
    } catch (error) {
      if (!isOutage(error) || signal.aborted) throw error;
      await paused(outagePauseMs(failures), signal);
    }
  }
};
