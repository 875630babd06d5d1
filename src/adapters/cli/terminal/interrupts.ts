/** Where signals come from: the process, or a test. */
export interface SignalSource {
  readonly on: (signal: 'SIGINT' | 'SIGTERM', listener: () => void) => unknown;
  readonly off: (signal: 'SIGINT' | 'SIGTERM', listener: () => void) => unknown;
}

export interface Interrupts {
  /** Aborted by the first Ctrl-C: end politely. */
  readonly once: AbortSignal;
  /** Aborted by the second: leave at once. */
  readonly twice: AbortSignal;
  readonly stop: () => void;
}

/** npm and a terminal both pass on one Ctrl-C; what follows so closely is the same key stroke. */
const sameStrokeMs = 250;

/** Tells a first Ctrl-C (or SIGTERM) from a second one, until stopped. */
export const interrupts = (source: SignalSource, now: () => number = () => performance.now()): Interrupts => {
  const first = new AbortController();
  const second = new AbortController();
  let firstAt = 0;
  const listener = (): void => {
    if (!first.signal.aborted) {
      firstAt = now();
      first.abort();
    } else if (now() - firstAt > sameStrokeMs) second.abort();
  };
  source.on('SIGINT', listener);
  source.on('SIGTERM', listener);
  return {
    once: first.signal,
    twice: second.signal,
    stop: () => {
      source.off('SIGINT', listener);
      source.off('SIGTERM', listener);
    },
  };
};

/** The same source, which can also be stopped from within, as a Ctrl-C would stop it. */
export const stoppable = (source: SignalSource): SignalSource & { readonly stop: () => void } => {
  const listeners = new Set<() => void>();
  return {
    on: (signal, listener) => {
      listeners.add(listener);
      return source.on(signal, listener);
    },
    off: (signal, listener) => {
      listeners.delete(listener);
      return source.off(signal, listener);
    },
    stop: () => {
      for (const listener of listeners) listener();
    },
  };
};
