import { pageBytesMax, tailBytesMax, tailEventsMax } from './limits.ts';
import type { StoredRecord } from './storage.ts';

/** The newest events in memory: whoever follows the log live is served without touching the disk. */
export interface Tail {
  /** Adds a durable group and tells whoever listens. */
  readonly push: (records: readonly StoredRecord[]) => void;
  /** Answers how to stop listening. */
  readonly listen: (hear: (records: readonly StoredRecord[]) => void) => () => void;
  /** A page of up to `limit` events from a position on, or undefined where the tail does not reach back that far. */
  readonly from: (position: number, limit: number) => readonly StoredRecord[] | undefined;
}

const weight = ({ data, metadata }: StoredRecord): number => data.length + metadata.length;

export const createTail = (): Tail => {
  // Every event since the store opened follows the one before it without a gap, so a position is an index.
  let records: StoredRecord[] = [];
  const listeners = new Set<(records: readonly StoredRecord[]) => void>();
  let start = 0;
  let bytes = 0;

  const shed = (): void => {
    while (records.length - start > tailEventsMax || bytes > tailBytesMax) {
      const oldest = records[start];
      if (oldest === undefined) break;
      bytes -= weight(oldest);
      start += 1;
    }
    if (start <= tailEventsMax) return;
    records = records.slice(start);
    start = 0;
  };

  return {
    push: (added) => {
      for (const record of added) {
        records.push(record);
        bytes += weight(record);
      }
      shed();
      for (const hear of listeners) hear(added);
    },
    listen: (hear) => {
      listeners.add(hear);
      return () => void listeners.delete(hear);
    },
    from: (position, limit) => {
      const oldest = records[start];
      if (oldest === undefined || position < oldest.position) return undefined;
      const first = start + position - oldest.position;
      let end = first;
      for (let taken = 0; end < Math.min(first + limit, records.length) && taken < pageBytesMax; end += 1) {
        const record = records[end];
        if (record) taken += weight(record);
      }
      return records.slice(first, end);
    },
  };
};
