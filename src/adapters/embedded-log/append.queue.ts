import { LogError } from '../../ports.ts';
import { groupAppendsMax, groupBytesMax, queueAppendsMax, queueBytesMax } from './limits.ts';
import type { Group } from './group.ts';
import type { StoreOutcome } from './storage.ts';

/** A write that waits for its group. */
export interface Pending {
  readonly bytes: number;
  readonly attempt: (group: Group) => StoreOutcome;
  readonly settle: (outcome: StoreOutcome) => void;
  readonly fail: (error: unknown) => void;
}

/** Writes in the order they came, bounded; `onWork` is called once when there is something to take. */
export interface AppendQueue {
  /** Settles when the group that the write travelled in has. A full queue refuses with `unavailable`. */
  readonly push: (bytes: number, attempt: Pending['attempt']) => Promise<StoreOutcome>;
  /** The next group, never empty unless the queue is. */
  readonly take: () => readonly Pending[];
  readonly size: () => number;
}

export const appendQueue = (onWork: () => void): AppendQueue => {
  let queue: Pending[] = [];
  let bytes = 0;

  const push = (added: number, attempt: Pending['attempt']): Promise<StoreOutcome> => {
    if (queue.length >= queueAppendsMax || bytes + added > queueBytesMax)
      return Promise.reject(new LogError('unavailable', 'the log is overloaded: too many appends are waiting'));
    return new Promise((settle, fail) => {
      queue.push({ bytes: added, attempt, settle, fail });
      bytes += added;
      if (queue.length === 1) onWork();
    });
  };

  const take = (): readonly Pending[] => {
    let taken = 0;
    let weight = 0;
    for (const pending of queue) {
      if (taken === groupAppendsMax || (taken > 0 && weight + pending.bytes > groupBytesMax)) break;
      taken += 1;
      weight += pending.bytes;
    }
    const group = queue.slice(0, taken);
    queue = queue.slice(taken);
    bytes -= weight;
    return group;
  };

  return { push, take, size: () => queue.length };
};
