import { Failure, exits } from '../exits.ts';
import type { Output } from './terminal.ts';

/** What an error says whose other end has left. */
const leftCodes: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ECONNRESET']);

/** Whether what is written to stdout arrives. */
export interface Delivery {
  /** Resolves when the reader has left, as `head` does; rejects with a failure when nothing more can be written. */
  readonly broken: Promise<void>;
  /** Resolves when all that was written has arrived, or nobody waits for it; rejects as `broken` does. */
  readonly settled: () => Promise<void>;
  readonly stop: () => void;
}

/** Follows the errors of stdout until stopped; the first one is told to `leave` too. */
export const delivery = (stdout: Output, leave: () => void): Delivery => {
  let isBroken = false;
  const broken = Promise.withResolvers<void>();
  // Nobody may be waiting when it breaks.
  broken.promise.catch(() => undefined);
  const broke = (error: NodeJS.ErrnoException): void => {
    isBroken = true;
    if (leftCodes.has(error.code)) broken.resolve();
    else broken.reject(new Failure(exits.failed, `the result could not be written: ${error.message}`));
    leave();
  };
  stdout.on('error', broke);
  // An error is told a little later than the end of the write that met it.
  const flushed = (): Promise<void> =>
    new Promise((resolve) => void stdout.write('', () => setImmediate(() => resolve())));
  return {
    broken: broken.promise,
    settled: () => (isBroken ? broken.promise : Promise.race([broken.promise, flushed()])),
    stop: () => {
      // What is being stopped may still write, and hears the same again.
      if (!isBroken) stdout.off('error', broke);
    },
  };
};
