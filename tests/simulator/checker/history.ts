import type { StoredEvent } from '../../../src/ports.ts';
import type { LedgerEntry } from '../world/world.ts';

/** An append that a generation was told of. */
export interface ToldAppend {
  readonly name: string;
  readonly generation: number;
  readonly moment: number;
  readonly ids: readonly string[];
}

/** A command that its client was told is done. */
export interface Acknowledged {
  readonly command_id: string;
  readonly stream: string;
  readonly revision: number;
}

/** All that can be known of a run: what is durable, what was told to whom, what was done outside. */
export interface History {
  readonly events: StoredEvent[];
  readonly streams: Map<string, StoredEvent[]>;
  readonly ledger: readonly LedgerEntry[];
  readonly told: ToldAppend[];
  readonly acknowledged: Acknowledged[];
  /** What those saw who followed the log all the time, in the order they saw it. */
  readonly readers: Map<string, StoredEvent[]>;
}

export const history = (ledger: readonly LedgerEntry[]): History => ({
  events: [],
  streams: new Map(),
  ledger,
  told: [],
  acknowledged: [],
  readers: new Map(),
});

/** What must always hold. A fault is said in a sentence; undefined where there is none. */
export interface Invariant {
  readonly id: string;
  /** Before the event is counted among what has happened so far. */
  readonly check: (event: StoredEvent, sofar: History) => string | undefined;
  /** When all is over: after healing, when every actor is done or the time for it is up. */
  readonly atEnd: (whole: History) => string | undefined;
  /** How much has still to happen before this can hold at the end; the run waits for it, as long as healing may take. */
  readonly pending?: () => number;
}

/** Made anew for each run, for most of them remember something; `reach` counts what was worth reaching. */
export type InvariantOf = (reach: (what: string) => void) => Invariant;

export const nothing = (): undefined => undefined;

/** Feeds what becomes durable to the invariants; `found` hears what is broken. */
export const checker = (made: readonly Invariant[], sofar: History, found: (violation: string) => void) => {
  const say = (id: string, fault: string | undefined): void => {
    if (fault !== undefined) found(`${id}: ${fault}`);
  };
  return {
    see: (events: readonly StoredEvent[]): void => {
      for (const event of events) {
        for (const { id, check } of made) say(id, check(event, sofar));
        sofar.events.push(event);
        const stream = sofar.streams.get(event.stream) ?? [];
        sofar.streams.set(event.stream, stream);
        stream.push(event);
      }
    },
    end: (): void => {
      for (const { id, atEnd } of made) say(id, atEnd(sofar));
    },
  };
};
