import { START, type AllStreamResolvedEvent, type AllStreamSubscription } from '@eventstore/db-client';
import type { Batch, StoredEvent, Subscribe } from '../../ports.ts';
import type { Connection } from './connection.ts';
import { logErrorOf } from './faults.ts';
import { serverFilter, wanted } from './filters.ts';
import { pagesOf } from './pages.ts';
import { storedEvent } from './records.ts';

/**
 * The client tells of checkpoints, and of having caught up, the moment they arrive, while events that came before them
 * still wait to be read: saving such a position loses those events in a crash. So each of them is put into the queue of
 * events, and is read when everything before it has been.
 */
type Mark = { readonly mark: 'checkpoint'; readonly position: bigint } | { readonly mark: 'live' | 'behind' };
type Item = AllStreamResolvedEvent | Mark;

const isMark = (item: Item): item is Mark => 'mark' in item;

const open = (connection: Connection, from: bigint, filter: Subscribe['filter'], batchMax: number) => {
  const put = (subscription: AllStreamSubscription, mark: Mark): void => void subscription.push(mark);
  const subscription = connection.client().subscribeToAll(
    {
      fromPosition: from < 0n ? START : { commit: from, prepare: from },
      ...(filter && {
        filter: serverFilter(filter, (subscription, { commit }) =>
          put(subscription, { mark: 'checkpoint', position: commit }),
        ),
      }),
    },
    { highWaterMark: batchMax },
  );
  subscription.on('caughtUp', () => put(subscription, { mark: 'live' }));
  subscription.on('fellBehind', () => put(subscription, { mark: 'behind' }));
  return subscription;
};

/** Makes batches of what was read, remembering how far that goes. */
const batcher = (from: bigint, isWanted: (event: StoredEvent) => boolean) => {
  let position = from;
  let live = false;
  return (page: readonly Item[]): Batch => {
    const events: StoredEvent[] = [];
    for (const item of page) {
      if (!isMark(item)) {
        const event = item.event && storedEvent(item.event, item.commitPosition);
        if (event === undefined) continue;
        position = event.position;
        if (isWanted(event)) events.push(event);
      } else if (item.mark === 'checkpoint') {
        // A server's checkpoint may repeat, and may be older than the last event.
        if (item.position > position) position = item.position;
      } else live = item.mark === 'live';
    }
    return { events, position, live };
  };
};

/** `EventLog.subscribe`. `from` is the position to begin after, -1 for the beginning. */
export const follow = async function* (
  connection: Connection,
  from: bigint,
  { filter, signal }: Pick<Subscribe, 'filter' | 'signal'>,
  batchMax: number,
): AsyncGenerator<Batch> {
  const batchOf = batcher(from, wanted(filter));
  if (signal.aborted) return;
  const subscription = open(connection, from, filter, batchMax);
  const leave = (): void => void subscription.destroy();
  signal.addEventListener('abort', leave, { once: true });
  try {
    for await (const page of pagesOf<Item>(subscription, batchMax)) {
      if (signal.aborted) return;
      yield batchOf(page);
    }
  } catch (error) {
    if (!signal.aborted) throw logErrorOf(error, 'follow $all');
  } finally {
    signal.removeEventListener('abort', leave);
    subscription.unsubscribe().catch(() => undefined);
  }
  if (!signal.aborted) throw logErrorOf(new Error('the server ended the subscription'), 'follow $all');
};
