import type { StoredEvent } from '../../ports.ts';
import type { Stretch } from '../folding/outcome.ts';
import { weightOf } from '../folding/weight.ts';

/** The newest events in memory: how far a reader may fall behind before it reads the log by itself. */
const eventsMax = 8_192;
const charsMax = 32 * 1024 * 1024;

/** The events that arrived last, in order, and up to where the log was heard. */
export const newest = (start: bigint) => {
  let events: StoredEvent[] = [];
  let first = 0;
  let chars = 0;
  /** Everything after `floor`, up to `head`, is here. */
  let floor = start;
  let head = start;

  /** Index of the first event after a position. */
  const indexAfter = (position: bigint): number => {
    let low = first;
    let high = events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((events[middle]?.position ?? head) <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  const shed = (): void => {
    while (events.length - first > eventsMax || chars > charsMax) {
      const oldest = events[first];
      if (oldest === undefined) break;
      chars -= weightOf(oldest);
      floor = oldest.position;
      first += 1;
    }
    if (first <= eventsMax) return;
    events = events.slice(first);
    first = 0;
  };

  return {
    head: () => head,
    /** Whether this position was handed over before, as far as anyone can tell. */
    has: (position: bigint): boolean => position <= floor || events[indexAfter(position - 1n)]?.position === position,
    add: (event: StoredEvent): void => {
      events.push(event);
      chars += weightOf(event);
      head = event.position;
      shed();
    },
    reach: (position: bigint): void => {
      if (position > head) head = position;
    },
    after: (position: bigint, limit: number): Stretch | 'behind' | 'nothing' => {
      if (position < floor) return 'behind';
      if (position >= head) return 'nothing';
      const index = indexAfter(position);
      const slice = events.slice(index, index + limit);
      return { events: slice, upTo: index + limit < events.length ? (slice.at(-1)?.position ?? head) : head };
    },
    /** How many come after a position; at least so many, where not all of those are kept. */
    count: (position: bigint): number => events.length - indexAfter(position),
    /** When the first event after a position was recorded, of those that are kept; the first of them all was no later. */
    since: (position: bigint): string | undefined => events[indexAfter(position)]?.recorded_at,
  };
};
