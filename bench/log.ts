/**
 * The log by itself: appends at 1 and 64 in flight and the rate of reading everything, in process and through the official
 * client over the gRPC front; and what an event takes on disk.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openEmbeddedLog } from '../src/adapters/embedded-log/event-log.ts';
import { openEventStoreDb } from '../src/adapters/eventstoredb/event-log.ts';
import { derived } from '../src/domain/kernel/ids.ts';
import type { EventLog, NewEvent } from '../src/ports.ts';
import { insertsPerSecond, report, scratch, type Row } from './measure.ts';

const seconds = 3;
const metadata = { actor: 'user:bench', tenant: 'default', version: '1' };
const eventOf = (n: number, lane: string): NewEvent => ({
  id: derived('bench', lane, n),
  type: 'Benched',
  data: { n, text: 'x'.repeat(400) },
  metadata,
});

const appends = async (log: EventLog, lanes: number, name: string): Promise<{ perSecond: number; p50: number }> => {
  const took: number[] = [];
  const until = performance.now() + seconds * 1000;
  const began = performance.now();
  const lane = async (l: number): Promise<void> => {
    const stream = `bench-${derived(name, l)}`;
    for (let n = 0; performance.now() < until; n += 1) {
      const asked = performance.now();
      await log.append(stream, n === 0 ? 'no_stream' : n - 1, [eventOf(n, stream)]);
      took.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, l) => lane(l)));
  const rate = took.length / ((performance.now() - began) / 1000);
  return { perSecond: rate, p50: took.toSorted((a, b) => a - b)[took.length >> 1] ?? Number.NaN };
};

const readEverything = async (log: EventLog): Promise<number> => {
  const began = performance.now();
  let events = 0;
  for await (const page of log.readAll()) events += page.length;
  return events / ((performance.now() - began) / 1000);
};

const bytesIn = (folder: string): number =>
  readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);

const folder = scratch('log');
const log = await openEmbeddedLog({ folder, front_port: 0 });
const client = openEventStoreDb(`esdb://127.0.0.1:${log.front_port}?tls=false`);
const yardstick = await insertsPerSecond(32);
const rows: Row[] = [
  { what: `yardstick: durable single-row inserts/s, 32 connections, ${yardstick.into}`, value: yardstick.perSecond },
];
for (const [name, which] of [
  ['in process', log],
  ['through the official client', client],
] as const) {
  for (const lanes of [1, 64]) {
    const { perSecond, p50 } = await appends(which, lanes, `${name} ${lanes}`);
    rows.push({
      what: `appends/s, ${name}, ${lanes} in flight`,
      value: perSecond,
      ratio: perSecond / yardstick.perSecond,
    });
    rows.push({ what: `an append, ${name}, ${lanes} in flight, p50 ms`, value: p50 });
  }
}
const stored = Number(await log.head());
const inProcess = await readEverything(log);
const throughClient = await readEverything(client);
rows.push({ what: 'events/s of $all, in process', value: inProcess });
rows.push({
  what: 'events/s of $all, through the official client',
  value: throughClient,
  ratio: throughClient / inProcess,
});
await client.close();
await log.close();
const payload = Buffer.byteLength(JSON.stringify(eventOf(1, 'x').data)) + Buffer.byteLength(JSON.stringify(metadata));
const perEvent = bytesIn(folder) / stored;
rows.push({ what: `bytes on disk an event of ${payload} bytes of JSON`, value: perEvent, ratio: perEvent / payload });
report('log', rows);
