import { checker, history } from './checker/history.ts';
import { sound, type Mutant } from './mutants/mutant.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { auditor } from './world/auditor.ts';
import { chance } from './world/chance.ts';
import { chaos } from './world/chaos.ts';
import { stage as staged, type Stage } from './world/stage.ts';
import { installVirtualTime, realResources } from './world/virtual.time.ts';
import { swarm } from './world/weather.ts';
import { world as worldOf, type World } from './world/world.ts';

/** What a seed led to. `violations` is empty where every promise was kept. */
export interface Ran {
  readonly seed: number;
  readonly digest: string;
  readonly steps: number;
  readonly events: number;
  readonly virtualMs: number;
  readonly violations: readonly string[];
  readonly reached: ReadonlyMap<string, number>;
}

export interface Simulation {
  readonly scenario: Scenario;
  readonly mutant?: Mutant;
  /** Virtual minutes with faults; 1 where nothing is said. */
  readonly minutes?: number;
  /** With faults that the engines are known not to stand (`seeds.open.txt`). */
  readonly hunt?: boolean;
  readonly show?: (line: string) => void;
}

const minuteMs = 60_000;
/** After the last fault everything must come to its end within so long (`assurance.md` 4.2). */
const healingMs = 10 * minuteMs;
const lookEveryMs = 1_000;
/** What still goes on by itself when all seems done has so long to show. */
const quietMs = 5_000;

let running: World | undefined;
let installed = false;

const install = (): void => {
  if (installed) return;
  installed = true;
  installVirtualTime(() => {
    if (running === undefined) throw new Error('no world is running');
    return running;
  });
  // An unhandled rejection ends a real node; here it ends the seed.
  process.on('unhandledRejection', (error) => void running?.broken.push(`unhandled rejection: ${String(error)}`));
};

/** Lets the world run until all is done that must be, or the time for it is up. */
const played = async (stage: Stage, healAt: number, pending: () => number, faulty: () => boolean): Promise<void> => {
  const { world, busy } = stage;
  let over = false;
  let quietSince: number | undefined;
  const look = (): void => {
    const open = pending() + busy.size;
    quietSince = open > 0 ? undefined : (quietSince ?? world.now());
    if (quietSince !== undefined && world.now() - quietSince >= quietMs) over = true;
    else world.after(lookEveryMs, 'look', look, world.nobody);
  };
  world.after(healAt - world.now(), 'look', look, world.nobody);
  world.after(healAt - world.now() + healingMs, 'time is up', () => void (over = true), world.nobody);
  await world.run(() => over || faulty());
};

/**
 * Plays one seed of a scenario to its end. The same seed, scenario and mutant lead to the same trace, to the letter.
 * For a process of its own: time and chance of the whole process are the world's from the first call on.
 */
export const simulate = async (
  seed: number,
  { scenario, mutant = sound, minutes = 1, hunt = false, show }: Simulation,
): Promise<Ran> => {
  install();
  const world = worldOf(seed, show);
  running = world;
  const began = world.now();
  const healAt = began + minutes * minuteMs;
  const sofar = history(world.ledger);
  const violations: string[] = [];
  const made = scenario.invariants.map((invariantOf) => invariantOf(world.reach));
  const check = checker(made, sofar, (violation) => {
    violations.push(violation);
    world.trace.line(`VIOLATION ${violation}`);
  });
  const hear: Parameters<typeof staged>[4] = (events) => {
    for (const { stream, revision, type } of events) {
      world.trace.line(`  durable ${stream}@${revision} ${type}`);
      world.reach(`event.${type}`);
    }
    check.see(events);
  };
  const stage = staged(world, swarm(chance(seed ^ 0x5eed), hunt), sofar, { mutant, empty: hunt }, hear);
  auditor(stage);
  scenario.cast(stage);
  chaos(stage, healAt);
  const pending = (): number => made.reduce((open, invariant) => open + (invariant.pending?.() ?? 0), 0);
  await played(stage, healAt, pending, () => violations.length > 0);
  violations.push(...world.broken.map((fault) => `broken: ${fault}`));
  if (violations.length === 0) {
    if (stage.busy.size > 0) violations.push(`L1: not done: ${[...stage.busy].join(', ')}`);
    check.end();
    const alive = realResources();
    if (alive.length > 0) violations.push(`real: ${alive.join(', ')}`);
  }
  const { reached } = world;
  const lines = violations.map((violation) => `END ${violation}`);
  for (const line of lines) world.trace.line(line);
  return {
    seed,
    digest: world.trace.digest(),
    steps: world.moment(),
    events: sofar.events.length,
    virtualMs: world.now() - began,
    violations,
    reached,
  };
};
