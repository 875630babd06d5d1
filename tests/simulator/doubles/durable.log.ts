import type { Appended, Expected, Filter, StoredEvent, Write } from '../../../src/ports.ts';
import { memory, type MemoryParts } from './memory.ts';
import { reads } from './reading.ts';
import { writes } from './writing.ts';

/** What a page is asked for with. */
export interface PageOfAll {
  readonly events: readonly StoredEvent[];
  /** Up to here everything that matched is in the page. */
  readonly considered: bigint;
  readonly end: boolean;
}

/** The part of a log that outlives every node: all at once, without waiting. Ports stand on it. */
export interface DurableLog {
  readonly append: (writes: readonly Write[]) => Appended;
  readonly remove: (stream: string, expected: Expected) => Appended;
  readonly tombstone: (stream: string, expected: Expected) => Appended;
  readonly page: (
    stream: string,
    from: number | 'start' | 'end',
    direction: 'forward' | 'backward',
    limit: number,
  ) => { readonly events: readonly StoredEvent[]; readonly next: number | undefined };
  readonly pageOfAll: (
    from: bigint | 'start' | 'end',
    direction: 'forward' | 'backward',
    limit: number,
    filter?: Filter,
  ) => PageOfAll;
  readonly head: () => bigint;
  /** Called once events are durable. Answers how to stop listening. */
  readonly listen: (hear: (events: readonly StoredEvent[]) => void) => () => void;
  readonly id: () => string;
}

/** A log in memory, with EventStoreDB's rules for revisions, retries, deletion and metadata. */
export const durableLog = (parts: MemoryParts): DurableLog => {
  const known = memory(parts);
  const listeners = new Set<(events: readonly StoredEvent[]) => void>();
  const tell = (events: readonly StoredEvent[]): void => {
    for (const hear of listeners) hear(events);
  };

  return {
    ...writes(known, tell),
    ...reads(known),
    head: () => known.all.at(-1)?.position ?? -1n,
    listen: (hear) => {
      listeners.add(hear);
      return () => void listeners.delete(hear);
    },
    id: parts.id,
  };
};
