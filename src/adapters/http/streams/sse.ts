import type { ServerResponse } from 'node:http';
import { jsonText } from '../answers/json.text.ts';

/** Why a stream was ended from this side. A client that is told `shutdown` or `slow` comes back with its last id. */
export type Bye = 'shutdown' | 'slow' | 'auth' | 'log_unavailable' | 'done';

/** One server-sent event. `data` is JSON, so it has no line breaks of its own. */
export const sseFrame = (event: string, data: unknown, id?: string): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${jsonText(data)}\n\n`;

/**
 * Word that the connection lives, with the position reached. The lone `id` moves a browser's `Last-Event-ID` without an
 * event being dispatched (HTML standard, 9.2.6), so that a reader whose filter matches nothing still resumes here.
 */
export const heartbeat = (position?: string): string =>
  position === undefined ? ': hb\n\n' : `: hb ${position}\nid: ${position}\n\n`;

const retryMsMin = 2_000;
const retryMsSpread = 2_000;

/** When to come back: spread, so that not all come at once (assurance F94). `chance` is in [0, 1). */
export const retryMs = (chance: number): number => retryMsMin + Math.floor(chance * retryMsSpread);

/** With which headers a stream begins. */
export const sseHeaders = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
} as const;

/** How long the last words may take to be read before the connection is cut. */
const byeMsMax = 1_000;

/** The writing end of one open stream. */
export interface Sink {
  /** Aborted when the reader has left or was sent away. */
  readonly gone: AbortSignal;
  /** Hands text over and waits until there is room for more; false once the reader is gone. */
  readonly write: (text: string) => Promise<boolean>;
  /** Hands text over only if nothing is waiting. */
  readonly murmur: (text: string) => void;
  /** Ends the stream with last words. */
  readonly end: (text: string) => void;
  /** Ends the stream with a reason and the time to come back. */
  readonly bye: (reason: Bye) => void;
}

export interface SinkOptions {
  readonly unsentBytesMax: number;
  readonly stalledMsMax: number;
  readonly retry_ms: number;
}

/**
 * Opens a stream of server-sent events on a response. Text is never piled up: a writer waits while more than
 * `unsentBytesMax` stand unsent, and a reader that takes nothing for `stalledMsMax` is sent away with `slow`.
 */
export const openSse = (
  response: ServerResponse,
  more: readonly string[],
  { unsentBytesMax, stalledMsMax, retry_ms }: SinkOptions,
): Sink => {
  const leaving = new AbortController();
  response.on('close', () => leaving.abort());
  response.on('error', () => leaving.abort());
  response.writeHead(200, [...more, ...Object.entries(sseHeaders).flat()]);
  response.write(`retry: ${retry_ms}\n\n`);

  const end = (text: string): void => {
    if (leaving.signal.aborted) return;
    leaving.abort();
    response.end(text);
    setTimeout(() => response.destroy(), byeMsMax).unref();
  };
  const bye = (reason: Bye): void => end(sseFrame('bye', { reason, retry_ms }));

  const room = (): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        response.off('drain', done);
        leaving.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(() => bye('slow'), stalledMsMax);
      response.once('drain', done);
      leaving.signal.addEventListener('abort', done, { once: true });
    });

  return {
    gone: leaving.signal,
    write: async (text) => {
      if (leaving.signal.aborted) return false;
      response.write(text);
      if (response.writableLength > unsentBytesMax) await room();
      return !leaving.signal.aborted;
    },
    murmur: (text) => {
      if (!leaving.signal.aborted && response.writableLength === 0) response.write(text);
    },
    end,
    bye,
  };
};
