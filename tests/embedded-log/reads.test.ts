import { describe, expect, it } from 'vitest';
import { pageBytesMax, regexLengthMax, tailEventsMax } from '../../src/adapters/embedded-log/limits.ts';
import type { StoreFilter } from '../../src/adapters/embedded-log/storage.ts';
import { append, appended, everything, freshFolder, freshStore, proposal, proposals, shown } from './log.folder.ts';

const metadata = (settings: object) => [proposal('$metadata', settings)];

const revisions = (
  store: ReturnType<typeof freshStore>,
  from: number | 'start' | 'end',
  direction: 'forward' | 'backward',
) => {
  const found: number[] = [];
  let next: number | 'start' | 'end' | undefined = from;
  while (next !== undefined) {
    const page = store.readStream('s', next, direction, 3);
    if (page.is !== 'events') throw new Error(page.is);
    found.push(...page.events.map(({ revision }) => revision));
    next = page.next;
  }
  return found;
};

describe('a stream', () => {
  it('reads page by page, both ways, from anywhere', async () => {
    const store = freshStore();
    await appended(append(store, 's', 'no_stream', proposals(8)));
    expect(revisions(store, 'start', 'forward')).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(revisions(store, 'end', 'backward')).toEqual([7, 6, 5, 4, 3, 2, 1, 0]);
    expect(revisions(store, 5, 'forward')).toEqual([5, 6, 7]);
    expect(revisions(store, 2, 'backward')).toEqual([2, 1, 0]);
    expect(revisions(store, 100, 'forward')).toEqual([]);
    expect(revisions(store, 100, 'backward')).toEqual([7, 6, 5, 4, 3, 2, 1, 0]);
    expect(revisions(store, 'end', 'forward')).toEqual([]);
    expect(revisions(store, 'start', 'backward')).toEqual([0]);
    expect(store.readStream('none', 'start', 'forward', 1)).toEqual({ is: 'not_found' });
  });

  it.each([
    [{ $maxCount: 3 }, [5, 6, 7]],
    [{ $tb: 6 }, [6, 7]],
    [{ $tb: 2, $maxCount: 3 }, [5, 6, 7]],
    [{ $tb: 100 }, []],
    [{ $maxCount: 0 }, [0, 1, 2, 3, 4, 5, 6, 7]],
    [{ $maxCount: 'three' }, [0, 1, 2, 3, 4, 5, 6, 7]],
  ])('shows what %j leaves visible, and the whole log hides nothing', async (settings, visible) => {
    const store = freshStore();
    await appended(append(store, 's', 'no_stream', proposals(8)));
    await appended(append(store, '$$s', 'no_stream', metadata(settings)));
    expect(revisions(store, 'start', 'forward')).toEqual(visible);
    expect(revisions(store, 'end', 'backward')).toEqual(visible.toReversed());
    expect(everything(store)).toHaveLength(9);
  });

  it('shows what is younger than $maxAge', async () => {
    let seconds = 1000;
    const store = freshStore({ now_us: () => seconds * 1e6 });
    for (let n = 0; n < 8; n += 1) {
      await appended(append(store, 's', n === 0 ? 'no_stream' : n - 1, [proposal()]));
      seconds += 10;
    }
    await appended(append(store, '$$s', 'no_stream', metadata({ $maxAge: 35 })));
    expect(revisions(store, 'start', 'forward')).toEqual([5, 6, 7]);
    seconds += 1000;
    expect(revisions(store, 'start', 'forward')).toEqual([]);
  });

  it('of metadata shows its newest event only', async () => {
    const store = freshStore();
    for (const n of [1, 2, 3]) await appended(append(store, '$$s', 'any', metadata({ $maxCount: n })));
    const page = store.readStream('$$s', 'start', 'forward', 10);
    expect(page).toMatchObject({ events: [{ revision: 2 }], last: 2, next: undefined });
  });

  it('ends a page early when its events are large', async () => {
    const store = freshStore();
    const text = 'x'.repeat(pageBytesMax / 2);
    for (let n = 0; n < 5; n += 1) await appended(append(store, 's', 'any', [proposal('Large', { text })]));
    const page = store.readStream('s', 'start', 'forward', 100);
    expect(page).toMatchObject({ is: 'events', next: 2 });
    expect(revisions(store, 'start', 'forward')).toEqual([0, 1, 2, 3, 4]);
    expect(store.readAll('start', 'forward', 100)).toMatchObject({ scanned: 2, considered: 2, end: false });
  });
});

describe('the whole log', () => {
  it('reads forwards from a position on and backwards below it', async () => {
    const store = freshStore();
    await appended(append(store, 'a', 'no_stream', proposals(5)));
    await appended(append(store, 'b', 'no_stream', proposals(5)));
    const positions = (page: ReturnType<typeof store.readAll>) => page.events.map(({ position }) => position);
    expect(positions(store.readAll(4, 'forward', 3))).toEqual([4, 5, 6]);
    expect(positions(store.readAll(4, 'backward', 3))).toEqual([3, 2, 1]);
    expect(positions(store.readAll('end', 'backward', 2))).toEqual([10, 9]);
    expect(store.readAll('end', 'forward', 5)).toEqual({ events: [], considered: 10, scanned: 0, end: true });
    expect(shown(everything(store, 'backward', 3))).toEqual(shown(everything(store, 'forward', 4).toReversed()));
  });

  it('reads the same from memory as from the disk', async () => {
    const folder = freshFolder();
    const store = freshStore({}, folder);
    for (let n = 0; n < tailEventsMax / 100 + 5; n += 1) await appended(append(store, `s-${n}`, 'any', proposals(100)));
    const fromMemory = everything(store, 'forward', 1000);
    await store.close();
    const fromDisk = everything(freshStore({}, folder), 'forward', 1000);
    expect(fromDisk.length).toBeGreaterThan(tailEventsMax);
    expect(shown(fromMemory)).toEqual(shown(fromDisk));
  });

  it.each<[StoreFilter, readonly string[]]>([
    [{ by: 'type_prefix', prefixes: ['Turn', 'Run'] }, ['TurnOpened', 'RunStarted']],
    [{ by: 'stream_prefix', prefixes: ['turn-'] }, ['TurnOpened', 'Noted']],
    [{ by: 'type_regex', regex: /^(?:Noted|.*ed)$/ }, ['TurnOpened', 'RunStarted', 'Noted']],
    [{ by: 'stream_regex', regex: /^[^$].*-2$/ }, ['Noted']],
    [{ by: 'not_system' }, ['TurnOpened', 'RunStarted', 'Noted']],
  ])('filtered by %o tells how far it has looked', async (filter, types) => {
    const store = freshStore();
    await appended(append(store, 'turn-1', 'any', [proposal('TurnOpened')]));
    await appended(append(store, '$$turn-1', 'any', metadata({})));
    await appended(append(store, 'run-1', 'any', [proposal('RunStarted'), proposal('$system')]));
    await appended(append(store, 'turn-2', 'any', [proposal('Noted')]));
    await appended(append(store, '$settings', 'any', [proposal('Saved$')]));
    const page = store.readAll('start', 'forward', 100, filter);
    expect(page.events.map(({ type }) => type)).toEqual(types);
    expect(page).toMatchObject({ considered: 6, scanned: 6, end: true });
    expect(shown(store.readAll('end', 'backward', 100, filter).events)).toEqual(shown(page.events.toReversed()));
  });

  it('stops a regex that would never end, and goes on serving', async () => {
    const store = freshStore();
    await appended(append(store, `${'a'.repeat(60)}!`, 'any', [proposal()]));
    const endless: StoreFilter = { by: 'stream_regex', regex: /^(a+)+$/ };
    expect(() => store.readAll('start', 'forward', 10, endless)).toThrow(/takes more than 50 ms/);
    const long: StoreFilter = { by: 'stream_regex', regex: new RegExp('a'.repeat(regexLengthMax + 1)) };
    expect(() => store.readAll('start', 'forward', 10, long)).toThrow(/short regex/);
    expect(everything(store)).toHaveLength(1);
    await appended(append(store, 's', 'any', [proposal()]));
  });
});

describe('what is asked of the log', () => {
  const refusals = [
    ['an empty stream name', '', [proposal()], 'the stream name is empty'],
    ['a stream called $all', '$all', [proposal()], '$all is not a stream'],
    ['a long stream name', 'é'.repeat(600), [proposal()], 'longer than 1024 bytes'],
    ['a zero character', 's\0', [proposal()], 'cannot be kept'],
    ['half a character', 's\ud800', [proposal()], 'cannot be kept'],
    ['an empty type', 's', [proposal('')], 'the event type is empty'],
    ['a long type', 's', [proposal('x'.repeat(1025))], 'longer than 1024 bytes'],
    ['an id that is no UUID', 's', [proposal('T', {}, 'one')], 'not a lower-case UUID'],
    ['too many events', 's', proposals(10_001), 'at most 10000 events'],
  ] as const;

  it.each(refusals)('is refused with %s', async (_, stream, events, message) => {
    const store = freshStore();
    expect(await append(store, stream, 'any', [...events])).toMatchObject({
      is: 'invalid',
      message: expect.stringContaining(message) as string,
    });
    expect(store.head()).toBe(0);
  });

  it('is refused with a revision that is none', async () => {
    for (const expected of [-1, 1.5, Number.MAX_SAFE_INTEGER + 2])
      expect(await append(freshStore(), 's', expected, [proposal()])).toMatchObject({ is: 'invalid' });
  });

  it('is recorded up to the last byte that is allowed, and not one more', async () => {
    const store = freshStore({ append_bytes_max: 1000 });
    const sized = (bytes: number) => [{ ...proposal('Type'), data: Buffer.alloc(bytes - 2 * 4 - 2, '1') }];
    expect(await append(store, 's', 'any', sized(1001))).toEqual({ is: 'too_large', bytes: 1001, bytesMax: 1000 });
    expect(await append(store, 's', 'any', sized(1000))).toMatchObject({ is: 'appended' });
    expect(await append(freshStore(), 's', 'any', sized(1024 * 1024 + 1))).toMatchObject({ is: 'too_large' });
  });

  it('is refused with unavailable when too much is waiting already', async () => {
    const store = freshStore();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20_000 }, () => append(store, 's', 'any', [proposal()])),
    );
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(20_000 - 16_384);
    expect(refused[0]).toMatchObject({ reason: { fault: 'unavailable' } });
    expect(store.head()).toBe(16_384);
  });

  it('is refused with a place or a limit that is none, and not taken for damage', async () => {
    const store = freshStore();
    await appended(append(store, 's', 'any', proposals(3)));
    for (const wrong of [0.5, NaN, Infinity, 2 ** 60]) {
      expect(() => store.readStream('s', wrong, 'forward', 1)).toThrow(/is no place to read/);
      expect(() => store.readAll(wrong, 'backward', 1)).toThrow(/is no place to read/);
      expect(() => store.readAll('start', 'forward', wrong)).toThrow(/a limit of .* is none/);
    }
    for (const wrong of ['', '$$', '$all', 's\ud800', 'x'.repeat(2000)])
      expect(() => store.readStream(wrong, 'start', 'forward', 1)).toThrow(/stream/);
    expect(await append(store, 's', 2, [proposal()])).toMatchObject({ is: 'appended' });
  });

  it('is refused once the store is closed', async () => {
    const store = freshStore();
    const last = append(store, 's', 'any', [proposal()]);
    await store.close();
    expect(await last).toMatchObject({ is: 'appended' });
    await expect(append(store, 's', 'any', [proposal()])).rejects.toMatchObject({ fault: 'unavailable' });
    expect(() => store.readAll('start', 'forward', 1)).toThrow('the log is closed');
  });
});
