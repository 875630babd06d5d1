import { describe, expect, it } from 'vitest';
import { appendBytesMax, LogError, type NewEvent } from '../../../src/ports.ts';
import { anEvent, aStream, collected, events, idsOf, pagesIn, recorded, type Under } from './given.ts';

/** An event that counts for so many bytes. */
const weighing = (bytes: number): NewEvent => {
  const event = { ...anEvent('Heavy', ''), metadata: {} };
  return { ...event, data: 'x'.repeat(bytes - 2 - 2 - 2 * event.type.length) };
};

export const bounds = (under: Under): void => {
  describe('an append', () => {
    it('may weigh a mebibyte, and not a byte more', async () => {
      const { log } = under();
      const stream = aStream();
      expect(await log.append(stream, 'no_stream', [weighing(appendBytesMax)])).toMatchObject({ ok: true });
      const tooMuch = log.append(stream, 0, [weighing(appendBytesMax + 1)]);
      await expect(tooMuch).rejects.toMatchObject({ name: 'LogError', fault: 'too_large' });
      const together = log.append(stream, 0, [weighing(appendBytesMax / 2), weighing(appendBytesMax / 2 + 1)]);
      await expect(together).rejects.toMatchObject({ fault: 'too_large' });
      expect(await collected(log.read(stream))).toHaveLength(1);
    });

    it('may hold many events', async () => {
      const { log } = under();
      const stream = aStream();
      const proposed = events(2000);
      expect(await log.append(stream, 'no_stream', proposed)).toMatchObject({ ok: true, revision: 1999 });
      expect(idsOf(await collected(log.read(stream)))).toEqual(idsOf(proposed));
    });

    it('is refused when what it holds cannot be recorded', async () => {
      const { log } = under();
      const circle: { self?: unknown } = {};
      circle.self = circle;
      const unfit: readonly NewEvent[] = [
        { ...anEvent(), id: 'not-a-uuid' },
        { ...anEvent(), type: '' },
        { ...anEvent(), data: undefined },
        anEvent('Given', 12n),
        anEvent('Given', circle),
      ];
      for (const event of unfit) {
        const appending = async () => log.append(aStream(), 'no_stream', [event]);
        await expect(appending).rejects.toBeInstanceOf(LogError);
        await expect(appending).rejects.toMatchObject({ fault: 'invalid' });
      }
    });

    it('is refused when its stream or revision cannot be', async () => {
      const { log } = under();
      await expect(async () => log.append('', 'no_stream', events(1))).rejects.toMatchObject({ fault: 'invalid' });
      await expect(async () => log.append(aStream(), -1, events(1))).rejects.toMatchObject({ fault: 'invalid' });
      await expect(async () => log.append(aStream(), 1.5, events(1))).rejects.toMatchObject({ fault: 'invalid' });
    });
  });

  it('knows streams by any name', async () => {
    const { log } = under();
    for (const noun of ['straße', '流れ', 'with space', 'a/b?c=d%20#e', '🐎', 'quote\'and"quote', 'tab\there']) {
      const stream = aStream(noun);
      const { position } = await recorded(log, stream, events(2));
      expect((await collected(log.read(stream))).map((event) => event.stream)).toEqual([stream, stream]);
      const [inAll] = await collected(log.readAll({ from: position, limit: 1 }));
      expect(inAll?.stream).toBe(stream);
      expect(await log.append(stream, 0, events(1))).toMatchObject({ conflict: { stream, actual: 1 } });
      await log.setMetadata(stream, 'no_stream', { max_count: 1 });
      expect(await collected(log.read(stream))).toHaveLength(1);
      await log.tombstone(stream, 1);
      await expect(collected(log.read(stream))).rejects.toMatchObject({ fault: 'stream_deleted' });
    }
  });

  it('keeps what JSON can say, to the letter', async () => {
    const { log } = under();
    const values = [null, true, 0, -1.5, 1e21, '', 'null', [], {}, [[]], { 'a.b': { '': [null] } }, '\u0000\u2028"\\'];
    const stream = aStream();
    await recorded(
      log,
      stream,
      values.map((value) => anEvent('Value', { value })),
    );
    const found = await collected(log.read(stream));
    expect(found.map(({ data }) => (data as { value: unknown }).value)).toEqual(values);
  });

  describe('an append to several streams', () => {
    it('is recorded whole or not at all, where the log can', async () => {
      const { log, can } = under();
      const [one, two, three] = [aStream(), aStream(), aStream()];
      await recorded(log, two, events(2));
      const writes = [
        { stream: one, expected: 'no_stream', events: events(2) },
        { stream: two, expected: 1, events: events(1) },
        { stream: three, expected: 'any', events: events(1) },
      ] as const;
      if (!can.appendMany) {
        await expect(log.appendMany(writes)).rejects.toMatchObject({ fault: 'unsupported' });
        return;
      }
      const stale = [writes[0], { ...writes[1], expected: 0 as const }, writes[2]];
      expect(await log.appendMany(stale)).toEqual({
        ok: false,
        conflict: { stream: two, expected: 0, actual: 1 },
      });
      expect(await pagesIn(log.read(one))).toEqual([]);
      const appended = await log.appendMany(writes);
      expect(appended).toMatchObject({ ok: true });
      expect(await log.appendMany(writes)).toEqual(appended);
      const places = await Promise.all([one, two, three].map((stream) => collected(log.read(stream))));
      expect(places.map(({ length }) => length)).toEqual([2, 3, 1]);
    });

    it('is an append like any other when it is one stream', async () => {
      const { log } = under();
      const stream = aStream();
      const write = { stream, expected: 'no_stream', events: events(2) } as const;
      expect(await log.appendMany([write])).toMatchObject({ ok: true, revision: 1 });
      expect(await log.append(stream, 'no_stream', write.events)).toMatchObject({ ok: true, revision: 1 });
    });
  });
};
