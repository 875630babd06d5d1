import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/adapters/postgres/database.ts';
import type { EventLog } from '../../src/ports.ts';
import type { Database } from '../../src/schema.ts';
import { databases, type FreshDatabase } from '../support/databases.ts';
import { jars } from './jars.ts';
import { running, statusOf, untilReached, untilState } from './setting.ts';
import { emptied, engine, expected, openLog, served, tell } from './story.ts';

const postgresql = (await databases()).find(({ name }) => name === 'PostgreSQL');

describe.runIf(postgresql !== undefined)('several nodes on one PostgreSQL', () => {
  let fresh: FreshDatabase;
  let other: Database;
  let log: EventLog;
  let discard: () => Promise<void>;

  beforeAll(async () => {
    fresh = await postgresql!.open();
    other = await openDatabase(fresh.options);
  });
  afterAll(async () => {
    await other.close();
    await fresh.discard();
  });
  beforeEach(async () => {
    await emptied(fresh.database);
    ({ log, discard } = await openLog());
  });
  afterEach(() => discard());

  it('fold each projection on one of them, and on the other when that is gone', async () => {
    const [one, two] = [engine(log, fresh.database, [jars()]), engine(log, other, [jars()])];
    await one.start();
    await untilReached(one, 'jars', await tell(log, 0, 100));
    await running(two, async () => {
      await untilState(two, 'jars', 'following');
      const position = await tell(log, 100, 200);
      // The one that only follows lets its readers wait for the other's commits.
      await untilReached(two, 'jars', position);
      expect(await statusOf(two, 'jars')).toMatchObject({ leads: false });
      await one.stop();
      await tell(log, 200, 300);
      await untilState(two, 'jars', 'live');
      await untilReached(two, 'jars', await log.head());
      expect(await served(other, jars())).toEqual(await expected(log, jars()));
    });
  });

  it('answer what others fold on one that folds nothing', async () => {
    await running(engine(log, other, [jars()], { folds: false }), async (reader) => {
      await untilState(reader, 'jars', 'following');
      await running(engine(log, fresh.database, [jars()]), async () => {
        await untilReached(reader, 'jars', await tell(log, 0, 100));
        expect(reader.served('jars')?.version).toBe(1);
        expect(await reader.read('jars', async () => 'asked')).toMatchObject({ answer: 'asked', version: 1 });
      });
    });
  });

  it('keep the old table current on the old nodes while a new one builds the next, then leave it alone', async () => {
    await running(engine(log, fresh.database, [jars(1)]), async (old) => {
      await untilReached(old, 'jars', await tell(log, 0, 200));
      await running(engine(log, other, [jars(2)], { rebuild: 'manual' }), async (young) => {
        await untilState(young, 'jars', 'rebuild_needed');
        const { id, ended } = await young.rebuild('jars', { swap: 'manual' });
        await untilReached(old, 'jars', await tell(log, 200, 300));
        expect(await served(fresh.database, jars(1))).toEqual(await expected(log, jars(1)));
        // Any node may ask for it.
        await old.swap(id);
        expect(await ended).toMatchObject({ status: 'succeeded', result: { differing: 0, missing: 0, added: 0 } });
        await untilReached(young, 'jars', await tell(log, 300, 400));
        await untilState(old, 'jars', 'newer_version_served');
        expect(await served(other, jars(2))).toEqual(await expected(log, jars(2)));
      });
    });
  });
});
