import { describe, expect, it } from 'vitest';
import type { StoredEvent } from '../../../src/ports.ts';
import { anEvent, aStream, collected, events, idsOf, pagesIn, recorded, type Under } from './given.ts';

const revisionsOf = (found: readonly StoredEvent[]): number[] => found.map(({ revision }) => revision);

const oneByOne = async (under: Under, count: number) => {
  const { log } = under();
  const stream = aStream();
  const proposed = events(count);
  await recorded(log, stream, proposed);
  return { log, stream, proposed };
};

export const reading = (under: Under): void => {
  it('gives back what was recorded', async () => {
    const { log } = under();
    const stream = aStream();
    const event = anEvent('Zurück', { text: 'žluťoučký 🐎', nested: { list: [1, 2.5, null, true] } });
    const { position } = await recorded(log, stream, [event]);
    const [found] = await collected(log.read(stream));
    expect(found).toEqual({ ...event, stream, revision: 0, position, recorded_at: expect.any(String) });
    expect(found?.recorded_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  describe('a stream', () => {
    it('is read from its beginning', async () => {
      const { log, stream, proposed } = await oneByOne(under, 25);
      expect(idsOf(await collected(log.read(stream)))).toEqual(idsOf(proposed));
    });

    it('is read from its end', async () => {
      const { log, stream, proposed } = await oneByOne(under, 25);
      const found = await collected(log.read(stream, { direction: 'backward' }));
      expect(idsOf(found)).toEqual(idsOf(proposed).toReversed());
    });

    it('is read from a revision on, which belongs to the answer', async () => {
      const { log, stream } = await oneByOne(under, 6);
      expect(revisionsOf(await collected(log.read(stream, { from: 4 })))).toEqual([4, 5]);
      expect(revisionsOf(await collected(log.read(stream, { from: 1, direction: 'backward' })))).toEqual([1, 0]);
      expect(revisionsOf(await collected(log.read(stream, { from: 6 })))).toEqual([]);
    });

    it('is read no further than asked', async () => {
      const { log, stream } = await oneByOne(under, 6);
      expect(revisionsOf(await collected(log.read(stream, { limit: 2 })))).toEqual([0, 1]);
      expect(revisionsOf(await collected(log.read(stream, { from: 2, limit: 2 })))).toEqual([2, 3]);
      expect(revisionsOf(await collected(log.read(stream, { direction: 'backward', limit: 1 })))).toEqual([5]);
      expect(revisionsOf(await collected(log.read(stream, { limit: 0 })))).toEqual([]);
    });

    it('comes in pages, in order, none of them empty', async () => {
      const { log, stream } = await oneByOne(under, 1200);
      const pages = await pagesIn(log.read(stream));
      expect(pages.every(({ length }) => length > 0)).toBe(true);
      expect(revisionsOf(pages.flat())).toEqual(Array.from({ length: 1200 }, (_, n) => n));
    });

    it('hands on what is deeper than anybody reads as bytes, and the events around it as they are', async () => {
      const { log } = under();
      const stream = aStream();
      const deep = (levels: number): unknown => {
        let value: unknown = 1;
        for (let level = 0; level < levels; level += 1) value = [value];
        return value;
      };
      const said = [anEvent('Given', { fine: deep(200) }), anEvent('Given', { deep: deep(2_000) }), anEvent()];
      await log.append(stream, 'no_stream', said);
      const [fine, bytes, after] = await collected(log.read(stream));
      expect(fine?.data).toEqual(said[0]?.data);
      expect(bytes?.data).toBeInstanceOf(Uint8Array);
      expect(after?.data).toEqual(said[2]?.data);
    });

    it('reads as nothing when nobody wrote to it', async () => {
      const { log } = under();
      expect(await pagesIn(log.read(aStream()))).toEqual([]);
      expect(await pagesIn(log.read(aStream(), { direction: 'backward', limit: 1 }))).toEqual([]);
    });

    it('can be left in the middle', async () => {
      const { log, stream } = await oneByOne(under, 1200);
      for await (const [first] of log.read(stream)) {
        expect(first?.revision).toBe(0);
        break;
      }
      expect(await collected(log.read(stream, { limit: 3 }))).toHaveLength(3);
    });
  });

  describe('$all', () => {
    it('holds its first event forwards, and not backwards', async () => {
      const { log } = under();
      const stream = aStream();
      const [first, second] = [await recorded(log, stream, events(1)), await recorded(log, stream, events(1), 0)];
      const [onward] = await collected(log.readAll({ from: second.position, limit: 1 }));
      expect(onward).toMatchObject({ stream, revision: 1, position: second.position });
      const filter = { by: 'stream_prefix', prefixes: [stream] } as const;
      const [before] = await collected(log.readAll({ from: second.position, direction: 'backward', limit: 1, filter }));
      expect(before).toMatchObject({ stream, revision: 0, position: first.position });
      const [earlier] = await collected(log.readAll({ from: first.position, direction: 'backward', limit: 1 }));
      expect(earlier === undefined || earlier.position < first.position).toBe(true);
    });

    it('is strictly ordered, and the same for every reader and in both directions', async () => {
      const { log } = under();
      const noun = aStream('ordered');
      const { position: from } = await recorded(log, aStream(), events(1));
      const streams = [aStream(noun), aStream(noun), aStream(noun)];
      await Promise.all(streams.flatMap((stream) => events(5).map((event) => log.append(stream, 'any', [event]))));
      const { position: end } = await recorded(log, aStream(), events(1));
      const filter = { by: 'stream_prefix', prefixes: [noun] } as const;
      const readers = await Promise.all([1, 2, 3].map(() => collected(log.readAll({ from, filter }))));
      const [found = []] = readers;
      expect(found).toHaveLength(15);
      expect(found.every(({ position }, n) => position > (found[n - 1]?.position ?? from))).toBe(true);
      for (const each of readers) expect(each).toEqual(found);
      const backward = await collected(log.readAll({ from: end, direction: 'backward', filter, limit: 15 }));
      expect(backward.toReversed()).toEqual(found);
    });

    it('holds the events of a stream in the order of their revisions', async () => {
      const { log } = under();
      const stream = aStream();
      const { position } = await recorded(log, stream, events(1));
      for (let revision = 0; revision < 20; revision++) await recorded(log, stream, events(1), revision);
      const found = (await collected(log.readAll({ from: position }))).filter((event) => event.stream === stream);
      expect(revisionsOf(found)).toEqual(Array.from({ length: 21 }, (_, n) => n));
    });

    it('ends at its head', async () => {
      const { log } = under();
      const { position } = await recorded(log, aStream(), events(1));
      const head = await log.head();
      expect(head).toBeGreaterThanOrEqual(position);
      const [newest] = await collected(log.readAll({ direction: 'backward', limit: 1 }));
      expect(newest!.position).toBeGreaterThanOrEqual(head);
    });
  });
};
