import type { Batch, EventLog, Filter, StoredEvent, Subscribe } from '../../../ports.ts';

type Log = Pick<EventLog, 'subscribe' | 'readAll' | 'head'>;

/** The newest events in memory: a reader that is further behind reads the log by itself. */
const eventsMax = 1_024;

const matcherOf = (filter: Filter | undefined): ((event: StoredEvent) => boolean) => {
  switch (filter?.by) {
    case 'type_prefix':
      return ({ type }) => filter.prefixes.some((prefix) => type.startsWith(prefix));
    case 'stream_prefix':
      return ({ stream }) => filter.prefixes.some((prefix) => stream.startsWith(prefix));
    case 'type_regex':
    case 'stream_regex': {
      const regex = new RegExp(filter.regex);
      return ({ type, stream }) => regex.test(filter.by === 'type_regex' ? type : stream);
    }
    case 'not_system':
    case undefined:
      return () => true;
  }
};

/** What the log told last, in order: everything after `floor`, up to `head`. */
interface Newest {
  events: StoredEvent[];
  floor: bigint;
  head: bigint;
  /** Why no more will come. */
  ended: Error | undefined;
  news: PromiseWithResolvers<void>;
  readonly leaving: AbortController;
}

const tell = (newest: Newest): void => {
  const { news } = newest;
  newest.news = Promise.withResolvers();
  news.resolve();
};

const hear = async (log: Log, newest: Newest): Promise<void> => {
  const { signal } = newest.leaving;
  const from = newest.head < 0n ? 'start' : newest.head;
  try {
    for await (const { events, position } of log.subscribe({ from, filter: { by: 'not_system' }, signal })) {
      newest.events.push(...events);
      const gone = newest.events.splice(0, Math.max(0, newest.events.length - eventsMax)).at(-1);
      if (gone !== undefined) newest.floor = gone.position;
      if (position > newest.head) newest.head = position;
      tell(newest);
    }
    newest.ended = new Error('the subscription ended');
  } catch (error) {
    newest.ended = error instanceof Error ? error : new Error(String(error));
  }
  tell(newest);
};

const either = (news: Promise<void>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener('abort', done);
      resolve();
    };
    signal.addEventListener('abort', done, { once: true });
    void news.then(done);
  });

const indexAfter = (events: readonly StoredEvent[], position: bigint): number => {
  const index = events.findLastIndex((event) => event.position <= position);
  return index + 1;
};

/** One reader: from the log as long as it is behind what is kept, then from what is kept, as it arrives. */
async function* read(log: Log, newest: Newest, { from, filter, signal }: Subscribe): AsyncGenerator<Batch> {
  const matches = matcherOf(filter);
  let position = from === 'start' ? -1n : from === 'end' ? newest.head : from;
  let live = false;
  while (!signal.aborted) {
    if (newest.ended !== undefined) throw newest.ended;
    const { floor, head, events, news } = newest;
    if (position < floor) {
      const where = position < 0n ? 'start' : position;
      for await (const page of log.readAll({ from: where, ...(filter === undefined ? {} : { filter }) })) {
        const after = position;
        position = page.at(-1)?.position ?? position;
        yield { events: page.filter((event) => event.position > after), position, live: false };
      }
      // Everything up to here was there when the reading began.
      if (head > position) position = head;
    } else if (head > position || !live) {
      const fresh = events.slice(indexAfter(events, position)).filter(matches);
      if (head > position) position = head;
      live = true;
      yield { events: fresh, position, live };
    } else await either(news.promise, signal);
  }
}

/**
 * One subscription of this node for all its readers (design 3, rule 4): a client of the log server may have a hundred at
 * most before they go silent. Nobody waits for anybody: who is slow reads the log by itself. It is opened with the first
 * reader and closed with the last; when it is lost, every reader hears of it, and opens it again by coming back.
 */
export const sharedSubscription = (log: Log): EventLog['subscribe'] => {
  let readers = 0;
  let opening: Promise<Newest> | undefined;

  const open = async (): Promise<Newest> => {
    const head = await log.head();
    const newest: Newest = {
      events: [],
      floor: head,
      head,
      ended: undefined,
      news: Promise.withResolvers(),
      leaving: new AbortController(),
    };
    void hear(log, newest);
    return newest;
  };

  return async function* shared(options) {
    readers += 1;
    const opened = (opening ??= open());
    try {
      yield* read(log, await opened, options);
    } catch (error) {
      if (opening === opened) opening = undefined;
      throw error;
    } finally {
      readers -= 1;
      if (readers === 0) {
        opening = undefined;
        opened.then(({ leaving }) => leaving.abort()).catch(() => undefined);
      }
    }
  };
};
