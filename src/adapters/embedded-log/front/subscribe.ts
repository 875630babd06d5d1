import { randomUUID } from 'node:crypto';
import { tombstoneRevision, type Storage, type StoreFilter, type StoredRecord } from '../storage.ts';
import type { Place, ReadRequest } from '../wire/read-request.ts';
import { caughtUp, checkpointReached, subscriptionConfirmed } from '../wire/read-response.ts';
import type { Call } from './call.ts';
import { deliverer } from './delivery.ts';
import { streamDeleted } from './failure.ts';
import { pageEvents } from './limits.ts';

/**
 * A subscription reads pages, sleeps when there is nothing more to read, and is woken by what is recorded. Catching up
 * and following live are the same reading, so there is no seam between them where an event could be lost or doubled, and
 * a slow subscriber holds nothing in memory but its place.
 */

/** Sleeps until something relevant was recorded, or the call is over. Nothing recorded since it was made is missed. */
const sleeper = (call: Call, storage: Storage, relevant: (event: StoredRecord) => boolean) => {
  let stirred = false;
  let wake: (() => void) | undefined;
  const stir = (): void => {
    stirred = true;
    wake?.();
  };
  const stop = storage.listen((events) => {
    if (!stirred && events.some(relevant)) stir();
  });
  call.signal.addEventListener('abort', stir, { once: true });
  return {
    stop,
    sleep: async (): Promise<void> => {
      if (!stirred && !call.signal.aborted)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      stirred = false;
    },
  };
};

/** Says how far a filtered subscription has come: after so many events considered, and on going live; never twice. */
const checkpoints = (call: Call, interval: number | undefined) => {
  let considered = 0;
  let told = 0;
  return {
    count: (events: number): void => {
      considered += events;
    },
    tell: (position: number, live: boolean): void => {
      if (interval === undefined || position <= told || (considered < interval && !live)) return;
      call.send(checkpointReached(position));
      considered = 0;
      told = position;
    },
  };
};

/** `$all`, from the event after a position on. */
export const subscribeToAll = async (
  call: Call,
  storage: Storage,
  request: ReadRequest,
  from: Place,
  filter?: StoreFilter,
): Promise<void> => {
  const deliver = deliverer(call, storage, request);
  const progress = checkpoints(call, request.filter?.interval);
  const { sleep, stop } = sleeper(call, storage, () => true);
  let next = from === 'start' ? 0 : from === 'end' ? storage.head() + 1 : from + 1;
  let live = false;
  call.send(subscriptionConfirmed(randomUUID()));
  try {
    do {
      const page = storage.readAll(next, 'forward', pageEvents, filter);
      deliver(page.events);
      next = Math.max(next, page.considered + 1);
      progress.count(page.scanned);
      const arrived = page.end && !live;
      progress.tell(page.considered, arrived);
      if (arrived) call.send(caughtUp);
      live = page.end;
      if (live) await sleep();
    } while (await call.goOn());
  } finally {
    stop();
  }
};

/** What follows in a stream; undefined revisions of the future are simply waited for. */
const firstRevision = (storage: Storage, stream: string, from: Place): number => {
  if (from === 'start') return 0;
  if (from !== 'end') return from + 1;
  const page = storage.readStream(stream, 'end', 'backward', 1);
  return page.is === 'events' ? page.last + 1 : 0;
};

/** One stream, from the event after a revision on, until it is tombstoned. The stream need not exist yet. */
export const subscribeToStream = async (
  call: Call,
  storage: Storage,
  request: ReadRequest,
  { stream, from }: { readonly stream: string; readonly from: Place },
): Promise<void> => {
  const deliver = deliverer(call, storage, request);
  let tomb: StoredRecord | undefined;
  const { sleep, stop } = sleeper(call, storage, (event) => {
    if (event.stream !== stream) return false;
    if (event.revision === tombstoneRevision) tomb = event;
    return true;
  });
  let next = firstRevision(storage, stream, from);
  let live = false;
  call.send(subscriptionConfirmed(randomUUID()));
  try {
    do {
      const page = storage.readStream(stream, next, 'forward', pageEvents);
      if (page.is === 'deleted') {
        if (tomb) deliver([tomb]);
        throw streamDeleted(stream);
      }
      const events = page.is === 'events' ? page.events : [];
      deliver(events);
      next = Math.max(next, (events.at(-1)?.revision ?? -1) + 1);
      const end = page.is === 'not_found' || page.next === undefined;
      if (end && !live) call.send(caughtUp);
      live = end;
      if (live) await sleep();
    } while (await call.goOn());
  } finally {
    stop();
  }
};
