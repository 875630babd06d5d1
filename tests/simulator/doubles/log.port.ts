import { metadataFrom, metadataJson } from '../../../src/adapters/embedded-log/stream.metadata.ts';
import { metadataStreamOf } from '../../../src/adapters/embedded-log/stream.settings.ts';
import { derived } from '../../../src/domain/kernel/ids.ts';
import {
  LogError,
  type Batch,
  type EventLog,
  type ReadAll,
  type ReadStream,
  type Subscribe,
} from '../../../src/ports.ts';
import type { DurableLog, PageOfAll } from './durable.log.ts';

/** How a port reaches what is durable: at once in a test, through a world of faults in a simulation. */
export type Reach = <T>(operation: string, detail: string, perform: () => T) => Promise<T>;

export interface LogOptions {
  readonly reach: Reach;
  readonly pageEvents: () => number;
  /** Asked before each batch of a subscription: a fault to throw, or the last batch again. */
  readonly trouble?: () => 'cut' | 'again' | undefined;
  /** Hands news of the log over to whoever waits for it; at once where nothing is said. */
  readonly deliver?: (run: () => void) => void;
}

const limitOf = (limit: number | undefined): number => {
  if (limit === undefined) return Number.MAX_SAFE_INTEGER;
  if (Number.isSafeInteger(limit) && limit >= 0) return limit;
  throw new LogError('invalid', `a limit of ${limit} events is none`);
};

/** Until the log has grown, or the reader has had enough. */
const grown = (
  durable: DurableLog,
  after: bigint,
  signal: AbortSignal,
  deliver: (run: () => void) => void,
): Promise<void> =>
  new Promise((resolve) => {
    const leave = (): void => {
      ignore();
      signal.removeEventListener('abort', leave);
      resolve();
    };
    const ignore = durable.listen(() => {
      ignore();
      deliver(leave);
    });
    if (signal.aborted || durable.head() > after) leave();
    else signal.addEventListener('abort', leave);
  });

async function* readStream(
  durable: DurableLog,
  { reach, pageEvents }: LogOptions,
  stream: string,
  { from, direction = 'forward', limit }: ReadStream = {},
) {
  let left = limitOf(limit);
  let next: number | 'start' | 'end' | undefined = from ?? (direction === 'forward' ? 'start' : 'end');
  while (next !== undefined && left > 0) {
    const start: number | 'start' | 'end' = next;
    const count = Math.min(left, pageEvents());
    const page: ReturnType<DurableLog['page']> = await reach('read', stream, () =>
      durable.page(stream, start, direction, count),
    );
    if (page.events.length > 0) yield page.events;
    left -= page.events.length;
    next = page.next;
  }
}

async function* readAll(
  durable: DurableLog,
  { reach, pageEvents }: LogOptions,
  { from, direction = 'forward', limit, filter }: ReadAll = {},
) {
  let left = limitOf(limit);
  let next: bigint | 'start' | 'end' = from ?? (direction === 'forward' ? 'start' : 'end');
  for (let end = false; !end && left > 0;) {
    const start: bigint | 'start' | 'end' = next;
    const page: PageOfAll = await reach('read_all', '', () =>
      durable.pageOfAll(start, direction, pageEvents(), filter),
    );
    const found = page.events.slice(0, left);
    if (found.length > 0) yield found;
    left -= found.length;
    next = direction === 'forward' ? page.considered + 1n : page.considered;
    end = page.end;
  }
}

async function* subscribe(
  durable: DurableLog,
  { reach, pageEvents, trouble = () => undefined, deliver = (run) => run() }: LogOptions,
  { from, filter, signal }: Subscribe,
): AsyncGenerator<Batch> {
  let after = typeof from === 'bigint' ? from : from === 'start' ? -1n : undefined;
  let told = false;
  let before: Batch | undefined;
  while (!signal.aborted) {
    const page = await reach('subscribe', '', () =>
      after === undefined
        ? { events: [], considered: durable.head(), end: true }
        : durable.pageOfAll(after + 1n, 'forward', pageEvents(), filter),
    );
    const still = after !== undefined && page.considered <= after && told;
    after = after === undefined || page.considered > after ? page.considered : after;
    if (signal.aborted) return;
    if (still) {
      await grown(durable, after, signal, deliver);
      continue;
    }
    const wrong = trouble();
    if (wrong === 'cut') throw new LogError('unavailable', 'the subscription was cut');
    if (wrong === 'again' && before !== undefined) yield before;
    told = page.end;
    before = { events: page.events, position: after, live: page.end };
    yield before;
  }
}

/** The `EventLog` port on a durable log. */
export const logPort = (durable: DurableLog, options: LogOptions): EventLog => {
  const { reach } = options;
  const append: EventLog['append'] = (stream, expected, events) =>
    reach('append', `${stream}@${expected} ${events.map(({ type }) => type).join('+')}`, () =>
      durable.append([{ stream, expected, events }]),
    );
  const read: EventLog['read'] = (stream, asked) => readStream(durable, options, stream, asked);
  return {
    append,
    appendMany: (writes) => reach('append', writes.map(({ stream }) => stream).join(), () => durable.append(writes)),
    read,
    readAll: (asked) => readAll(durable, options, asked),
    subscribe: (asked) => subscribe(durable, options, asked),
    remove: (stream, expected) => reach('remove', stream, () => durable.remove(stream, expected)),
    tombstone: (stream, expected) => reach('tombstone', stream, () => durable.tombstone(stream, expected)),
    metadata: (stream) => metadataFrom(read(metadataStreamOf(stream), { direction: 'backward', limit: 1 })),
    setMetadata: async (stream, expected, metadata) => {
      const data = metadataJson(metadata);
      const id =
        typeof expected === 'number' ? derived('metadata', stream, expected, JSON.stringify(data)) : durable.id();
      return await append(metadataStreamOf(stream), expected, [{ id, type: '$metadata', data, metadata: {} }]);
    },
    head: () => reach('head', '', durable.head),
    close: () => Promise.resolve(),
  };
};
