import type { Batch, Clock, EventLog, Journal } from '../../ports.ts';
import { ProjectionFault } from '../fault.ts';
import { latch, pause, type Latch } from './latch.ts';
import { newest } from './newest.ts';

const reopenFirstMs = 50;
const reopenLongestMs = 5_000;
/** A node of a cluster may lag for a moment; a log that ends too early so often in a row has lost something. */
const shortLooksMax = 3;
const unknownTypesMax = 100;

export interface FeedParts {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly journal: Journal;
  /** Whether this build knows a type of event. */
  readonly knows: (type: string) => boolean;
}

interface Listening extends FeedParts {
  readonly arrived: Latch;
  recent: ReturnType<typeof newest>;
  /** How many events arrived of types that this build does not know, of the first hundred such types. */
  readonly unknown: Map<string, number>;
  opened: boolean;
  shortLooks: number;
  /** Why nobody may go on, for good. */
  fault: ProjectionFault | undefined;
  /** Why nothing arrives, for now. */
  trouble: string | undefined;
}

/** Nobody folds what nobody knows; that it came is counted and said once. */
const count = ({ unknown, journal }: Listening, type: string): void => {
  const before = unknown.get(type);
  if (before === undefined && unknown.size >= unknownTypesMax) return;
  if (before === undefined) journal.warn('unknown_event_type', { type });
  unknown.set(type, (before ?? 0) + 1);
};

const take = (ear: Listening, { events, position }: Batch): void => {
  const { recent } = ear;
  for (const event of events) {
    if (event.position > recent.head()) {
      recent.add(event);
      if (!ear.knows(event.type)) count(ear, event.type);
    } else if (!recent.has(event.position))
      throw new ProjectionFault('disordered', `the log handed over ${event.position} after ${recent.head()}`);
  }
  recent.reach(position);
  ear.trouble = undefined;
  ear.arrived.open();
};

/** The log must not end before what was seen of it. */
const look = async (ear: Listening): Promise<void> => {
  const head = await ear.log.head();
  if (!ear.opened) ear.recent = newest(head);
  ear.opened = true;
  const seen = ear.recent.head();
  ear.shortLooks = head < seen ? ear.shortLooks + 1 : 0;
  if (ear.shortLooks === 0) return;
  const message = `the log ends at ${head}, and ${seen} was seen before`;
  throw ear.shortLooks < shortLooksMax ? new Error(message) : new ProjectionFault('log_rolled_back', message);
};

const follow = async (ear: Listening, signal: AbortSignal): Promise<void> => {
  await look(ear);
  ear.trouble = undefined;
  ear.arrived.open();
  const head = ear.recent.head();
  const from = head < 0n ? 'start' : head;
  for await (const batch of ear.log.subscribe({ from, filter: { by: 'not_system' }, signal })) take(ear, batch);
  if (!signal.aborted) throw new Error('the subscription ended');
};

const listen = async (ear: Listening, signal: AbortSignal): Promise<void> => {
  const { journal, clock, arrived } = ear;
  for (let failures = 0; !signal.aborted;) {
    const before = ear.recent.head();
    try {
      await follow(ear, signal);
    } catch (error) {
      if (signal.aborted) return;
      failures = ear.recent.head() > before ? 1 : failures + 1;
      ear.trouble = String(error);
      if (error instanceof ProjectionFault) ear.fault = error;
      journal.warn('feed_interrupted', { error: ear.trouble, failures, for_good: ear.fault !== undefined });
      arrived.open();
      if (ear.fault !== undefined) return;
    }
    const longest = Math.min(reopenLongestMs, reopenFirstMs * 2 ** Math.min(failures, 16));
    await pause((longest * (1 + clock.chance())) / 2, signal);
  }
};

/**
 * The one subscription of a node, fanned out: it keeps the newest events, and each reader asks for what comes after its
 * own position. Nobody waits for anybody: a slow reader falls out of what is kept, reads the log by itself, and comes back.
 *
 * What the log hands over again is dropped; what it hands over too late ends everything, for whoever has gone past it can
 * not go back (assurance F28 to F30). A log that has lost what we saw ends everything too (F27).
 */
export const feed = (parts: FeedParts) => {
  const ear: Listening = {
    ...parts,
    arrived: latch(),
    recent: newest(-1n),
    unknown: new Map(),
    opened: false,
    shortLooks: 0,
    fault: undefined,
    trouble: 'not connected yet',
  };
  return {
    arrived: ear.arrived.opened,
    /** Wakes whoever waits, to look around. */
    wake: ear.arrived.open,
    head: () => ear.recent.head(),
    /** Up to `limit` events after a position; `behind` where they are no longer kept. */
    after: (position: bigint, limit: number) => ear.recent.after(position, limit),
    /** How many events come after a position: at least so many, where they are no longer all kept. */
    count: (position: bigint) => ear.recent.count(position),
    /** When the oldest event after a position was recorded, of those that are kept. */
    since: (position: bigint) => ear.recent.since(position),
    unknown: (): ReadonlyMap<string, number> => ear.unknown,
    /** Why nobody may go on, for good. */
    fault: () => ear.fault,
    /** Why nothing arrives, for now. */
    trouble: () => ear.trouble,
    /** Follows the log until the signal; a lost connection is opened again where it ended, for ever. */
    run: (signal: AbortSignal) => listen(ear, signal),
  };
};

export type Feed = ReturnType<typeof feed>;
