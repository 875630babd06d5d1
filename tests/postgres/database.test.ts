import { sql, type Kysely } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrations } from '../../migrations/migrations.ts';
import { rfc3339 } from '../../src/adapters/postgres/values.ts';
import type { Database, DatabaseFault } from '../../src/schema.ts';
import { child } from '../support/child.ts';
import { databases, type FreshDatabase } from '../support/databases.ts';

const faultOf = async (database: Database, statement: string): Promise<DatabaseFault | 'none'> =>
  sql
    .raw(statement)
    .execute(database.db)
    .then(() => 'none' as const, database.faultOf);

const raising = (code: string): string => `do $$ begin raise exception 'as asked' using errcode = '${code}'; end $$`;

describe.each(await databases())('the database on $name', ({ open }) => {
  let fresh: FreshDatabase;
  let database: Database;
  beforeAll(async () => {
    fresh = await open();
    database = fresh.database;
    await sql`create table counters (name text primary key, n int4 not null)`.execute(database.db);
  });
  afterAll(() => fresh.discard());

  it('reads every type as the table in schema.ts says', async () => {
    const { rows } = await sql`
      select 9007199254740993::int8 as int8, 7::int4 as int4, 1.5::float8 as float8, 12.50::numeric as numeric,
        count(*) as counted, count(*)::int as small,
        timestamptz '2026-01-02 03:04:05.6+00' as millis, timestamptz '2026-01-02 03:04:05.000007+01' as micros,
        timestamptz 'infinity' as never, timestamp '2026-01-02 03:04:05' as local, date '2026-01-02' as day,
        time '03:04' as clock, ${Buffer.from([0, 255])}::bytea as bytes, ${JSON.stringify({ a: [1] })}::jsonb as json,
        true as truth, '0198c0de-0000-7000-8000-000000000000'::uuid as uuid, null::text as nothing,
        array[1, null]::int8[] as int8s, array['a', 'b,"c']::text[] as texts,
        array[timestamptz '2026-01-02 03:04:05+00'] as times, ${2n ** 53n}::int8 as given,
        ${{ b: 2 }}::jsonb as object, ${['x', null]}::text[] as array`.execute(database.db);
    expect(rows[0]).toStrictEqual({
      int8: 9007199254740993n,
      int4: 7,
      float8: 1.5,
      numeric: '12.50',
      counted: 1n,
      small: 1,
      millis: '2026-01-02T03:04:05.600Z',
      micros: '2026-01-02T02:04:05.000007Z',
      never: 'infinity',
      local: '2026-01-02 03:04:05',
      day: '2026-01-02',
      clock: '03:04:00',
      bytes: Buffer.from([0, 255]),
      json: { a: [1] },
      truth: true,
      uuid: '0198c0de-0000-7000-8000-000000000000',
      nothing: null,
      int8s: [1n, null],
      texts: ['a', 'b,"c'],
      times: ['2026-01-02T03:04:05.000Z'],
      given: 9007199254740992n,
      object: { b: 2 },
      array: ['x', null],
    });
  });

  it('answers each of many simultaneous statements with its own rows or its own error', async () => {
    const answers = await Promise.allSettled(
      Array.from({ length: 60 }, (_, n) =>
        sql<{ n: number }>`select 60 / ${n}::int4 as n`.execute(database.background),
      ),
    );
    const numbers = answers.map((answer) => (answer.status === 'fulfilled' ? answer.value.rows[0]?.n : 'refused'));
    expect(numbers).toEqual(['refused', ...Array.from({ length: 59 }, (_, n) => Math.trunc(60 / (n + 1)))]);
  });

  it('keeps what simultaneous transactions do apart, and single statements out of them', async () => {
    await sql`insert into counters values ('apart', 0)`.execute(database.db);
    const add = () =>
      database.inTransaction(async (trx) => {
        const { rows } = await sql<{ n: number }>`select n from counters where name = 'apart' for update`.execute(trx);
        await sql`update counters set n = ${(rows[0]?.n ?? 0) + 1} where name = 'apart'`.execute(trx);
      });
    const abort = () =>
      database.inTransaction(async (trx) => {
        await sql`update counters set n = -1000 where name = 'apart'`.execute(trx);
        throw new Error('as planned');
      });
    const look = async () => (await sql<{ n: number }>`select n from counters`.execute(database.db)).rows[0]?.n;
    const works = Array.from({ length: 24 }, (_, n) => [add, abort, look][n % 3] ?? add);
    const seen = await Promise.all(works.map((work) => work().catch((error: unknown) => String(error))));
    expect(seen.filter((one) => one === 'Error: as planned')).toHaveLength(8);
    expect(seen.filter((one) => typeof one === 'number' && one < 0)).toEqual([]);
    expect(await look()).toBe(8);
  });

  it('leaves nothing behind of a transaction with a failed statement, even one that was ignored', async () => {
    const ignoring = database.db.transaction().execute(async (trx) => {
      await sql`insert into counters values ('ignored', 1)`.execute(trx);
      await sql`select nope`.execute(trx).catch(() => undefined);
    });
    await expect(ignoring).rejects.toThrow();
    const { rows } = await sql`select * from counters where name = 'ignored'`.execute(database.db);
    expect(rows).toEqual([]);
  });

  it('refuses a statement on the database inside a transaction, at once', async () => {
    const { db, background } = database;
    const refusal = 'inside a transaction only the transaction itself may be used';
    await expect(db.transaction().execute(() => sql`select 1`.execute(background))).rejects.toThrow(refusal);
    await expect(db.transaction().execute(() => database.inTransaction(async () => {}))).rejects.toThrow(refusal);
    await expect(database.health()).resolves.toMatchObject({ ok: true });
  });

  it('lets what a transaction set off go on when it has ended', async () => {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    let later: Promise<unknown> = Promise.resolve();
    await database.db.transaction().execute(async (trx) => {
      await sql`select 1`.execute(trx);
      later = ended.then(() => sql`select 1`.execute(database.db));
    });
    end();
    await expect(later).resolves.toMatchObject({ rows: [{}] });
  });

  it.each<[string, DatabaseFault]>([
    ['select * from acta.not_there', 'undefined_table'],
    [raising('53100'), 'disk_full'],
    [raising('53300'), 'too_many_connections'],
    [raising('40001'), 'serialization'],
    [raising('40P01'), 'serialization'],
    [raising('57014'), 'timeout'],
    ['select 1 / 0', 'other'],
    [raising('23505'), 'other'],
  ])('says of %s that it is %s', async (statement, fault) => {
    expect(await faultOf(database, statement)).toBe(fault);
  });

  it('tries a transaction that lost against another again, five times in all', async () => {
    let attempts = 0;
    const work = (lostUntil: number) =>
      database.inTransaction(async (trx) => {
        attempts++;
        if (attempts < lostUntil) await sql.raw(raising('40001')).execute(trx);
        return attempts;
      });
    expect(await work(5)).toBe(5);
    attempts = 0;
    await expect(work(6)).rejects.toThrow('as asked');
    expect(attempts).toBe(5);
  });

  it('says that it is not available when it was closed, and runs no migration twice when it is opened again', async () => {
    await database.close();
    await database.close();
    expect(await faultOf(database, 'select 1')).toBe('unavailable');
    expect(await database.health()).toMatchObject({ ok: false, fault: 'unavailable' });
    database = await fresh.reopen();
    const { rows } = await sql<{ name: string }>`select name from acta.migrations order by name`.execute(database.db);
    expect(rows.map(({ name }) => name)).toEqual(Object.keys(migrations));
  });

  it('keeps nothing of a migration that was killed half-way, and can run it again', async () => {
    await database.close();
    const { folder, url } = fresh.options;
    const migrating = child(
      new URL('./migration.child.ts', import.meta.url),
      folder,
      ...(url === undefined ? [] : [url]),
    );
    expect(await migrating.line()).toBe('half-way');
    await migrating.kill();
    const up = async (db: Kysely<unknown>): Promise<void> => {
      await sql`create table acta.half (n int4)`.execute(db);
    };
    database = await fresh.reopen({ migrations: { ...migrations, '9999_half': { up } } });
    expect(await faultOf(database, 'select * from acta.half, acta.operations')).toBe('none');
    await expect(fresh.reopen({ migrations })).rejects.toThrow(
      'a newer version has migrated this database (9999_half)',
    );
  });
});

describe('a timestamp', () => {
  it.each([
    ['2026-01-02 03:04:05+00', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02 03:04:05.12+00', '2026-01-02T03:04:05.120Z'],
    ['2026-01-02 03:04:05.123456+00', '2026-01-02T03:04:05.123456Z'],
    ['0044-03-15 12:00:00+00 BC', '0044-03-15 12:00:00+00 BC'],
    ['-infinity', '-infinity'],
  ])('%s reads as %s', (written, read) => {
    expect(rfc3339(written)).toBe(read);
  });
});
