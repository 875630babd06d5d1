import type { EventLog, Filter, StoredEvent } from '../../ports.ts';
import type { Stretch } from '../folding/outcome.ts';
import type { Projection } from '../projection.ts';
import { weightOf } from '../folding/weight.ts';

/** What a reader that is behind takes at once. */
const pageEventsMax = 5_000;
const pageCharsMax = 8 * 1024 * 1024;

/** What these projections want of the log. A prefix lets more through than the type; folds look for themselves. */
const filterOf = (projections: readonly Projection[]): Filter => {
  const prefixes = new Set<string>();
  for (const { types } of projections) {
    if (types === 'every') return { by: 'not_system' };
    for (const type of types) prefixes.add(type);
  }
  return { by: 'type_prefix', prefixes: [...prefixes] };
};

async function* stretches(
  log: EventLog,
  after: bigint,
  projections: readonly Projection[],
): AsyncGenerator<Stretch, void, void> {
  // Read before the events are, so that whoever has all of them is known to have reached it, wanted or not.
  const head = await log.head();
  let reached = after;
  let events: StoredEvent[] = [];
  let chars = 0;
  for await (const page of log.readAll({ from: after < 0n ? 'start' : after, filter: filterOf(projections) })) {
    for (const event of page) {
      if (event.position <= reached) continue;
      reached = event.position;
      events.push(event);
      chars += weightOf(event);
      if (events.length < pageEventsMax && chars < pageCharsMax) continue;
      yield { events, upTo: reached };
      events = [];
      chars = 0;
    }
  }
  const upTo = head > reached ? head : reached;
  if (upTo > after) yield { events, upTo };
}

/** One more is fetched while the last one is being used. */
async function* ahead<T>(source: AsyncGenerator<T, void, void>): AsyncGenerator<T, void, void> {
  let next = source.next();
  try {
    for (let result = await next; result.done !== true; result = await next) {
      next = source.next();
      // Whoever stops early does not look at it.
      next.catch(() => {});
      yield result.value;
    }
  } finally {
    await source.return();
  }
}

/**
 * What the log holds after a position that these projections want, up to its end, in bounded stretches; the last one
 * reaches the log's end as it was when reading began, even where nothing was wanted (or rare events would never let a
 * checkpoint move).
 */
export const pages = (
  log: EventLog,
  after: bigint,
  projections: readonly Projection[],
): AsyncGenerator<Stretch, void, void> => ahead(stretches(log, after, projections));
