import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/adapters/postgres/database.ts';
import type { EventLog } from '../../src/ports.ts';
import { streams } from '../../src/projections/streams/streams.projection.ts';
import { databases, type FreshDatabase } from '../support/databases.ts';
import { jars } from './jars.ts';
import { running, statusOf, untilReached, untilState } from './setting.ts';
import { emptied, engine, expected, openLog, served, tell } from './story.ts';

const kinds = await databases();
const [pglite, postgresql] = ['PGlite', 'PostgreSQL'].map((name) => kinds.find((kind) => kind.name === name));

const pgClient = async (url: string): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
};

describe.runIf(postgresql !== undefined)('a PostgreSQL that goes away', () => {
  let fresh: FreshDatabase;
  let log: EventLog;
  let discard: () => Promise<void>;

  beforeAll(async () => {
    fresh = await postgresql!.open();
  });
  afterAll(() => fresh.discard());
  beforeEach(async () => {
    await emptied(fresh.database);
    ({ log, discard } = await openLog());
  });
  afterEach(() => discard());

  /** From another database: changes what this one allows, and ends every connection to it. */
  const decree = async (statement: string): Promise<void> => {
    const url = new URL(fresh.options.url!);
    const name = url.pathname.slice(1);
    url.pathname = '/postgres';
    const client = await pgClient(url.href);
    await client.query(`alter database ${name} ${statement}`);
    await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
    await client.end();
  };

  it.each([
    ['takes no connections', 'with allow_connections false', 'with allow_connections true'],
    ['takes no writes', 'set default_transaction_read_only = on', 'reset default_transaction_read_only'],
  ])('and %s is waited for: nothing is lost, nothing is parked', async (_, away, back) => {
    const shown = [jars(), streams];
    await running(engine(log, fresh.database, shown), async (engine) => {
      await untilReached(engine, 'jars', await tell(log, 0, 200));
      await decree(away);
      const position = await tell(log, 200, 400);
      await untilState(engine, 'jars', 'waiting');
      const { lag_events, lag_seconds } = await statusOf(engine, 'jars');
      expect(lag_events).toBe(200);
      expect(lag_seconds).toBeGreaterThanOrEqual(0);
      expect(await engine.reached('jars', position, { wait_ms: 1 })).toMatchObject({
        reached: false,
        state: 'waiting',
      });
      expect(await statusOf(engine, 'jars')).toMatchObject({ reason: expect.any(String) as string });
      await decree(back);
      for (const { name } of shown) {
        await untilState(engine, name, 'live');
        await untilReached(engine, name, position);
      }
      expect(await statusOf(engine, 'jars')).toMatchObject({ parked: 0, leads: true });
      for (const projection of shown)
        expect(await served(fresh.database, projection)).toEqual(await expected(log, projection));
    });
  });

  it('of which one is held up do not hold up the others', async () => {
    const held = await pgClient(fresh.options.url!);
    await running(engine(log, fresh.database, [jars(), streams]), async (engine) => {
      await untilReached(engine, 'jars', await tell(log, 0, 100));
      await held.query('begin; lock table read.jars in share mode');
      const position = await tell(log, 100, 200);
      await untilReached(engine, 'streams', position);
      expect(await engine.reached('jars', position, { wait_ms: 1 })).toMatchObject({ reached: false });
      await untilReached(engine, 'streams', await tell(log, 200, 300));
      await held.query('commit');
      await untilReached(engine, 'jars', await log.head());
      expect(await served(fresh.database, jars())).toEqual(await expected(log, jars()));
    });
    await held.end();
  });

  it('of which one table is gone is said so, and the others go on', async () => {
    await running(engine(log, fresh.database, [jars(), streams]), async (engine) => {
      await untilReached(engine, 'jars', await tell(log, 0, 100));
      await sql`drop table read.jars`.execute(fresh.database.background);
      await untilReached(engine, 'streams', await tell(log, 100, 200));
      await untilState(engine, 'jars', 'stopped');
      await untilState(engine, 'streams', 'live');
      expect(await (await engine.rebuild('jars')).ended).toMatchObject({ status: 'succeeded' });
      await untilReached(engine, 'jars', await tell(log, 200, 300));
      expect(await served(fresh.database, jars())).toEqual(await expected(log, jars()));
    });
  });

  it('while it is rebuilt from is waited for too', async () => {
    await tell(log, 0, 500);
    await running(engine(log, fresh.database, [jars()]), async (engine) => {
      await untilReached(engine, 'jars', await log.head());
      const { ended } = await engine.rebuild('jars');
      await decree('with allow_connections false');
      await decree('with allow_connections true');
      expect(await ended).toMatchObject({ status: 'succeeded' });
      await untilReached(engine, 'jars', await tell(log, 500, 600));
      expect(await served(fresh.database, jars())).toEqual(await expected(log, jars()));
    });
  });

  it('before anything began is waited for', async () => {
    await decree('with allow_connections false');
    await tell(log, 0, 100);
    await running(engine(log, fresh.database, [jars()]), async (engine) => {
      await untilState(engine, 'jars', 'waiting');
      await decree('with allow_connections true');
      await untilState(engine, 'jars', 'live');
      expect(await served(fresh.database, jars())).toEqual(await expected(log, jars()));
    });
  });
});

describe('a PGlite that is closed', () => {
  it('makes the engine wait, and is gone on with when it is opened again', async () => {
    const { database, options, discard: discardDatabase } = await pglite!.open();
    const { log, discard } = await openLog();
    await running(engine(log, database, [jars()]), async (engine) => {
      await untilReached(engine, 'jars', await tell(log, 0, 200));
      await database.close();
      await tell(log, 200, 300);
      await untilState(engine, 'jars', 'waiting');
    });
    const again = await openDatabase(options);
    await running(engine(log, again, [jars()]), async (engine) => {
      await untilReached(engine, 'jars', await log.head());
      expect(await statusOf(engine, 'jars')).toMatchObject({ parked: 0 });
      expect(await served(again, jars())).toEqual(await expected(log, jars()));
    });
    await again.close();
    await discardDatabase();
    await discard();
  });
});

describe.each(kinds)('a log that ends before what was folded of it, on $name', ({ open }) => {
  it('stops what knows better, and is said so', async () => {
    const { database, discard: discardDatabase } = await open();
    const [first, second] = [await openLog(), await openLog()];
    await running(engine(first.log, database, [jars()]), async (engine) => {
      await untilReached(engine, 'jars', await tell(first.log, 0, 200));
    });
    const before = await served(database, jars());
    await tell(second.log, 0, 100);
    await running(engine(second.log, database, [jars(), streams]), async (engine) => {
      await untilState(engine, 'jars', 'log_rolled_back');
      await untilReached(engine, 'streams', await second.log.head());
      expect((await statusOf(engine, 'jars')).reason).toContain('events are gone');
      expect(await served(database, jars())).toEqual(before);
      // It can only be made anew, from what the log still has.
      expect(await (await engine.rebuild('jars')).ended).toMatchObject({ status: 'succeeded' });
      await untilState(engine, 'jars', 'live');
      expect(await served(database, jars())).toEqual(await expected(second.log, jars()));
    });
    for (const { discard } of [first, second]) await discard();
    await discardDatabase();
  });
});
