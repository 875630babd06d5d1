import { agenda } from './agenda.ts';
import { chance, type Chance } from './chance.ts';
import { trace, type Trace } from './trace.ts';
import { real } from './virtual.time.ts';

/** One life of a virtual process. What belongs to a dead one never happens: no promise settles, no `finally` runs. */
export interface Generation {
  readonly name: string;
  readonly number: number;
  readonly born: number;
  /** The newest event of the log when it began. */
  bornAfter: bigint;
  alive: boolean;
  /** Stopped by a signal: nothing of it happens before this instant. */
  heldUntil: number;
}

/** A call of the outside world: what a run does to it (`assurance.md` 4.3, I3). */
export interface LedgerEntry {
  /** The same for all attempts of one effect. */
  readonly key: string;
  readonly what: string;
  readonly effect_class: string;
  readonly at: number;
  readonly node: string;
  readonly generation: number;
  /** When the generation that called began, and which event was the newest then. */
  readonly bornAfter: bigint;
  /** Position of the newest durable event when the call was made, and the moment of that. */
  readonly after: bigint;
  readonly moment: number;
  /** Whether the outside changed. A second call under a known key of a keyed capability changes nothing. */
  readonly applied: boolean;
}

export interface World {
  readonly seed: number;
  readonly chance: Chance;
  readonly trace: Trace;
  readonly now: () => number;
  /** How many things have happened: tells what was first within an instant. */
  readonly moment: () => number;
  /** The generation whose callback runs now. */
  readonly current: () => Generation;
  readonly after: (ms: number, label: string, run: () => void, owner?: Generation) => void;
  readonly begin: (name: string, number: number) => Generation;
  /** Runs something as this generation, at once: whatever it sets off belongs to it. */
  readonly as: <T>(owner: Generation, run: () => T) => T;
  readonly nobody: Generation;
  readonly ledger: LedgerEntry[];
  /** Counts that something worth reaching was reached. */
  readonly reach: (what: string) => void;
  readonly reached: ReadonlyMap<string, number>;
  /** Lets things happen until this answers true, nothing is left, or somebody broke the world. Answers how many happened. */
  readonly run: (over: () => boolean) => Promise<number>;
  /** What a bug of the simulated program led to that no invariant sees, as an exception nobody caught. */
  readonly broken: string[];
}

/** The virtual epoch: 2026-01-01. */
const epochMs = Date.UTC(2026, 0, 1);

export const world = (seed: number, show?: (line: string) => void): World => {
  const dice = chance(seed);
  const told = trace(show);
  const coming = agenda();
  const reached = new Map<string, number>();
  const broken: string[] = [];
  let now = epochMs;
  let steps = 0;
  const begin = (name: string, number: number): Generation => ({
    name,
    number,
    born: now,
    bornAfter: -1n,
    alive: true,
    heldUntil: 0,
  });
  const nobody = begin('world', 0);
  let current = nobody;

  const as = <T>(owner: Generation, run: () => T): T => {
    const before = current;
    current = owner;
    try {
      return run();
    } finally {
      current = before;
    }
  };

  const after: World['after'] = (ms, label, run, owner = current) => {
    const due = {
      at: now + ms,
      tie: dice.next(),
      run: () => {
        if (!owner.alive) return;
        if (owner.heldUntil > now) {
          due.at = owner.heldUntil;
          coming.add(due);
          return;
        }
        current = owner;
        if (label !== 'timer') told.line(`${now - epochMs} ${owner.name}.${owner.number} ${label}`);
        run();
      },
    };
    coming.add(due);
  };

  const run: World['run'] = (over) =>
    new Promise((resolve) => {
      // Between two immediates Node drains all microtasks: whatever a callback sets off has happened before the next one.
      const step = (): void => {
        const due = over() || broken.length > 0 ? undefined : coming.take();
        if (due === undefined) {
          current = nobody;
          resolve(steps);
          return;
        }
        now = Math.max(now, due.at);
        steps += 1;
        try {
          due.run();
        } catch (error) {
          broken.push(`${current.name} threw: ${String(error)}`);
        }
        real.setImmediate(step);
      };
      real.setImmediate(step);
    });

  return {
    seed,
    chance: dice,
    trace: told,
    now: () => now,
    moment: () => steps,
    current: () => current,
    after,
    begin,
    as,
    nobody,
    ledger: [],
    reach: (what) => void reached.set(what, (reached.get(what) ?? 0) + 1),
    reached,
    run,
    broken,
  };
};
