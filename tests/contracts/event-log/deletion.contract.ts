import { describe, expect, it, vi } from 'vitest';
import {
  anEvent,
  aStream,
  collected,
  events,
  eventsOf,
  followed,
  idsOf,
  pagesIn,
  recorded,
  type Under,
} from './given.ts';

const revisionsOf = (found: readonly { readonly revision: number }[]): number[] =>
  found.map(({ revision }) => revision);

export const deletion = (under: Under): void => {
  const given = async (count: number) => {
    const { log } = under();
    const stream = aStream();
    return { log, stream, place: await recorded(log, stream, events(count)) };
  };

  describe('a soft-deleted stream', () => {
    it('reads as missing, and stays in $all', async () => {
      const { log, stream, place } = await given(3);
      expect(await log.remove(stream, 2)).toMatchObject({ ok: true });
      expect(await pagesIn(log.read(stream))).toEqual([]);
      expect(await pagesIn(log.read(stream, { direction: 'backward', limit: 1 }))).toEqual([]);
      const [last] = await collected(log.readAll({ from: place.position, limit: 1 }));
      expect(last).toMatchObject({ stream, revision: 2 });
    });

    it('goes on where it was when it is written to again', async () => {
      const { log, stream } = await given(3);
      await log.remove(stream, 'any');
      const again = events(2);
      expect(await log.append(stream, 'no_stream', again)).toMatchObject({ ok: true, revision: 4 });
      const found = await collected(log.read(stream));
      expect(revisionsOf(found)).toEqual([3, 4]);
      expect(idsOf(found)).toEqual(idsOf(again));
      expect(revisionsOf(await collected(log.read(stream, { direction: 'backward' })))).toEqual([4, 3]);
    });

    it('is deleted as it is expected to be, or not at all', async () => {
      const { log, stream } = await given(3);
      expect(await log.remove(stream, 1)).toEqual({ ok: false, conflict: { stream, expected: 1, actual: 2 } });
      expect(await log.remove(stream, 'no_stream')).toMatchObject({ conflict: { actual: 2 } });
      expect(await collected(log.read(stream))).toHaveLength(3);
      expect(await log.remove(stream, 'stream_exists')).toMatchObject({ ok: true });
      expect(await log.remove(stream, 'stream_exists')).toMatchObject({ conflict: { actual: 'deleted' } });
      const never = aStream();
      for (const expected of ['stream_exists', 'any', 3] as const)
        expect(await log.remove(never, expected)).toMatchObject({ conflict: { stream: never, actual: 'no_stream' } });
    });

    it('is truncated before the end of numbers, and once it is back before what came back', async () => {
      const { log, stream } = await given(3);
      await log.remove(stream, 2);
      expect((await log.metadata(stream)).metadata.truncate_before).toBeGreaterThanOrEqual(Number.MAX_SAFE_INTEGER);
      await recorded(log, stream, events(1), 2);
      await vi.waitFor(async () => expect((await log.metadata(stream)).metadata.truncate_before).toBe(3));
    });
  });

  describe('a tombstone', () => {
    it('is for ever: nothing is read, nothing is written', async () => {
      const { log, stream } = await given(2);
      expect(await log.tombstone(stream, 1)).toMatchObject({ ok: true });
      await expect(collected(log.read(stream))).rejects.toMatchObject({ name: 'LogError', fault: 'stream_deleted' });
      for (const expected of [1, 'no_stream', 'stream_exists', 'any'] as const) {
        const refused = { ok: false, conflict: { stream, expected, actual: 'deleted' } };
        expect(await log.append(stream, expected, events(1))).toEqual(refused);
        expect(await log.remove(stream, expected)).toEqual(refused);
        expect(await log.tombstone(stream, expected)).toEqual(refused);
      }
    });

    it('is the last event of its stream in $all', async () => {
      const { log, stream, place } = await given(2);
      const tomb = await log.tombstone(stream, 'stream_exists');
      expect(tomb).toMatchObject({ ok: true, revision: Number.MAX_SAFE_INTEGER });
      const position = tomb.ok ? tomb.position : -1n;
      const batches = await followed(under(), place.position, (batch) => batch.position >= position);
      const found = eventsOf(batches).filter((event) => event.stream === stream);
      expect(found).toMatchObject([{ type: '$streamDeleted', revision: Number.MAX_SAFE_INTEGER, position }]);
    });

    it('may stand where no stream was, and not where another is than expected', async () => {
      const { log, stream } = await given(2);
      expect(await log.tombstone(stream, 0)).toEqual({ ok: false, conflict: { stream, expected: 0, actual: 1 } });
      expect(await log.tombstone(aStream(), 'no_stream')).toMatchObject({ ok: true });
    });
  });

  describe('metadata', () => {
    it('is given back, with the revision it can be changed at', async () => {
      const { log, stream } = await given(1);
      expect(await log.metadata(stream)).toEqual({ metadata: {}, revision: 'no_stream' });
      const first = { max_count: 10, max_age: 3600, truncate_before: 0, custom: { team: 'blue', deep: { a: [1] } } };
      expect(await log.setMetadata(stream, 'no_stream', first)).toMatchObject({ ok: true, revision: 0 });
      expect(await log.metadata(stream)).toEqual({ metadata: first, revision: 0 });
      expect(await log.setMetadata(stream, 0, { max_count: 3 })).toMatchObject({ ok: true, revision: 1 });
      expect(await log.metadata(stream)).toEqual({ metadata: { max_count: 3 }, revision: 1 });
      expect(await log.setMetadata(stream, 0, { max_count: 4 })).toMatchObject({
        ok: false,
        conflict: { expected: 0, actual: 1 },
      });
    });

    it('hides all but the newest events', async () => {
      const { log, stream } = await given(5);
      await log.setMetadata(stream, 'no_stream', { max_count: 2 });
      expect(revisionsOf(await collected(log.read(stream)))).toEqual([3, 4]);
      expect(revisionsOf(await collected(log.read(stream, { direction: 'backward' })))).toEqual([4, 3]);
      await recorded(log, stream, events(1), 4);
      expect(revisionsOf(await collected(log.read(stream)))).toEqual([4, 5]);
      expect(revisionsOf(await collected(log.read(stream, { from: 1, limit: 1 })))).toEqual([4]);
    });

    it('hides events before a revision', async () => {
      const { log, stream } = await given(5);
      await log.setMetadata(stream, 'any', { truncate_before: 3 });
      expect(revisionsOf(await collected(log.read(stream)))).toEqual([3, 4]);
      expect(revisionsOf(await collected(log.read(stream, { from: 2, direction: 'backward' })))).toEqual([]);
      expect(await log.append(stream, 4, events(1))).toMatchObject({ ok: true, revision: 5 });
    });

    it('hides events that are old', async () => {
      const { log, stream } = await given(2);
      await log.setMetadata(stream, 'any', { max_age: 1 });
      await vi.waitFor(async () => expect(await collected(log.read(stream))).toEqual([]), { timeout: 10_000 });
      await recorded(log, stream, [anEvent('Young')], 1);
      expect(revisionsOf(await collected(log.read(stream)))).toEqual([2]);
    });
  });
};
