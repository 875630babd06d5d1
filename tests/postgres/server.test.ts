import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { migrations } from '../../migrations/migrations.ts';
import { openDatabase } from '../../src/adapters/postgres/database.ts';
import type { Database } from '../../src/schema.ts';
import { serverPrograms, temporaryServer, type Server } from '../support/postgres.server.ts';
import { quietJournal } from '../support/quiet.journal.ts';

const programs = serverPrograms();
if (programs === undefined) console.log('skipped: no PostgreSQL programs found to start a server with');

/** Few enough to run out of: three for requests, two for the background, one for whoever looks on. */
const limits = {
  api: { connectionsMax: 3, statementMsMax: 400 },
  background: { connectionsMax: 2, statementMsMax: 60_000 },
};
const connectionsMax = 6;

describe.skipIf(programs === undefined)('a PostgreSQL server', () => {
  let server: Server;
  let database: Database;
  const options = () => ({ url: server.url, folder: '', journal: quietJournal(), limits });
  beforeAll(async () => {
    server = await temporaryServer(programs ?? '', {
      max_connections: String(connectionsMax),
      superuser_reserved_connections: '0',
      max_wal_senders: '0',
      deadlock_timeout: '20ms',
    });
    database = await openDatabase(options());
    await sql`create table accounts as select n, 0 as amount from generate_series(1, 2) n`.execute(database.db);
  });
  afterAll(async () => {
    await database.close();
    await server.stop();
  });

  const faultOf = (work: Promise<unknown>) => work.then(() => 'none' as const, database.faultOf);

  /** Holds a connection of the pool until it is let go. */
  const hold = async (db: Database['db']): Promise<() => Promise<void>> => {
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
    const { promise: holding, resolve: begun } = Promise.withResolvers<void>();
    const transaction = db.transaction().execute(async (trx) => {
      await sql`select 1`.execute(trx);
      begun();
      await held;
    });
    await holding;
    return async () => {
      letGo();
      await transaction;
    };
  };

  it('cancels a statement that a request cannot wait for, and lets the background take its time', async () => {
    expect(await faultOf(sql`select pg_sleep(30)`.execute(database.db))).toBe('timeout');
    expect(await faultOf(sql`select pg_sleep(0.6)`.execute(database.background))).toBe('none');
  });

  it('refuses a request for which no connection gets free, while the background goes on', async () => {
    const holders = await Promise.all(Array.from({ length: limits.api.connectionsMax }, () => hold(database.db)));
    const refused = faultOf(sql`select 1`.execute(database.db));
    expect(await faultOf(database.inTransaction((trx) => sql`select 1`.execute(trx)))).toBe('none');
    expect(await refused).toBe('unavailable');
    await Promise.all(holders.map((letGo) => letGo()));
    expect(await faultOf(sql`select 1`.execute(database.db))).toBe('none');
  });

  it('says that the server has no connection left', async () => {
    const holders = await Promise.all([
      ...Array.from({ length: limits.api.connectionsMax }, () => hold(database.db)),
      ...Array.from({ length: limits.background.connectionsMax }, () => hold(database.background)),
    ]);
    // Idle connections of other tests count too; what is left after them is one at most.
    const opening = await Promise.all([1, 2].map(() => faultOf(openDatabase(options()).then(({ close }) => close()))));
    expect(opening).toContain('too_many_connections');
    await Promise.all(holders.map((letGo) => letGo()));
  });

  it('gets both of two transactions through that lock each other out', async () => {
    const { promise: met, resolve: meet } = Promise.withResolvers<void>();
    let waiting = 0;
    let attempts = 0;
    const transfer = (from: number, to: number) =>
      database.inTransaction(async (trx) => {
        attempts++;
        await sql`update accounts set amount = amount - 1 where n = ${from}`.execute(trx);
        if (++waiting === 2) meet();
        await met;
        await sql`update accounts set amount = amount + 1 where n = ${to}`.execute(trx);
      });
    await Promise.all([transfer(1, 2), transfer(2, 1)]);
    expect(attempts).toBeGreaterThan(2);
    const { rows } = await sql`select amount from accounts`.execute(database.db);
    expect(rows).toEqual([{ amount: 0 }, { amount: 0 }]);
  });

  it('tells a lost update under serializable isolation from other errors', async () => {
    const { promise: read, resolve: readOn } = Promise.withResolvers<void>();
    const late = database.background
      .transaction()
      .setIsolationLevel('serializable')
      .execute(async (trx) => {
        await sql`select amount from accounts`.execute(trx);
        readOn();
        await other;
        await sql`update accounts set amount = amount + 1 where n = 1`.execute(trx);
      });
    const other = read.then(() => sql`update accounts set amount = amount where n = 1`.execute(database.db));
    expect(await faultOf(late)).toBe('serialization');
  });

  it('is migrated once when several nodes start at the same time', async () => {
    await sql`create database twins`.execute(database.background);
    await database.close();
    const twins = { ...options(), url: server.url.replace('/postgres?', '/twins?') };
    const nodes = await Promise.all([1, 2, 3].map(() => openDatabase(twins)));
    const ran = twins.journal.told.map(({ fields }) => (fields as { migrations: readonly string[] }).migrations);
    expect(ran.filter((names) => names.length > 0)).toEqual([Object.keys(migrations)]);
    await Promise.all(nodes.map(({ close }) => close()));
    database = await openDatabase(options());
  });

  it('loses the statement whose connection is cut, and not the next one', async () => {
    expect(await faultOf(sql`select pg_terminate_backend(pg_backend_pid())`.execute(database.background))).toBe(
      'unavailable',
    );
    expect(await faultOf(sql`select 1`.execute(database.background))).toBe('none');
  });

  it('is unavailable while the server is down, and there again when it is', async () => {
    await server.kill();
    expect(await faultOf(sql`select 1`.execute(database.db))).toBe('unavailable');
    expect(await database.health()).toMatchObject({ ok: false, fault: 'unavailable' });
    await server.start();
    await vi.waitFor(async () => expect(await database.health()).toMatchObject({ ok: true }));
    expect(await faultOf(sql`select 1`.execute(database.background))).toBe('none');
  });
});
