import { durableLog, type DurableLog } from '../doubles/durable.log.ts';
import { durableRoster, type DurableRoster } from '../doubles/durable.roster.ts';
import type { History } from '../checker/history.ts';
import type { Mutant } from '../mutants/mutant.ts';
import { outside, type Outside } from './outside.ts';
import { weather, type Swarm, type Weather } from './weather.ts';
import type { Generation, World } from './world.ts';

/** What a node answers with, and how it is asked to end. */
export interface NodeHands {
  readonly serve: (request: unknown) => Promise<unknown>;
  readonly stop: () => Promise<void>;
}

/** A program that runs as a node. It begins anew with each life, and finds only what is durable. */
export type NodeMain = (life: Generation) => NodeHands;

export interface StagedNode {
  readonly name: string;
  readonly main: NodeMain;
  life: Generation;
  hands: NodeHands | undefined;
}

/** The world with what is durable in it and who acts. */
export interface Stage {
  readonly world: World;
  readonly weather: Weather;
  readonly log: DurableLog;
  readonly roster: DurableRoster;
  /** What was done by capabilities; it outlives every node. */
  readonly outside: Outside;
  readonly history: History;
  readonly mutant: Mutant;
  readonly nodes: Map<string, StagedNode>;
  /** Virtual processes that never die, and are not done yet. */
  readonly busy: Set<string>;
  readonly node: (name: string, main: NodeMain) => void;
  /** Ends a life as a power cut would; answers false for what never dies. */
  readonly die: (generation: Generation) => boolean;
  readonly start: (node: StagedNode) => void;
  /** A virtual process that lives as long as the world: a client, an operator, an auditor. */
  readonly actor: (name: string, main: (life: Generation) => Promise<void>) => void;
}

const restartMs = { least: 50, most: 15_000 };
const positionGapMax = 300;

/** A log is never empty for long; where it is, whoever followed it takes it for one that has lost its events. */
const begun = (log: DurableLog, id: () => string): void => {
  const event = { id: id(), type: 'WorldBegan', data: {}, metadata: {} };
  log.append([{ stream: `world-${id()}`, expected: 'no_stream', events: [event] }]);
};

export const stage = (
  world: World,
  of: Swarm,
  history: History,
  { mutant, empty }: { readonly mutant: Mutant; readonly empty: boolean },
  hear: Parameters<DurableLog['listen']>[0],
): Stage => {
  const { chance, reach } = world;
  const log = durableLog({
    now: world.now,
    id: chance.id,
    gap: () => chance.between(1, positionGapMax),
  });
  log.listen(hear);
  if (!empty) begun(log, chance.id);
  const nodes = new Map<string, StagedNode>();
  const busy = new Set<string>();
  const sky = weather(of);
  const start = (node: StagedNode): void => {
    node.life = world.begin(node.name, node.life.number + 1);
    node.life.bornAfter = log.head();
    world.after(0, 'started', () => void (node.hands = node.main(node.life)), node.life);
  };
  const die = (generation: Generation): boolean => {
    const node = nodes.get(generation.name);
    if (node === undefined || node.life !== generation || !generation.alive) return false;
    generation.alive = false;
    node.hands = undefined;
    reach('node_died');
    world.trace.line(`${generation.name}.${generation.number} died`);
    const restart = (): void => {
      reach(`restart.${node.name.replace(/\d+$/, '')}`);
      start(node);
    };
    world.after(chance.between(restartMs.least, restartMs.most), 'restart', restart, world.nobody);
    return true;
  };
  return {
    world,
    weather: sky,
    log: mutant.log === undefined ? log : mutant.log(log, world),
    roster: mutant.roster === undefined ? durableRoster() : mutant.roster(durableRoster()),
    outside: outside(),
    history,
    mutant,
    nodes,
    busy,
    die,
    start,
    node: (name, main) => {
      const node: StagedNode = { name, main, life: world.begin(name, 0), hands: undefined };
      nodes.set(name, node);
      start(node);
    },
    actor: (name, main) => {
      const life = world.begin(name, 1);
      busy.add(name);
      const begin = (): void =>
        void main(life).then(
          () => void busy.delete(name),
          (error: unknown) => void world.broken.push(`${name}: ${String(error)}`),
        );
      world.after(0, 'started', begin, life);
    },
  };
};
