import type { Chance } from './chance.ts';

/** What may go wrong with a call of a port, each by its probability; 0 where a seed has left it out. */
export interface CallFaults {
  /** Refused before anything was done. */
  readonly fails: number;
  /** Done, and its caller is told that no answer came. */
  readonly lost: number;
  /** Its caller is told that no answer came; then it is done, some seconds later. */
  readonly late: number;
  /** Done twice, as a transport that retries by itself does it. */
  readonly twice: number;
  readonly diesBefore: number;
  readonly diesAfter: number;
}

export const linkNames = ['log', 'roster', 'model', 'outside'] as const;
export type LinkName = (typeof linkNames)[number];

/** Which faults a seed has, and how strong (swarm testing: some of all, differently each time). */
export interface Swarm {
  readonly calls: Readonly<Record<LinkName, CallFaults>>;
  readonly slow: Readonly<Record<LinkName, number>>;
  /** Milliseconds between two of them; 0 for never. */
  readonly kills: number;
  readonly stops: number;
  readonly gracefulStops: number;
  readonly outages: number;
  readonly clogs: number;
  readonly jumps: number;
  readonly drift: number;
  readonly cuts: number;
  readonly duplicates: number;
  readonly smallPages: boolean;
  readonly model: { readonly busy: number; readonly hangs: number; readonly cut: number; readonly hostile: number };
  readonly lostAnswers: number;
  readonly storms: boolean;
}

const strengths = [0.005, 0.02, 0.06, 0.15];

/**
 * Draws the faults of a seed. `hunt` adds those that the engines are known not to stand: a statement to the roster that
 * takes effect long after its caller has given up.
 */
export const swarm = (chance: Chance, hunt = false): Swarm => {
  const often = (on: number): number => (chance.happens(on) ? chance.pick(strengths) : 0);
  const every = (on: number, least: number, most: number): number =>
    chance.happens(on) ? chance.between(least, most) : 0;
  const faults = (on: number): CallFaults => ({
    fails: often(on),
    lost: often(on),
    late: often(on / 2),
    twice: often(on / 2),
    diesBefore: chance.happens(on / 2) ? chance.pick([0.002, 0.01]) : 0,
    diesAfter: chance.happens(on / 2) ? chance.pick([0.002, 0.01]) : 0,
  });
  const slowness = (): number => (chance.happens(0.2) ? chance.pick([20, 200]) : 1);
  return {
    calls: {
      log: faults(0.5),
      roster: { ...faults(0.4), ...(hunt ? {} : { late: 0 }) },
      model: faults(0.3),
      outside: faults(0.5),
    },
    slow: { log: slowness(), roster: slowness(), model: slowness() === 1 ? 1 : 5, outside: 1 },
    kills: every(0.5, 4_000, 40_000),
    stops: every(0.4, 5_000, 40_000),
    gracefulStops: every(0.3, 10_000, 60_000),
    outages: every(0.4, 8_000, 40_000),
    clogs: every(0.4, 5_000, 30_000),
    jumps: every(0.3, 5_000, 40_000),
    drift: chance.happens(0.2) ? chance.pick([-0.5, 0.2, 3]) : 0,
    cuts: often(0.4),
    duplicates: often(0.3),
    smallPages: chance.happens(0.3),
    model: { busy: often(0.5), hangs: often(0.3), cut: often(0.4), hostile: often(0.4) },
    lostAnswers: often(0.4),
    storms: chance.happens(0.3),
  };
};

const calm: CallFaults = { fails: 0, lost: 0, late: 0, twice: 0, diesBefore: 0, diesAfter: 0 };

/** No fault at all: what the world is like after healing. */
export const fair: Swarm = {
  calls: { log: calm, roster: calm, model: calm, outside: calm },
  slow: { log: 1, roster: 1, model: 1, outside: 1 },
  kills: 0,
  stops: 0,
  gracefulStops: 0,
  outages: 0,
  clogs: 0,
  jumps: 0,
  drift: 0,
  cuts: 0,
  duplicates: 0,
  smallPages: false,
  model: { busy: 0, hangs: 0, cut: 0, hostile: 0 },
  lostAnswers: 0,
  storms: false,
};

/** The faults as they are now. Chaos changes it; calls look at it when they arrive. */
export interface Weather {
  swarm: Swarm;
  healed: boolean;
  /** Until when a dependency answers nobody. */
  readonly downUntil: Record<LinkName, number>;
  /** `node>link`: nothing gets through before this instant; then all of it, in any order. */
  readonly cloggedUntil: Map<string, number>;
  /** How far the clock of a node is off, in milliseconds. */
  readonly ahead: Map<string, number>;
}

export const weather = (of: Swarm): Weather => ({
  swarm: of,
  healed: false,
  downUntil: { log: 0, roster: 0, model: 0, outside: 0 },
  cloggedUntil: new Map(),
  ahead: new Map(),
});
