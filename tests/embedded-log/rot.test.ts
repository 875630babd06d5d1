import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { LogError } from '../../src/ports.ts';
import type { Store } from '../../src/adapters/embedded-log/store.ts';
import { append, everything, freshFolder, freshStore, proposal } from './log.folder.ts';
import { damage, fill, flip, imageOf, readings, readingsOf, restore } from './crash.image.ts';

/** Bits flipped in each file; the storage lab flips more. */
const flips = Number(process.env['FLIPS'] ?? 150);

/** xorshift32: the same bits every time. */
const dice = (seed: number) => {
  let state = seed;
  return (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
};

/** Flips one bit at a time and tells how it went: the same bytes as ever, or a refusal; anything else is wrong. */
const rot = async (image: string, file: string, truth: string, seed: number) => {
  const folder = path.join(freshFolder(), 'log');
  const roll = dice(seed);
  const outcomes = { harmless: 0, refused: 0, wrong: [] as string[] };
  for (let n = 0; n < flips; n += 1) {
    restore(image, folder);
    const bit = roll();
    flip(path.join(folder, file), bit);
    try {
      if ((await readingsOf(folder)) === truth) outcomes.harmless += 1;
      else outcomes.wrong.push(`bit ${bit}: other bytes`);
    } catch (error) {
      if (error instanceof LogError && ['corrupt', 'unsupported'].includes(error.fault)) outcomes.refused += 1;
      else outcomes.wrong.push(`bit ${bit}: ${String(error)}`);
    }
  }
  return outcomes;
};

describe('a flipped bit', () => {
  it('in the database is refused or harmless, and never served', async () => {
    const folder = freshFolder();
    const store = freshStore({}, folder);
    await fill(store);
    const truth = readings(store);
    await store.close();
    const { wrong, refused } = await rot(imageOf(folder), 'log.sqlite', truth, 1);
    expect(wrong).toEqual([]);
    expect(refused).toBeGreaterThan(flips / 4);
  });

  it('in the WAL is refused or harmless: no acknowledged event vanishes in silence', async () => {
    const folder = freshFolder();
    const store = freshStore({}, folder);
    await fill(store);
    const { wrong, refused } = await rot(imageOf(folder), 'log.sqlite-wal', readings(store), 2);
    expect(wrong).toEqual([]);
    expect(refused).toBeGreaterThan(flips / 2);
  });

  it('in the head file is refused or harmless', async () => {
    const folder = freshFolder();
    const store = freshStore({}, folder);
    await fill(store);
    const { wrong, harmless } = await rot(imageOf(folder), 'log.head', readings(store), 3);
    expect(wrong).toEqual([]);
    expect(harmless).toBe(flips);
  });

  it('met while the log serves stops the event from being served and the log from being written', async () => {
    const folder = freshFolder();
    const store = freshStore({}, folder);
    await fill(store);
    await store.close();
    damage(path.join(folder, 'log.sqlite'), 'x'.repeat(100));
    const stops: LogError[] = [];
    const options = { verified_at_open_events_max: 1, on_stop: (fault: LogError) => stops.push(fault) };
    const reopened = freshStore(options, folder);
    expect(() => everything(reopened)).toThrow(/is not what was recorded/);
    expect(stops).toMatchObject([{ fault: 'corrupt' }]);
    await expect(append(reopened, 'a', 'any', [proposal()])).rejects.toMatchObject({ fault: 'corrupt' });
    expect(reopened.readAll(1, 'forward', 5).events).toHaveLength(5);
  });

  it('is found by the scrub where nobody reads', async () => {
    const folder = freshFolder();
    const store = freshStore({}, folder);
    await fill(store);
    const whole = imageOf(folder);
    await store.close();
    damage(path.join(folder, 'log.sqlite'), 'x'.repeat(100));
    const scrubbed = (store: Store): number => {
      for (let slices = 0; ; slices += 1) if (!store.scrub(5)) return slices;
    };
    expect(() => scrubbed(freshStore({ verified_at_open_events_max: 1 }, folder))).toThrow(/is not what was recorded/);
    const wholeStore = freshStore({ verified_at_open_events_max: 1 }, whole);
    expect([scrubbed(wholeStore), scrubbed(wholeStore)]).toEqual([10, 11]);
  });
});
