import { ProjectionFault } from '../fault.ts';
import { latch, pause, type Latch } from './latch.ts';

/** Nobody waits longer for a read model than this (interfaces 3.1). */
export const waitMsMax = 10_000;
/** More than so many waiters at once are answered at once that they would have to wait. */
const waitersMax = 10_000;

export interface Wait {
  readonly wait_ms: number;
  readonly signal?: AbortSignal;
}

export type Reached =
  | { readonly reached: true; readonly position: bigint }
  /** Not within the time given: where it is, and where it should have been. */
  | { readonly reached: false; readonly position: bigint; readonly required: bigint };

export type Advance = (name: string, position: bigint) => void;

interface Place {
  position: bigint;
  readonly moved: Latch;
}

/**
 * How far each projection is known to have come, and who waits for more: a command answers with its position, and a read
 * that needs to see it waits here, bounded, for the commit that shows it.
 */
export const positions = (names: readonly string[]) => {
  const places = new Map<string, Place>(names.map((name) => [name, { position: -1n, moved: latch() }]));
  const waiting = new Map<string, number>();
  const listeners = new Set<Advance>();
  const asked = latch();
  const never = new AbortController().signal;

  const placeOf = (name: string): Place => {
    const place = places.get(name);
    if (place === undefined) throw new ProjectionFault('unknown', `there is no projection ${name}`);
    return place;
  };

  const wait = async (place: Place, required: bigint, { wait_ms, signal = never }: Wait): Promise<void> => {
    const late = AbortSignal.timeout(Math.min(Math.max(wait_ms, 0), waitMsMax));
    const end = AbortSignal.any([late, signal]);
    while (place.position < required && !end.aborted) await pause(waitMsMax, end, place.moved.opened());
  };

  return {
    of: (name: string): bigint => placeOf(name).position,
    /** Resolves when somebody begins to wait. */
    asked: asked.opened,
    /** Whether anybody waits for this one. */
    awaited: (name: string): boolean => (waiting.get(name) ?? 0) > 0,
    advance: (name: string, position: bigint): void => {
      const place = placeOf(name);
      if (position <= place.position) return;
      place.position = position;
      place.moved.open();
      for (const listener of listeners) listener(name, position);
    },
    /** Hears of every advance; answers how to stop hearing. */
    onAdvance: (listener: Advance): (() => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    reached: async (name: string, required: bigint, options: Wait): Promise<Reached> => {
      const place = placeOf(name);
      const others = waiting.get(name) ?? 0;
      if (place.position < required && others < waitersMax) {
        waiting.set(name, others + 1);
        asked.open();
        await wait(place, required, options).finally(() => waiting.set(name, (waiting.get(name) ?? 1) - 1));
      }
      const { position } = place;
      return position >= required ? { reached: true, position } : { reached: false, position, required };
    },
  };
};

export type Positions = ReturnType<typeof positions>;
