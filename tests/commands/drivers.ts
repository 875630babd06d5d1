import { randomUUID } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import { vi } from 'vitest';
import { driver, type Driver } from '../../src/commands/drive.ts';
import { execute, type Engine } from '../../src/commands/execute.ts';
import type { Perform, Performed } from '../../src/commands/flights.ts';
import { kind } from '../../src/commands/kind.ts';
import type { EventLog, Roster } from '../../src/ports.ts';
import { quietJournal } from '../support/quiet.journal.ts';
import { errand, errandCatalogue, errandProcess, type Act, type ErrandCommand } from './errand.ts';
import { engineOn, eventsIn, movableClock, provenance, typesIn } from './engines.ts';

/** A promise that a test keeps when it likes. */
export const promised = <T = void>() => {
  let keep: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => {
    keep = resolve;
  });
  return { promise, keep };
};

type Answer = (act: Act, context: Parameters<Perform>[1]) => Promise<Performed> | Performed;
const well: Answer = ({ key }) => ({ ok: true, result: `did ${key}` });

export interface TestNode {
  readonly engine: Engine;
  readonly driver: Driver;
  readonly clock: ReturnType<typeof movableClock>;
  readonly journal: ReturnType<typeof quietJournal>;
  /** Every act that was begun, as `stream act:step:lane`, in order. */
  readonly performed: string[];
}

const nodes = new Set<TestNode>();

/** A node that drives errands, begun at once; `answer` performs their acts. */
export const startNode = (
  log: EventLog,
  roster: Roster,
  {
    answer = well,
    owner = randomUUID(),
    ahead = 0,
  }: { readonly answer?: Answer; readonly owner?: string; readonly ahead?: number } = {},
): TestNode => {
  const clock = movableClock();
  clock.ahead = ahead;
  const engine = engineOn(log, errandCatalogue, clock);
  const performed: string[] = [];
  const journal = quietJournal();
  const act: Perform<Act> = async (effect, context) => {
    performed.push(`${context.stream} ${effect.key}`);
    return await answer(effect, context);
  };
  const errands = kind('errand', 'errand', errandProcess, { act });
  const node: TestNode = {
    engine,
    clock,
    performed,
    journal,
    driver: driver(engine, { roster, kinds: [errands], owner, journal }),
  };
  node.driver.start();
  nodes.add(node);
  return node;
};

/** Stops a node as a crash would, as far as one can within a process: nothing more is recorded, nothing is waited for. */
export const crash = async (node: TestNode, roster: { down: boolean }): Promise<void> => {
  nodes.delete(node);
  const before = roster.down;
  roster.down = true;
  await node.driver.stop(0);
  roster.down = before;
};

export const stopNode = async (node: TestNode, graceMs?: number): Promise<void> => {
  nodes.delete(node);
  await node.driver.stop(graceMs);
};

export const stopNodes = async (): Promise<void> => {
  await Promise.all([...nodes].map((node) => stopNode(node, 0)));
};

export const errandStream = (): string => `errand-${randomUUID()}`;

export const tell = async (engine: Engine, stream: string, command: ErrandCommand): Promise<void> => {
  const outcome = await execute(engine, errand, stream, command, provenance());
  if (E.isLeft(outcome)) throw new Error(JSON.stringify(outcome.left));
};

/** Begins an errand on a node. */
export const begin = async (
  { engine }: { readonly engine: Engine },
  {
    steps = 1,
    width = 1,
    waits = {},
  }: { readonly steps?: number; readonly width?: number; readonly waits?: Readonly<Record<string, string>> } = {},
): Promise<string> => {
  const stream = errandStream();
  await tell(engine, stream, { type: 'BeginErrand', steps, width, waits: { ...waits } });
  return stream;
};

const waitOptions = { timeout: 20_000, interval: 5 };
/** Waits until something holds; looks, and does not guess how long it takes. */
export const eventually = <T>(look: () => T | Promise<T>): Promise<T> => vi.waitFor(look, waitOptions);

/** Waits until an errand has recorded an event of this type, and answers all types. */
export const recorded = (log: EventLog, stream: string, type: string): Promise<readonly string[]> =>
  eventually(async () => {
    const types = await typesIn(log, stream);
    if (!types.includes(type)) throw new Error(`${stream}: ${types.join(', ')}`);
    return types;
  });

/** Which acts an errand has on record, as `step:lane`, in order. */
export const acts = async (log: EventLog, stream: string): Promise<readonly string[]> =>
  (await eventsIn(log, stream))
    .filter(({ type }) => type === 'ActEnded')
    .map(({ data }) => data as { step: number; lane: number })
    .map(({ step, lane }) => `${step}:${lane}`);

/** A roster that can be taken out of reach. */
export const reachable = (roster: Roster) => {
  const reach = { down: false };
  const guarded = Object.fromEntries(
    Object.entries(roster).map(([name, call]) => [
      name,
      async (...given: readonly never[]) => {
        if (reach.down) throw new Error('the roster is out of reach');
        return await (call as (...all: readonly never[]) => Promise<unknown>)(...given);
      },
    ]),
  ) as unknown as Roster;
  return { reach, roster: guarded };
};
