/** Lets many wait until something happens; whoever waits after that waits for the next time. */
export const latch = () => {
  let gate = Promise.withResolvers<void>();
  return {
    /** Resolves at the next opening. */
    opened: (): Promise<void> => gate.promise,
    open: (): void => {
      const before = gate;
      gate = Promise.withResolvers<void>();
      before.resolve();
    },
  };
};

export type Latch = ReturnType<typeof latch>;

/** Waits so many milliseconds, or until the signal is aborted, or until the promise given is settled. */
export const pause = (ms: number, signal: AbortSignal, until?: Promise<unknown>): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    until?.then(end, end);
  });
