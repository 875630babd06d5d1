import { setImmediate } from 'node:timers/promises';
import { LogError } from '../../ports.ts';

/** A stream of the client's, as far as it matters here. */
export interface Source<T> {
  readonly readableLength: number;
  readonly iterator: (options: { readonly destroyOnReturn: boolean }) => AsyncIterable<T>;
  readonly resume: () => unknown;
  readonly destroy: (error?: Error) => unknown;
  readonly on: (event: 'error', listener: (error: Error) => void) => unknown;
}

/** Lets what is on its way arrive, and says whether anything did. */
const more = async (source: Source<unknown>): Promise<boolean> => {
  if (source.readableLength > 0) return true;
  await setImmediate();
  return source.readableLength > 0;
};

/**
 * What a client's stream delivers, in arrays of what has arrived already: hundreds while there is much to read, one when
 * there is one. `silenceMsMax` bounds the wait for the next item, not the time its reader takes for it.
 */
export const pagesOf = async function* <T>(
  source: Source<T>,
  batchMax: number,
  silenceMsMax?: number,
): AsyncGenerator<readonly T[]> {
  // An error that comes when nobody reads any more would end the process.
  source.on('error', () => undefined);
  const lost = (): void =>
    void source.destroy(new LogError('timeout', `the log was silent for ${silenceMsMax ?? 0} ms within a read`));
  const armed = () => (silenceMsMax === undefined ? undefined : setTimeout(lost, silenceMsMax));
  let alarm = armed();
  let page: T[] = [];
  try {
    for await (const item of source.iterator({ destroyOnReturn: false })) {
      alarm?.refresh();
      page.push(item);
      if (page.length < batchMax && (await more(source))) continue;
      clearTimeout(alarm);
      yield page;
      alarm = armed();
      page = [];
    }
    if (page.length > 0) yield page;
  } finally {
    clearTimeout(alarm);
    // A stream that is left half-read is never finished with, and its client keeps it for ever.
    source.resume();
  }
};
