import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import type { Batch, EventLog, StoredEvent } from '../../src/ports.ts';
import { feed } from '../../src/projections/following/feed.ts';
import { quietJournal } from '../support/quiet.journal.ts';
import { clock } from './story.ts';

const event = (position: number, text = ''): StoredEvent => ({
  id: randomUUID(),
  type: 'Happened',
  stream: 'thing-1',
  revision: position,
  position: BigInt(position),
  recorded_at: '2026-01-02T03:04:05.678Z',
  data: { text },
  metadata: {},
});
const batch = (...positions: readonly number[]): Batch => {
  const events = positions.map((position) => event(position));
  return { events, position: BigInt(Math.max(...positions)), live: true };
};

/** A log of which nothing is used but its end and its subscriptions, each of which is one of these scripts. */
const scripted = (heads: readonly number[], ...scripts: readonly (readonly Batch[])[]) => {
  const asked: (bigint | 'start' | 'end')[] = [];
  const log = {
    head: async () => BigInt(heads[Math.min(asked.length, heads.length - 1)]!),
    async *subscribe({ from, signal }: Parameters<EventLog['subscribe']>[0]) {
      asked.push(from);
      const script = scripts[asked.length - 1];
      if (script !== undefined) {
        yield* script;
        return;
      }
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  } as unknown as EventLog;
  return { log, asked };
};

/** Runs a feed until it stands where it is expected to, then looks at it. */
const heard = async (
  { log, asked }: ReturnType<typeof scripted>,
  until: (feed: ReturnType<typeof feedOf>, asked: readonly unknown[]) => void,
) => {
  const ending = new AbortController();
  const listening = feedOf(log);
  const run = listening.run(ending.signal);
  await vi.waitFor(() => until(listening, asked), { timeout: 5_000, interval: 5 });
  ending.abort();
  await run;
  return listening;
};
const feedOf = (log: EventLog) => feed({ log, clock, journal: quietJournal(), knows: () => true });
const positions = (stretch: ReturnType<ReturnType<typeof feed>['after']>) =>
  typeof stretch === 'string' ? stretch : stretch.events.map(({ position }) => Number(position));

describe('the feed', () => {
  it('begins where the log ends, and keeps what comes', async () => {
    const listening = await heard(scripted([10], [batch(11, 12), batch(15)]), (feed) => expect(feed.head()).toBe(15n));
    expect(positions(listening.after(10n, 100))).toEqual([11, 12, 15]);
    expect(positions(listening.after(11n, 1))).toEqual([12]);
    expect(listening.after(10n, 2)).toMatchObject({ upTo: 12n });
    expect(listening.after(9n, 100)).toBe('behind');
    expect(listening.after(15n, 100)).toBe('nothing');
    expect(listening.count(11n)).toBe(2);
  });

  it('opens a subscription that is dropped again, from where it was', async () => {
    const drops = scripted([0, 2, 3, 4], [batch(1, 2)], [batch(3)], [batch(4)]);
    const listening = await heard(drops, (feed) => expect(feed.head()).toBe(4n));
    expect(positions(listening.after(0n, 100))).toEqual([1, 2, 3, 4]);
    expect(drops.asked.slice(0, 3)).toEqual([0n, 2n, 3n]);
  });

  it('drops what it was handed before', async () => {
    const listening = await heard(scripted([0], [batch(1, 2), batch(1, 2), batch(2, 3)]), (feed) =>
      expect(feed.head()).toBe(3n),
    );
    expect(positions(listening.after(0n, 100))).toEqual([1, 2, 3]);
    expect(listening.fault()).toBeUndefined();
  });

  it('goes no further when an event comes too late', async () => {
    const listening = await heard(scripted([0], [batch(1, 3), batch(2)]), (feed) => expect(feed.fault()).toBeDefined());
    expect(listening.fault()).toMatchObject({ fault: 'disordered', message: 'the log handed over 2 after 3' });
  });

  it('goes no further when the log has lost what was seen', async () => {
    const listening = await heard(scripted([0, 1], [batch(1, 2)]), (feed) => expect(feed.fault()).toBeDefined());
    expect(listening.fault()).toMatchObject({ fault: 'log_rolled_back' });
  });

  it('keeps only so much, and tells whoever is too slow', async () => {
    const many = Array.from({ length: 20 }, (_, n) => batch(...Array.from({ length: 500 }, (_, m) => n * 500 + m + 1)));
    const listening = await heard(scripted([0], many), (feed) => expect(feed.head()).toBe(10_000n));
    expect(listening.after(0n, 1)).toBe('behind');
    expect(listening.count(9_000n)).toBe(1_000);

    const large = Array.from({ length: 60 }, (_, n): Batch => {
      const events = [event(n + 1, 'x'.repeat(1024 * 1024))];
      return { events, position: BigInt(n + 1), live: true };
    });
    const heavy = await heard(scripted([0], large), (feed) => expect(feed.head()).toBe(60n));
    expect(heavy.count(0n)).toBeGreaterThan(0);
    expect(heavy.since(0n)).toBe('2026-01-02T03:04:05.678Z');
    expect(heavy.count(50n)).toBe(10);
  });
});
