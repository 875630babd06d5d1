/** What all benchmarks share: the yardstick, a place to work in, and one way to say what was measured. */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import type { Journal, Telemetry } from '../src/ports.ts';

export interface Row {
  readonly what: string;
  readonly value: number;
  /** Against the yardstick, or the peer, of the same run. */
  readonly ratio?: number;
}

const quiet = (): void => undefined;
export const silentJournal: Journal = { debug: quiet, info: quiet, warn: console.error, error: console.error };
export const silentTelemetry: Telemetry = {
  count: quiet,
  observe: quiet,
  gauge: quiet,
  timer: () => quiet,
  span: (_name, _attributes, work) => work(),
  traceparent: () => undefined,
};

const folders: string[] = [];
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is gone when the benchmark is. */
export const scratch = (name: string): string => {
  const folder = mkdtempSync(join(process.env['ACTA_BENCH_DIR'] ?? tmpdir(), `acta-${name}-`));
  folders.push(folder);
  return folder;
};

const seconds = 3;
const payload = JSON.stringify({ text: 'x'.repeat(400) });

const intoPostgres = async (url: string, connections: number): Promise<number> => {
  const pool = new pg.Pool({ connectionString: url, max: connections });
  await pool.query('create table if not exists acta_yardstick (id bigserial primary key, data jsonb not null)');
  let inserted = 0;
  const until = performance.now() + seconds * 1000;
  const lane = async (): Promise<void> => {
    const client = await pool.connect();
    while (performance.now() < until) {
      await client.query({
        name: 'yardstick',
        text: 'insert into acta_yardstick (data) values ($1)',
        values: [payload],
      });
      inserted += 1;
    }
    client.release();
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: connections }, lane));
  const rate = inserted / ((performance.now() - began) / 1000);
  await pool.query('drop table acta_yardstick');
  await pool.end();
  return rate;
};

const intoSqlite = (): number => {
  const db = new DatabaseSync(join(scratch('yardstick'), 'yardstick.sqlite'));
  db.exec('pragma journal_mode = wal; pragma synchronous = full; create table t (id integer primary key, data text)');
  const insert = db.prepare('insert into t (data) values (?)');
  let inserted = 0;
  const began = performance.now();
  while (performance.now() - began < seconds * 1000) {
    insert.run(payload);
    inserted += 1;
  }
  const rate = inserted / ((performance.now() - began) / 1000);
  db.close();
  return rate;
};

/**
 * The yardstick: rows a second, each inserted and flushed to disk by itself. Into the PostgreSQL of YARDSTICK_URL or
 * DATABASE_URL over so many connections, or the one on this machine; into SQLite where there is none.
 */
export const insertsPerSecond = async (connections: number): Promise<{ perSecond: number; into: string }> => {
  const url =
    process.env['YARDSTICK_URL'] ?? process.env['DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres';
  try {
    return { perSecond: await intoPostgres(url, connections), into: 'PostgreSQL' };
  } catch {
    return { perSecond: intoSqlite(), into: 'SQLite, one connection' };
  }
};

/** Prints what was measured, for people on a terminal and as a row of JSON for whoever collects it. */
export const report = (name: string, rows: readonly Row[]): void => {
  const load = loadavg()[0] ?? 0;
  console.log(`${name}  (${cpus().length} cores, load ${load.toFixed(1)}, node ${process.version})`);
  for (const { what, value, ratio } of rows)
    console.log(
      `  ${what.padEnd(76)} ${value.toLocaleString('en', { maximumFractionDigits: 2 }).padStart(12)}${ratio === undefined ? '' : `   ${ratio.toFixed(2)} ×`}`,
    );
  console.log(JSON.stringify({ bench: name, load, rows }));
};
