import { randomUUID } from 'node:crypto';
import type { Batch, EventLog, Filter, NewEvent, StoredEvent } from '../../../src/ports.ts';

/** A log, and what it can and others cannot. */
export interface LogUnderTest {
  readonly log: EventLog;
  readonly can: { readonly appendMany: boolean };
  readonly close: () => Promise<void>;
}

/** The log of a suite, made before its first test. */
export type Under = () => LogUnderTest;

/** Names are never used twice, so that a suite can run on a server with a past. */
export const aStream = (noun = 'given'): string => `${noun}-${randomUUID()}`;

export const anEvent = (type = 'Given', data: unknown = { note: 'given' }): NewEvent => ({
  id: randomUUID(),
  type,
  data,
  metadata: { $correlationId: randomUUID(), version: '1' },
});

export const events = (count: number, type?: string): NewEvent[] =>
  Array.from({ length: count }, (_, n) => anEvent(type, { n }));

/** What comes, page by page. */
export const pagesIn = async <T>(pages: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const page of pages) all.push(page);
  return all;
};

export const collected = async <T>(pages: AsyncIterable<readonly T[]>): Promise<T[]> => (await pagesIn(pages)).flat();

/** What was recorded after a place. A real server reads from places only where an event begins. */
export const recordedAfter = async (log: EventLog, place: bigint, filter?: Filter): Promise<StoredEvent[]> => {
  const found = await collected(log.readAll({ from: place, ...(filter && { filter }) }));
  return found.filter(({ position }) => position > place);
};

export const idsOf = (found: readonly { readonly id: string }[]): string[] => found.map(({ id }) => id);

/** Reads a subscription until it has seen enough, then leaves it. */
export const followed = async (
  { log }: LogUnderTest,
  from: bigint | 'start' | 'end',
  enough: (batch: Batch, batches: readonly Batch[]) => boolean,
  filter?: Filter,
): Promise<Batch[]> => {
  const leaving = new AbortController();
  const batches: Batch[] = [];
  for await (const batch of log.subscribe({ from, signal: leaving.signal, ...(filter && { filter }) })) {
    batches.push(batch);
    if (enough(batch, batches)) break;
  }
  leaving.abort();
  return batches;
};

export const eventsOf = (batches: readonly Batch[]): StoredEvent[] => batches.flatMap((batch) => batch.events);

/** Writes that must have happened, for a test to go on. */
export const recorded = async (
  log: EventLog,
  stream: string,
  proposed: readonly NewEvent[],
  expected: number | 'no_stream' | 'any' = 'no_stream',
): Promise<{ readonly revision: number; readonly position: bigint }> => {
  const appended = await log.append(stream, expected, proposed);
  if (!appended.ok) throw new Error(`the stream is not as the test left it: ${JSON.stringify(appended.conflict)}`);
  return appended;
};
