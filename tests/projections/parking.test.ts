import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EventLog } from '../../src/ports.ts';
import { streams } from '../../src/projections/streams/streams.projection.ts';
import type { Database } from '../../src/schema.ts';
import { databases, type FreshDatabase } from '../support/databases.ts';
import { cursed, JarFilled, jars, MarblesAdded, marblesMax, MarblesPoured } from './jars.ts';
import { running, statusOf, untilReached, untilState } from './setting.ts';
import { emptied, engine, expected, jarOf, openLog, record, served, tell } from './story.ts';

const added = (jar: number, marbles: number) => MarblesAdded({ jar_id: jarOf(jar), marbles });
const filled = (jar: number, marbles: number) => JarFilled({ jar_id: jarOf(jar), label: `jar ${jar}`, marbles });

describe.each(await databases())('a poisonous event on $name', ({ open }) => {
  let fresh: FreshDatabase;
  let database: Database;
  let log: EventLog;
  let discard: () => Promise<void>;

  beforeAll(async () => {
    fresh = await open();
    ({ database } = fresh);
  });
  afterAll(() => fresh.discard());
  beforeEach(async () => {
    await emptied(database);
    ({ log, discard } = await openLog());
  });
  afterEach(async () => {
    cursed.clear();
    await discard();
  });
  const marbles = async (jar: number) => (await served(database, jars())).get(jarOf(jar))?.['marbles'];

  it('is parked for its row alone, and folded in order once it is none any more', async () => {
    cursed.add(13);
    await running(engine(log, database, [jars(), streams]), async (engine) => {
      await record(log, 1, filled(1, 10), filled(2, 10));
      const poison = await record(log, 1, added(1, 13));
      const last = await record(
        log,
        2,
        added(1, 1),
        added(2, 5),
        MarblesPoured({ from: jarOf(2), to: jarOf(1), marbles: 2 }),
      );
      await untilReached(engine, 'jars', last);
      await untilReached(engine, 'streams', last);
      expect([await marbles(1), await marbles(2)]).toEqual([10, 13]);
      expect(await statusOf(engine, 'jars')).toMatchObject({ state: 'degraded', parked: 3 });
      expect(await statusOf(engine, 'streams')).toMatchObject({ state: 'live', parked: 0 });
      const [first, ...behind] = await engine.parked('jars');
      expect(first).toMatchObject({
        position: poison,
        key: jarOf(1),
        event_type: 'MarblesAdded',
        attempts: 3,
        error: 'Error: 13 marbles are cursed',
      });
      expect(behind.map(({ attempts }) => attempts)).toEqual([0, 0]);

      expect(await engine.retryParked('jars')).toEqual({ folded: 0, parked: 3 });
      cursed.clear();
      expect(await engine.retryParked('jars')).toEqual({ folded: 3, parked: 0 });
      await untilReached(engine, 'jars', await record(log, 1, added(1, 1)));
      await untilState(engine, 'jars', 'live');
      expect(await served(database, jars())).toEqual(await expected(log, jars()));
    });
  });

  it('stays parked when the engine starts again, and can be skipped', async () => {
    cursed.add(13);
    await running(engine(log, database, [jars()]), async (engine) => {
      await untilReached(engine, 'jars', await record(log, 1, filled(1, 10), added(1, 13)));
    });
    await running(engine(log, database, [jars()]), async (engine) => {
      await untilReached(engine, 'jars', await record(log, 1, added(1, 4)));
      await untilState(engine, 'jars', 'degraded');
      const [poison] = await engine.parked('jars');
      expect(await engine.skipParked('jars', poison!.position)).toEqual({ skipped: 1, folded: 1, parked: 0 });
      expect(await engine.skipParked('jars', poison!.position)).toEqual({ skipped: 0, folded: 0, parked: 0 });
      await untilState(engine, 'jars', 'live');
      expect(await marbles(1)).toBe(14);
    });
  });

  it('is found among many where only the database knows it', async () => {
    await running(engine(log, database, [jars(), streams]), async (engine) => {
      await tell(log, 0, 300);
      const poison = await record(log, 50, filled(50, marblesMax));
      const position = await tell(log, 300, 600);
      await record(log, 50, added(50, -marblesMax));
      await untilReached(engine, 'jars', position);
      await untilReached(engine, 'streams', position);
      await untilState(engine, 'jars', 'degraded');
      const [parked] = await engine.parked('jars');
      expect(parked).toMatchObject({ position: poison, key: jarOf(50) });
      expect(parked!.error).toContain('jars_hold');
      const others = (rows: ReadonlyMap<string, unknown>) => [...rows].filter(([key]) => key !== jarOf(50));
      expect(new Map(others(await served(database, jars())))).toEqual(new Map(others(await expected(log, jars()))));
      // Together with what came after it, the row can be stored: what the database refuses is tried as a whole.
      await untilReached(engine, 'jars', await log.head());
      expect(await engine.retryParked('jars')).toEqual({ folded: 2, parked: 0 });
    });
  });

  it('goes on being parked, one row not keeping the other, where the database still refuses it', async () => {
    cursed.add(13);
    await running(engine(log, database, [jars()]), async (engine) => {
      await untilReached(engine, 'jars', await record(log, 50, filled(50, marblesMax), filled(1, 13)));
      cursed.clear();
      expect(await engine.retryParked('jars')).toEqual({ folded: 1, parked: 1 });
      expect(await marbles(1)).toBe(13);
      await untilState(engine, 'jars', 'degraded');
    });
  });

  it('that cannot be understood holds its stream, not the others', async () => {
    await running(engine(log, database, [jars()]), async (engine) => {
      const stream = `jar-${jarOf(7)}`;
      const future = { id: randomUUID(), ...added(7, 1), metadata: { version: '2' } };
      const malformed = { id: randomUUID(), type: 'MarblesAdded', data: { jar_id: 7 }, metadata: { version: '1' } };
      await log.append(stream, 'any', [future, malformed]);
      const position = await record(log, 7, added(7, 1));
      await untilReached(engine, 'jars', await record(log, 8, added(8, 1)));
      expect([await marbles(7), await marbles(8)]).toEqual([undefined, 1]);
      const parked = await engine.parked('jars');
      expect(parked.map(({ key, attempts }) => [key, attempts])).toEqual([
        ['', 1],
        ['', 0],
        ['', 0],
      ]);
      expect(parked[0]!.error).toContain('UnsupportedVersion');
      for (const { position } of parked.slice(0, 2)) await engine.skipParked('jars', position);
      await untilReached(engine, 'jars', position);
      await untilState(engine, 'jars', 'live');
      expect(await marbles(7)).toBe(1);
    });
  });
});
