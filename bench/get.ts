/** Reading one thing by its id, with a key, beside a bare Fastify + pg handler of the same row, in turns. Needs a PostgreSQL. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { report, scratch, type Row } from './measure.ts';
import { ask, requestsPerSecond, serve } from './server.ts';

const rounds = 5;
const lanes = 16;
const roundMs = 2_000;
const key = 'a-key-for-the-benchmark';
const admin = new URL(process.env['DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres');
const name = `acta_bench_${process.pid}`;

const administer = async (statement: string): Promise<void> => {
  const client = new pg.Client({ connectionString: admin.href });
  await client.connect();
  await client.query(statement);
  await client.end();
};

await administer(`create database ${name}`);
const database = new URL(admin.href);
database.pathname = `/${name}`;
const server = await serve(scratch('get'), { DATABASE_URL: database.href, AOS_API_KEY: key, ACTA_QUOTAS: 'off' });
const bare = spawn(process.execPath, [new URL('get.bare.ts', import.meta.url).pathname], {
  env: { ...process.env, DATABASE_URL: database.href },
  stdio: ['ignore', 'pipe', 'inherit'],
});
process.once('exit', () => bare.kill('SIGKILL'));
const { value: bareUrl } = await createInterface({ input: bare.stdout })[Symbol.asyncIterator]().next();
const headers = { authorization: `Bearer ${key}` };
const { agent_id } = await ask<{ agent_id: string }>(`${server.url}/agents`, { name: 'Bench' }, headers);
await ask(`${server.url}/agents/${agent_id}`, undefined, { ...headers, 'acta-min-position': '2', prefer: 'wait=10' });
await new Promise((resolve) => setTimeout(resolve, 500));

const rates: { bare: number; acta: number }[] = [];
for (let round = 0; round <= rounds; round += 1) {
  const plain = await requestsPerSecond(`${bareUrl}/agents/${agent_id}`, {}, lanes, roundMs);
  const acta = await requestsPerSecond(`${server.url}/agents/${agent_id}`, headers, lanes, roundMs);
  if (round > 0) rates.push({ bare: plain, acta });
}
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
const rows: Row[] = [
  { what: 'GET by id/s, bare Fastify + pg, no key', value: median(rates.map((rate) => rate.bare)) },
  {
    what: 'GET by id/s, Acta with a key',
    value: median(rates.map((rate) => rate.acta)),
    ratio: median(rates.map((rate) => rate.acta / rate.bare)),
  },
];
report('get', rows);
bare.kill('SIGTERM');
await server.end('SIGTERM');
await administer(`drop database ${name} with (force)`);
