import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EventLog } from '../../src/ports.ts';
import type { Progress } from '../../src/projections/operations.ts';
import type { Project } from '../../src/projections/project.ts';
import { reading } from '../../src/projections/reading.ts';
import { streams } from '../../src/projections/streams/streams.projection.ts';
import type { Database } from '../../src/schema.ts';
import { databases, type FreshDatabase } from '../support/databases.ts';
import { cursed, JarFilled, jars, MarblesAdded, marblesMax } from './jars.ts';
import { running, statusOf, untilReached, untilState } from './setting.ts';
import { emptied, engine, expected, jarOf, openLog, record, served, tell } from './story.ts';

const ended = async (rebuild: ReturnType<Project['rebuild']>) => {
  const { ended } = await rebuild;
  return ended;
};

describe.each(await databases())('a rebuild on $name', ({ open }) => {
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
  const shadows = async (): Promise<number> => {
    const { rows } = await sql`select 1 from information_schema.tables where table_schema = 'shadow'`.execute(
      database.db,
    );
    return rows.length;
  };

  it('makes the same table again, finds it equal, and leaves nothing behind', async () => {
    await tell(log, 0, 6_000);
    await running(engine(log, database, [jars()]), async (engine) => {
      await untilReached(engine, 'jars', await log.head());
      const before = await engine.digest('jars');
      const heard: Progress[] = [];
      const outcome = await ended(engine.rebuild('jars', { onProgress: (progress) => void heard.push(progress) }));
      expect(outcome).toMatchObject({
        status: 'succeeded',
        result: { differing: 0, missing: 0, added: 0, rows_before: before.rows, equal: before.rows },
      });
      expect(await engine.digest('jars')).toEqual(before);
      expect(heard.map(({ done }) => done)).toEqual(heard.map(({ done }) => done).toSorted((a, b) => a - b));
      expect(await shadows()).toBe(0);
      await untilReached(engine, 'jars', await record(log, 1, MarblesAdded({ jar_id: jarOf(1), marbles: 1 })));
      await untilState(engine, 'jars', 'live');
      expect(await served(database, jars())).toEqual(await expected(log, jars()));
    });
  });

  it('says which rows were wrong, and puts them right', async () => {
    await tell(log, 0, 500);
    await running(engine(log, database, [jars()]), async (engine) => {
      await untilReached(engine, 'jars', await log.head());
      const [wrong, lost, ghost] = [jarOf(1), jarOf(2), jarOf(777)];
      await sql`update read.jars set marbles = marbles + 1 where jar_id = ${wrong}`.execute(database.background);
      await sql`insert into read.jars select ${ghost}, label, marbles, trace, last, position, touched_at from read.jars where jar_id = ${lost}`.execute(
        database.background,
      );
      await sql`delete from read.jars where jar_id = ${lost}`.execute(database.background);
      const { result } = await ended(engine.rebuild('jars'));
      expect(result).toMatchObject({ differing: 1, missing: 1, added: 1 });
      const { samples } = result as {
        samples: { key: { jar_id: string }; is: string; columns: { column: string }[] }[];
      };
      expect(new Map(samples.map(({ key, is }) => [key.jar_id, is]))).toEqual(
        new Map([
          [wrong, 'differs'],
          [lost, 'added'],
          [ghost, 'missing'],
        ]),
      );
      expect(samples.find(({ is }) => is === 'differs')?.columns.map(({ column }) => column)).toEqual(['marbles']);
      expect(await served(database, jars())).toEqual(await expected(log, jars()));
    });
  });

  it('loses nothing under writes, fails no read, and mixes no versions, again and again', async () => {
    let told = await tell(log, 0, 1_000).then(() => 1_000);
    await running(engine(log, database, [jars()]), async (engine) => untilReached(engine, 'jars', await log.head()));
    const versions: number[] = [];
    const done = new AbortController();
    const { read, ask } = reading(database);
    const reader = async (): Promise<void> => {
      while (!done.signal.aborted) {
        const { answer, version } = await read('jars', async (db) => {
          const columns = await sql<{ name: string }>`
            select column_name as name from information_schema.columns
            where table_schema = 'read' and table_name = 'jars'`.execute(db);
          const { rows } = await sql<object>`select * from read.jars`.execute(db);
          return { heavy: columns.rows.some(({ name }) => name === 'heavy'), rows };
        });
        expect(answer.heavy).toBe(version > 1);
        expect(answer.rows.length).toBeGreaterThan(30);
        for (const row of answer.rows) expect('heavy' in row).toBe(version > 1);
        versions.push(version);
        // A single statement always finds a table.
        await ask((db) => sql`select count(*) from read.jars`.execute(db));
      }
    };
    const readers = Promise.all([reader(), reader()]);
    for (const version of [2, 3])
      await running(engine(log, database, [jars(version), streams]), async (engine) => {
        for (; engine.served('jars')?.version !== version; told += 50) await tell(log, told, told + 50);
        await untilReached(engine, 'jars', await tell(log, told, told + 50));
        told += 50;
        expect(await served(database, jars(version))).toEqual(await expected(log, jars(version)));
        expect(await statusOf(engine, 'jars')).toMatchObject({ version, served_version: version, rebuild: undefined });
      });
    done.abort();
    await readers;
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
  });

  it('waits to be swapped where it was told to, and follows the log meanwhile', async () => {
    await tell(log, 0, 300);
    await running(engine(log, database, [jars()]), async (engine) => untilReached(engine, 'jars', await log.head()));
    await running(engine(log, database, [jars(2)], { rebuild: 'manual' }), async (engine) => {
      await untilState(engine, 'jars', 'rebuild_needed');
      const before = await served(database, jars());
      const { id, ended } = await engine.rebuild('jars', { swap: 'manual' });
      await expect(engine.rebuild('jars')).rejects.toMatchObject({ fault: 'under_way' });
      await untilPhase(engine, id, 'ready');
      await untilState(engine, 'jars', 'rebuilding');
      const position = await tell(log, 300, 400);
      // The old fold is gone with the old code: the served table stands where it was left, and says so.
      expect(await engine.reached('jars', position, { wait_ms: 1 })).toMatchObject({
        reached: false,
        state: 'rebuilding',
      });
      expect(await served(database, jars())).toEqual(before);
      await engine.swap(id);
      expect(await ended).toMatchObject({ status: 'succeeded' });
      await untilReached(engine, 'jars', position);
      await untilState(engine, 'jars', 'live');
      expect(await served(database, jars(2))).toEqual(await expected(log, jars(2)));
    });
  });

  it('can be called off, and leaves nothing', async () => {
    await tell(log, 0, 300);
    await running(engine(log, database, [jars()]), async (engine) => {
      await untilReached(engine, 'jars', await log.head());
      const before = await engine.digest('jars');
      const off = new AbortController();
      const { id, ended } = await engine.rebuild('jars', { swap: 'manual', signal: off.signal });
      await untilPhase(engine, id, 'ready');
      off.abort();
      expect(await ended).toMatchObject({ status: 'cancelled' });
      expect(await shadows()).toBe(0);
      expect(await engine.digest('jars')).toEqual(before);
      expect(await engine.rebuild('jars').then(({ ended }) => ended)).toMatchObject({ status: 'succeeded' });
    });
  });

  it('goes on where it was when another node takes it up', async () => {
    await tell(log, 0, 300);
    let begun = '';
    await running(engine(log, database, [jars()]), async (engine) => {
      const { id } = await engine.rebuild('jars', { swap: 'manual' });
      begun = id;
      await untilPhase(engine, id, 'ready');
    });
    const { rows } = await sql<{
      position: bigint;
    }>`select position from acta.checkpoints where name = 'shadow:jars'`.execute(database.db);
    await tell(log, 300, 400);
    await running(engine(log, database, [jars()]), async (engine) => {
      await engine.swap(begun);
      const { events } = (await engine.watch(begun)).progress;
      expect(events).toBeLessThanOrEqual(Number((await log.head()) - rows[0]!.position));
      await untilReached(engine, 'jars', await log.head());
      expect(await served(database, jars())).toEqual(await expected(log, jars()));
    });
  });

  it('stops at poison, unless somebody skipped it, and leaves the old table serving', async () => {
    cursed.add(13);
    await running(engine(log, database, [jars()]), async (engine) => {
      await record(log, 1, JarFilled({ jar_id: jarOf(1), label: 'red', marbles: 2 }));
      const poison = await record(log, 1, MarblesAdded({ jar_id: jarOf(1), marbles: 13 }));
      await untilReached(engine, 'jars', await record(log, 1, MarblesAdded({ jar_id: jarOf(1), marbles: 1 })));
      const failed = await ended(engine.rebuild('jars'));
      expect(failed).toMatchObject({
        status: 'failed',
        error: expect.stringContaining(`at ${poison} into ${jarOf(1)}`) as string,
      });
      expect(await shadows()).toBe(0);
      await engine.skipParked('jars', poison);
      await untilState(engine, 'jars', 'live');
      expect(await ended(engine.rebuild('jars'))).toMatchObject({
        status: 'succeeded',
        result: { differing: 0, missing: 0, added: 0 },
      });
      expect((await served(database, jars())).get(jarOf(1))?.['marbles']).toBe(3);
    });
  });

  it('names the event that the database refuses, among many', async () => {
    await tell(log, 0, 200);
    const poison = await record(log, 50, JarFilled({ jar_id: jarOf(50), label: 'heavy', marbles: marblesMax }));
    await tell(log, 200, 6_000);
    await running(engine(log, database, [jars()]), async (engine) => {
      await untilReached(engine, 'jars', await log.head());
      expect(await ended(engine.rebuild('jars'))).toMatchObject({
        status: 'failed',
        error: expect.stringContaining(`at ${poison} into ${jarOf(50)}`) as string,
      });
      await engine.skipParked('jars', poison);
      expect(await ended(engine.rebuild('jars'))).toMatchObject({
        status: 'succeeded',
        result: { differing: 0, missing: 0, added: 0 },
      });
    });
  });

  it('takes up what was parked: it is in the new table, and parked no more', async () => {
    cursed.add(13);
    await running(engine(log, database, [jars()]), async (engine) => {
      await untilReached(engine, 'jars', await record(log, 1, MarblesAdded({ jar_id: jarOf(1), marbles: 13 })));
      cursed.clear();
      expect(await ended(engine.rebuild('jars'))).toMatchObject({ status: 'succeeded', result: { added: 1 } });
      await untilState(engine, 'jars', 'live');
      expect(await engine.parked('jars')).toEqual([]);
    });
  });

  it('never lets older code fold into a newer table', async () => {
    await tell(log, 0, 100);
    await running(engine(log, database, [jars(2)]), async (engine) => untilReached(engine, 'jars', await log.head()));
    await running(engine(log, database, [jars(1), streams]), async (engine) => {
      await untilState(engine, 'jars', 'newer_version_served');
      const before = await served(database, jars(2));
      await untilReached(engine, 'streams', await tell(log, 100, 200));
      expect(await served(database, jars(2))).toEqual(before);
      expect(engine.served('jars')).toMatchObject({ version: 2 });
    });
  });
});

const untilPhase = async (engine: Project, id: string, phase: Progress['phase']): Promise<void> => {
  await expect
    .poll(async () => (await engine.operation(id)).progress.phase, { timeout: 10_000, interval: 25 })
    .toBe(phase);
};
