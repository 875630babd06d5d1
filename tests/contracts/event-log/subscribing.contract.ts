import { describe, expect, it } from 'vitest';
import type { Batch, StoredEvent } from '../../../src/ports.ts';
import {
  anEvent,
  aStream,
  collected,
  events,
  eventsOf,
  followed,
  idsOf,
  recorded,
  recordedAfter,
  type Under,
} from './given.ts';

export const subscribing = (under: Under): void => {
  const reaches =
    (position: bigint) =>
    (batch: Batch): boolean =>
      batch.position >= position;

  it('follows from a position on, which does not belong to the answer', async () => {
    const { log } = under();
    const stream = aStream();
    const first = await recorded(log, stream, events(1));
    const last = await recorded(log, stream, events(3), 0);
    const found = eventsOf(await followed(under(), first.position, reaches(last.position)));
    expect(found.filter((event) => event.stream === stream).map(({ revision }) => revision)).toEqual([1, 2, 3]);
  });

  it('follows from the beginning', async () => {
    const { log } = under();
    const { position } = await recorded(log, aStream(), events(1));
    const found = eventsOf(await followed(under(), 'start', reaches(position)));
    const all = await collected(log.readAll());
    expect(idsOf(found.slice(0, 50))).toEqual(idsOf(all.slice(0, Math.min(50, found.length))));
  });

  it('follows from the end with what comes after it', async () => {
    const { log } = under();
    const stream = aStream();
    await recorded(log, stream, events(2));
    let wrote: Promise<unknown> | undefined;
    const batches = await followed(under(), 'end', ({ events: found, live }) => {
      if (live) wrote ??= recorded(log, stream, [anEvent('After')], 1);
      return found.some(({ type }) => type === 'After');
    });
    await wrote;
    expect(eventsOf(batches).filter((event) => event.stream === stream)).toMatchObject([
      { type: 'After', revision: 2 },
    ]);
  });

  it('says when it has caught up, also when there is nothing to catch up with', async () => {
    const { log } = under();
    const { position } = await recorded(log, aStream(), events(1));
    const head = await log.head();
    const batches = await followed(under(), head, ({ live }) => live);
    expect(batches.at(-1)).toMatchObject({ live: true });
    expect(batches.at(-1)!.position).toBeGreaterThanOrEqual(position);
  });

  it('misses nothing and doubles nothing while others write', async () => {
    const { log } = under();
    const { position: from } = await recorded(log, aStream(), events(1));
    const streams = Array.from({ length: 6 }, () => aStream('busy'));
    const perStream = 60;
    const writing = Promise.all(
      streams.map(async (stream) => {
        for (let n = 0; n < perStream; n++) await recorded(log, stream, events(1), n === 0 ? 'no_stream' : n - 1);
      }),
    );
    const mine = new Set(streams);
    let seen = 0;
    const batches = await followed(under(), from, (batch) => {
      seen += batch.events.filter(({ stream }) => mine.has(stream)).length;
      return seen >= streams.length * perStream;
    });
    await writing;
    const found = eventsOf(batches);
    expect(found.every(({ position }, n) => position > (found[n - 1]?.position ?? from))).toBe(true);
    const all = await recordedAfter(log, from);
    expect(idsOf(found)).toEqual(idsOf(all.slice(0, found.length)));
  });

  it('can be resumed after any batch: its position covers what was handed over, and nothing else', async () => {
    const { log } = under();
    const { position: from } = await recorded(log, aStream(), events(1));
    const kind = aStream('Kind').replaceAll('-', '');
    const last = await recorded(
      log,
      aStream(),
      Array.from({ length: 700 }, (_, n) => anEvent(n % 5 === 0 ? kind : 'Other', n)),
    );
    const filter = { by: 'type_prefix', prefixes: [kind] } as const;
    const wanted = (await recordedAfter(log, from, filter)).map(({ position }) => position);
    const batches = await followed(under(), from, reaches(last.position - 40n), filter);
    let handled = 0;
    for (const { events: found, position } of batches) {
      handled += found.length;
      expect(position).toBeGreaterThanOrEqual(found.at(-1)?.position ?? from);
      expect(wanted.filter((each) => each <= position)).toHaveLength(handled);
    }
  });

  describe('a reader whose filter matches nothing', () => {
    it('moves on with the log, so that it never has to read all of it again', async () => {
      const { log } = under();
      const filter = { by: 'type_prefix', prefixes: [aStream('Never')] } as const;
      const { position: from } = await recorded(log, aStream(), events(1));
      const caughtUp = await recorded(log, aStream(), events(100));
      const goal: { position: bigint } = { position: caughtUp.position };
      let writing: Promise<void> | undefined;
      const writeMore = async (): Promise<void> => {
        const [first] = [await recorded(log, aStream(), events(50)), await recorded(log, aStream(), events(100))];
        goal.position = first.position;
      };
      const batches = await followed(
        under(),
        from,
        ({ live, position }) => {
          if (live) writing ??= writeMore();
          return goal.position > caughtUp.position && position >= goal.position;
        },
        filter,
      );
      await writing;
      expect(eventsOf(batches)).toEqual([]);
      expect(batches.at(-1)!.position).toBeGreaterThan(caughtUp.position);
    });
  });

  it('ends when it is aborted: before it began, while it waits, and while it has work', async () => {
    const { log } = under();
    const drained = async (signal: AbortSignal, onBatch: () => void): Promise<StoredEvent[]> => {
      const found: StoredEvent[] = [];
      for await (const batch of log.subscribe({ from: 'start', signal })) {
        found.push(...batch.events);
        onBatch();
      }
      return found;
    };
    expect(await drained(AbortSignal.abort(), () => undefined)).toEqual([]);
    const early = new AbortController();
    await drained(early.signal, () => early.abort());
    const waiting = new AbortController();
    for await (const { live } of log.subscribe({ from: await log.head(), signal: waiting.signal }))
      if (live) setImmediate(() => waiting.abort());
    expect(waiting.signal.aborted).toBe(true);
  });

  it('hands over many at once while it catches up', async () => {
    const { log } = under();
    const stream = aStream();
    const { position: from } = await recorded(log, aStream(), events(1));
    const last = await recorded(log, stream, events(1500));
    const batches = await followed(under(), from, reaches(last.position));
    const sizes = batches.map(({ events: found }) => found.length);
    expect(Math.max(...sizes)).toBeGreaterThan(20);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
  });
};
