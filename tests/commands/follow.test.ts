import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postgresRoster } from '../../src/adapters/postgres/roster.ts';
import { execute } from '../../src/commands/execute.ts';
import { follow } from '../../src/commands/follow.ts';
import type { Performed } from '../../src/commands/flights.ts';
import { kind } from '../../src/commands/kind.ts';
import { LogError, type EventLog, type Roster, type StoredEvent } from '../../src/ports.ts';
import { pglite, type FreshDatabase } from '../support/databases.ts';
import {
  acts,
  begin,
  eventually,
  reachable,
  recorded,
  startNode,
  stopNode,
  stopNodes,
  tell,
  type TestNode,
} from './drivers.ts';
import { errand, errandCatalogue, errandProcess } from './errand.ts';
import { engineOn, provenance, typesIn } from './engines.ts';
import { openLog } from './setting.ts';

const log = await openLog();

let database: FreshDatabase;
let roster: Roster;
beforeAll(async () => {
  database = await pglite.open();
  roster = postgresRoster(database.database.background);
});
afterAll(() => database.discard());
const clean = async (): Promise<void> => {
  await sql`truncate acta.processes, acta.checkpoints`.execute(database.database.background);
  await roster.wake([], { name: 'processes', position: await log.head() });
};
beforeEach(clean);

const followers = new Set<() => Promise<void>>();
afterEach(async () => {
  await Promise.all([...followers].map((stop) => stop()));
  followers.clear();
  await stopNodes();
});

/** Lets a node follow the log; what it was told to react to is noted. */
const following = (
  node: TestNode,
  {
    on = log,
    at = roster,
    doing = () => Promise.resolve(),
  }: { readonly on?: EventLog; readonly at?: Roster; readonly doing?: (event: StoredEvent) => Promise<void> } = {},
) => {
  const ending = new AbortController();
  const handled: StoredEvent[] = [];
  const react = async (event: StoredEvent): Promise<void> => {
    handled.push(event);
    await doing(event);
  };
  const kinds = [kind('errand', 'errand', errandProcess, { act: async () => ({ ok: true, result: '' }) })];
  const { journal } = node;
  const work = follow(
    { ...node.engine, log: on },
    { roster: at, driver: node.driver, kinds, react, journal },
    ending.signal,
  );
  const stop = async (): Promise<void> => {
    ending.abort();
    await work;
  };
  followers.add(stop);
  return { handled, stop };
};
const elsewhere = () => ({ engine: engineOn(log, errandCatalogue) });
const streamsOf = (events: readonly StoredEvent[]): readonly string[] => events.map(({ stream }) => stream);

describe('a node that follows the log', () => {
  it('drives what another node began', async () => {
    const node = startNode(log, roster);
    following(node);
    const streams = await Promise.all([1, 2, 3].map(() => begin(elsewhere(), { steps: 2 })));
    for (const stream of streams) await recorded(log, stream, 'ErrandEnded');
    expect(node.performed).toHaveLength(6);
  });
  it('drives what began while nobody was there', async () => {
    const stream = await begin(elsewhere(), { steps: 2 });
    const node = startNode(log, roster);
    following(node);
    await recorded(log, stream, 'ErrandEnded');
  });
  it('is one of many that do: every step is recorded once, and each is performed once', async () => {
    const nodes = [startNode(log, roster), startNode(log, roster)];
    for (const node of nodes) following(node);
    const streams = await Promise.all(Array.from({ length: 20 }, () => begin(elsewhere(), { steps: 2 })));
    for (const stream of streams) {
      await recorded(log, stream, 'ErrandEnded');
      expect(await acts(log, stream)).toEqual(['0:0', '1:0']);
    }
    expect(nodes.flatMap(({ performed }) => performed)).toHaveLength(40);
  });
  it('tells an instance that it drives what others append to it', async () => {
    const aborted: string[] = [];
    const node = startNode(log, roster, {
      answer: (_, { stream, signal }) =>
        new Promise<Performed>((resolve) => {
          signal.addEventListener('abort', () => {
            aborted.push(stream);
            resolve({ ok: true, result: 'late' });
          });
        }),
    });
    following(node);
    const stream = await begin(node);
    await eventually(() => expect(node.performed).toHaveLength(1));
    await tell(elsewhere().engine, stream, { type: 'CancelErrand' });
    await eventually(() => expect(aborted).toEqual([stream]));
    await eventually(() => expect(node.driver.running()).toBe(0));
    expect(await typesIn(log, stream)).toEqual(['ErrandBegun', 'ErrandCanceled']);
  });
  it('is not woken by what a process recorded itself', async () => {
    const wakes: string[] = [];
    const listening: Roster = {
      ...roster,
      wake: async (entries, checkpoint) => {
        wakes.push(...entries.map(({ stream }) => stream));
        await roster.wake(entries, checkpoint);
      },
    };
    const node = startNode(log, roster);
    const stream = await begin(node, { steps: 3 });
    await recorded(log, stream, 'ErrandEnded');
    const { handled } = following(startNode(log, roster), { at: listening });
    await eventually(() => expect(streamsOf(handled).filter((each) => each === stream)).toHaveLength(5));
    const marker = await begin(elsewhere());
    await recorded(log, marker, 'ErrandEnded');
    // What began elsewhere wakes, whoever may have ended it since; the steps of it do not.
    expect(wakes.filter((each) => each === marker)).toHaveLength(1);
    expect(wakes.filter((each) => each === stream).length).toBeLessThanOrEqual(1);
  });
});

describe('what is reacted to', () => {
  /** One batch of events of these streams, in this order; the log itself where it is asked again. */
  const batchOf = (
    streams: readonly string[],
    head: bigint,
  ): { readonly on: EventLog; readonly positions: bigint[] } => {
    const events = streams.map((stream, n) => ({
      ...{ id: randomUUID(), type: 'Noted', data: {}, metadata: {}, stream, revision: n },
      position: head - BigInt(streams.length - 1 - n),
      recorded_at: '2026-11-21T12:00:00.000Z',
    }));
    const subscribe: EventLog['subscribe'] = async function* () {
      yield { events, position: head } as never;
    };
    return { on: { ...log, subscribe }, positions: events.map(({ position }) => position) };
  };

  it('keeps the order of its stream, and does not wait for other streams', async () => {
    const { on } = batchOf(['note-a', 'note-a', 'note-b', 'note-b'], await log.head());
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const node = startNode(log, roster);
    const { handled } = following(node, {
      on,
      doing: ({ stream }) => (stream === 'note-a' ? opened : Promise.resolve()),
    });
    const seen = () => handled.slice(0, 4).map(({ stream, revision }) => `${stream} ${revision}`);
    await eventually(() => expect(seen()).toEqual(['note-a 0', 'note-b 2', 'note-b 3']));
    open();
    await eventually(() => expect(seen()).toEqual(['note-a 0', 'note-b 2', 'note-b 3', 'note-a 1']));
  });

  it('is not passed where it could not be done: the whole batch comes again', async () => {
    const { on, positions } = batchOf(['note-a', 'note-b'], await log.head());
    let failures = 2;
    const node = startNode(log, roster);
    const { handled } = following(node, {
      on,
      doing: ({ stream }) => {
        if (stream !== 'note-b' || failures === 0) return Promise.resolve();
        failures -= 1;
        return Promise.reject(new LogError('unavailable', 'the log is away'));
      },
    });
    await eventually(() => {
      const seen = handled.filter(({ stream }) => stream === 'note-b').map(({ position }) => position);
      expect(seen.slice(0, 3)).toEqual([positions[1], positions[1], positions[1]]);
    });
    expect(failures).toBe(0);
  });
});

describe('a place in the log', () => {
  it('is kept: what was handled is not handled again after a restart', async () => {
    const node = startNode(log, roster);
    const before = following(node);
    const stream = await begin(elsewhere());
    await recorded(log, stream, 'ErrandEnded');
    await eventually(() => expect(streamsOf(before.handled)).toContain(stream));
    const position = await eventually(async () => {
      const at = await roster.position('processes');
      const [begun] = before.handled.filter((event) => event.stream === stream);
      if (begun === undefined || at === undefined || at < begun.position) throw new Error('not yet');
      return at;
    });
    await before.stop();
    await stopNode(node);
    const after = following(startNode(log, roster));
    const next = await begin(elsewhere());
    await eventually(() => expect(streamsOf(after.handled)).toContain(next));
    expect(after.handled.every((event) => event.position > position)).toBe(true);
  });
  it('is not moved before what it stands for was noted: a crash in between handles it again, and wakes it then', async () => {
    const { reach, roster: shaky } = reachable(roster);
    const first = startNode(log, shaky);
    const before = following(first, { at: shaky });
    reach.down = true;
    const stream = await begin(elsewhere());
    await eventually(() =>
      expect(first.journal.told).toContainEqual(expect.objectContaining({ event: 'follow_interrupted' })),
    );
    await before.stop();
    await stopNode(first);
    expect(await typesIn(log, stream)).toEqual(['ErrandBegun']);
    const after = following(startNode(log, roster));
    await recorded(log, stream, 'ErrandEnded');
    expect(streamsOf(after.handled)).toContain(stream);
  });
  it('is found again when the connection is lost, as often as it is', async () => {
    let losses = 0;
    const shaky: EventLog = {
      ...log,
      subscribe: async function* (options) {
        for await (const batch of log.subscribe(options)) {
          yield batch;
          if (batch.events.length > 0 && losses < 4) {
            losses += 1;
            throw new LogError('unavailable', 'the subscription was dropped');
          }
        }
      },
    };
    const node = startNode(log, roster);
    const { handled } = following(node, { on: shaky });
    const streams: string[] = [];
    for (let n = 0; n < 6; n += 1) {
      const stream = await begin(elsewhere());
      streams.push(stream);
      await recorded(log, stream, 'ErrandEnded');
    }
    expect(losses).toBe(4);
    for (const stream of streams) expect(streamsOf(handled)).toContain(stream);
    // Nothing was skipped: whatever was seen twice was seen in order.
    const begun = handled.filter(({ type }) => type === 'ErrandBegun').map(({ position }) => position);
    expect([...new Set(begun)]).toEqual([...new Set(begun)].toSorted((a, b) => Number(a - b)));
  });
  it('is left when the signal says so, even while nothing can be reached', async () => {
    const { reach, roster: shaky } = reachable(roster);
    reach.down = true;
    const node = startNode(log, shaky);
    const { stop } = following(node, { at: shaky });
    await eventually(() =>
      expect(node.journal.told.filter(({ event }) => event === 'follow_interrupted').length).toBeGreaterThan(1),
    );
    await stop();
  });
});

describe('a name', () => {
  it('of a process says which streams are its own', async () => {
    const node = startNode(log, roster);
    following(node);
    const engine = engineOn(log, errandCatalogue);
    // Another process asks this one for something: that is no step of its own.
    const stream = `errand-${randomUUID()}`;
    const asked = { type: 'BeginErrand', steps: 1, width: 1, waits: {} } as const;
    await execute(engine, errand, stream, asked, provenance(randomUUID(), { actor: 'process:goal' }));
    await recorded(log, stream, 'ErrandEnded');
  });
});
