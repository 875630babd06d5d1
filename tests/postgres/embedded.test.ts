import { sql } from 'kysely';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openDatabase } from '../../src/adapters/postgres/database.ts';
import { walBytesMax } from '../../src/adapters/postgres/maintenance.ts';
import { child } from '../support/child.ts';
import { pglite, type FreshDatabase } from '../support/databases.ts';
import { quietJournal } from '../support/quiet.journal.ts';

const writer = new URL('./writer.child.ts', import.meta.url);
const killsMax = 3;

describe('the embedded database', () => {
  const journal = quietJournal();
  let fresh: FreshDatabase;
  let folder: string;
  let cluster: string;
  beforeAll(async () => {
    fresh = await pglite.open({ journal });
    folder = fresh.options.folder;
    cluster = join(folder, 'cluster');
  });
  afterAll(() => fresh.discard());

  it('brings pgvector', async () => {
    expect(fresh.database.vector).toBe(true);
    const { rows } = await sql<{ distance: number; vector: string }>`
      select '[1,2]'::vector <=> '[2,4]'::vector as distance, '[1,2]'::vector as vector`.execute(fresh.database.db);
    expect(rows).toEqual([{ distance: 0, vector: '[1,2]' }]);
  });

  it('leaves the main loop free while it works', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await sql`select count(*) from generate_series(1, 400000) n where n % 7 = 3`.execute(fresh.database.db);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
  });

  it('is refused to a second opener, who is told who has it', async () => {
    const second = openDatabase({ folder, journal });
    await expect(second).rejects.toThrow(`${folder} is in use by process ${process.pid} on `);
    const elsewhere = spawnSync(process.execPath, [writer.pathname, folder], { encoding: 'utf8' });
    expect(elsewhere.status).not.toBe(0);
    expect(elsewhere.stderr).toContain(`is in use by process ${process.pid}`);
    await expect(fresh.database.health()).resolves.toMatchObject({ ok: true });
  });

  it('opens another thread when its thread is lost, and what was committed is there', async () => {
    const { db, faultOf } = fresh.database;
    await sql`create table kept as select 1 as n`.execute(db);
    renameSync(join(cluster, 'pg_wal'), join(cluster, 'pg_wal.away'));
    const writing = sql`insert into kept select n from generate_series(1, 100000) n`.execute(db);
    expect(await writing.then(() => 'none', faultOf)).toBe('unavailable');
    renameSync(join(cluster, 'pg_wal.away'), join(cluster, 'pg_wal'));
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from kept`.execute(db);
    expect(rows).toEqual([{ n: 1 }]);
    expect(journal.told.map(({ event }) => event)).toContain('database_thread_lost');
  });

  it('does not grow for ever: dead rows are removed and the write-ahead log is used again', async () => {
    const { db, maintain } = fresh.database;
    const rewrite = (round: number) =>
      sql`
      insert into busy select n, repeat(${String(round)}, 200) from generate_series(1, 20000) n
      on conflict (n) do update set filler = excluded.filler`.execute(db);
    const size = async () =>
      (await sql<{ bytes: number }>`select pg_total_relation_size('busy')::float8 as bytes`.execute(db)).rows[0]
        ?.bytes ?? 0;
    const wal = async (since: string) =>
      (
        await sql<{ bytes: number }>`
        select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), ${sql.raw(since)})::float8 as bytes`.execute(db)
      ).rows[0]?.bytes ?? 0;
    await sql`create table busy (n int4 primary key, filler text)`.execute(db);
    await rewrite(0);
    const once = await size();
    for (let round = 1; round <= 8; round++) {
      await rewrite(round);
      await maintain();
    }
    expect(await size()).toBeLessThan(3.5 * once);
    expect(await wal(`'0/0'`)).toBeGreaterThan(2 * walBytesMax);
    expect(await wal('(select redo_lsn from pg_control_checkpoint())')).toBeLessThan(walBytesMax);
    const { rows } = await sql`select reltuples from pg_class where relname = 'busy'`.execute(db);
    expect(rows).toEqual([{ reltuples: 20000 }]);
  });

  it('looks by itself for what is to be cleaned up, once enough was written', async () => {
    const { db } = fresh.database;
    await sql`create table left_alone as select n from generate_series(1, 6000) n`.execute(db);
    await sql`delete from left_alone`.execute(db);
    const vacuumed = async () =>
      (await sql`select vacuum_count > 0 as done from pg_stat_user_tables where relname = 'left_alone'`.execute(db))
        .rows;
    await vi.waitFor(async () => expect(await vacuumed()).toEqual([{ done: true }]), {
      timeout: 20_000,
      interval: 200,
    });
  });
});

describe('the embedded database after a stop', () => {
  const journal = quietJournal();
  let fresh: FreshDatabase;
  let folder: string;
  let cluster: string;
  beforeAll(async () => {
    fresh = await pglite.open({ journal });
    folder = fresh.options.folder;
    cluster = join(folder, 'cluster');
  });
  afterAll(() => fresh.discard());

  const kept = (): readonly string[] => readdirSync(folder).filter((name) => name.includes('.damaged-'));
  const putAside = (): readonly unknown[] =>
    journal.told.filter(({ event }) => event === 'database_put_aside').map(({ fields }) => fields);

  it('loses no acknowledged transaction, and keeps no half, when its process is killed', async () => {
    await fresh.database.close();
    let acknowledged = 0;
    for (let kill = 1; kill <= killsMax; kill++) {
      const writing = child(writer, folder);
      expect(await writing.line()).toBe('open');
      for (let line = 0; line < 10 * kill; line++) acknowledged = Number(await writing.line());
      acknowledged = Number((await writing.kill()).at(-1) ?? acknowledged);
    }
    const database = await fresh.reopen();
    const { rows } = await sql<{ pairs: number; halves: number; newest: number }>`
      select count(distinct n)::int as pairs, count(*)::int as halves, max(n)::int as newest from pairs`.execute(
      database.db,
    );
    const [row] = rows;
    expect(row?.newest).toBeGreaterThanOrEqual(acknowledged);
    expect(row).toMatchObject({ pairs: row?.newest, halves: 2 * (row?.newest ?? 0) });
    expect(putAside()).toEqual([]);
  }, 60_000);

  it('puts a cluster aside that does not open, keeps the newest two, and begins anew', async () => {
    await sql`create table precious (n int4)`.execute(fresh.database.db);
    await fresh.database.close();
    for (const day of ['1', '2']) mkdirSync(`${cluster}.damaged-2026-01-0${day}T000000.000Z`);
    writeFileSync(join(cluster, 'global', 'pg_control'), 'not a control file');
    const database = await fresh.reopen();
    await expect(sql`select from precious`.execute(database.db)).rejects.toThrow('does not exist');
    await expect(sql`select from acta.checkpoints`.execute(database.db)).resolves.toMatchObject({ rows: [] });
    expect(kept()).toHaveLength(2);
    expect(kept()).not.toContain('cluster.damaged-2026-01-01T000000.000Z');
    expect(putAside()).toHaveLength(1);
  });

  it('says that it is damaged when a page cannot be read, and begins anew at the next start', async () => {
    const { db } = fresh.database;
    await sql`create table pages as select n, repeat('x', 100) as filler from generate_series(1, 1000) n`.execute(db);
    const { rows } = await sql<{ path: string }>`select pg_relation_filepath('pages') as path`.execute(db);
    const database = await fresh.reopen();
    const path = join(cluster, rows[0]?.path ?? '');
    writeFileSync(path, readFileSync(path).fill(7, 8192, 8300));
    await expect(sql`select sum(n) from pages`.execute(database.db)).rejects.toThrow('invalid page');
    expect(await database.health()).toMatchObject({ ok: false, fault: 'damaged' });
    expect(journal.told.map(({ event }) => event)).toContain('database_damaged');
    const anew = await fresh.reopen();
    expect(await anew.health()).toMatchObject({ ok: true });
    expect(putAside().at(-1)).toMatchObject({ why: 'a page or an index was corrupt' });
  });

  it('does not trust what was open when the machine stopped', async () => {
    await sql`create table torn (n int4)`.execute(fresh.database.db);
    const note = join(folder, 'holder.json');
    const holder = JSON.parse(readFileSync(note, 'utf8')) as { readonly boot: string | null };
    await fresh.database.close();
    expect(existsSync(note)).toBe(false);
    if (holder.boot === null) return; // the system does not tell its boots apart
    writeFileSync(note, JSON.stringify({ ...holder, boot: 'another one' }));
    const database = await fresh.reopen();
    await expect(sql`select from torn`.execute(database.db)).rejects.toThrow('does not exist');
    expect(putAside().at(-1)).toMatchObject({ why: expect.stringContaining('the machine stopped') });
  });
});
