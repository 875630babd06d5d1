/** A log of 200,000 events folded anew into a typed table beside the one that serves, and how soon a live event is seen. */
import { openEmbeddedLog } from '../src/adapters/embedded-log/event-log.ts';
import { openDatabase } from '../src/adapters/postgres/database.ts';
import { chainStart, recorded } from '../src/commands/record.ts';
import { catalogue } from '../src/domain/catalogue.ts';
import { derived, streamOf } from '../src/domain/kernel/ids.ts';
import { project } from '../src/projections/project.ts';
import { sessions } from '../src/projections/sessions/sessions.projection.ts';
import { turns } from '../src/projections/turns/turns.projection.ts';
import { worldClock as clock } from '../src/wiring/world.ts';
import { report, scratch, silentJournal as journal, silentTelemetry as telemetry, type Row } from './measure.ts';
import { sessionOf } from './session.events.ts';

const eventsMax = 200_000;
const eventsPerSession = 200;
const liveMs = 5_000;
const inFlight = 32;

const folder = scratch('rebuild');
const log = await openEmbeddedLog({ folder: `${folder}/log` });
const provenance = { actor: 'user:bench', tenant: 'default', correlation_id: derived('bench') };
const write = (n: number, events: number) => {
  const session_id = derived('bench session', n);
  const stream = streamOf('session', session_id);
  const command_id = derived('command', n);
  const { stored } = recorded(
    catalogue,
    stream,
    { revision: -1, link: chainStart },
    [...sessionOf(session_id, events)],
    {
      ...provenance,
      command_id,
    },
  );
  return log.append(stream, 'no_stream', stored);
};
for (let n = 0; n < eventsMax / eventsPerSession; n += 8)
  await Promise.all(Array.from({ length: 8 }, (_, k) => write(n + k, eventsPerSession)));

const database = await openDatabase({ url: process.env['DATABASE_URL'], folder: `${folder}/read-models`, journal });
const engine = project({ projections: [turns, sessions], catalogue, log, database, clock, journal, telemetry });
await engine.start();
const settled = async (): Promise<void> => {
  const head = await log.head();
  for (const { name } of [turns, sessions])
    while (!(await engine.reached(name, head, { wait_ms: 10_000 })).reached) /* again */ ;
};
await settled();
const rows: Row[] = [];
for (const { name } of [turns, sessions]) {
  const began = performance.now();
  const { ended } = await engine.rebuild(name);
  const { status } = await ended;
  if (status !== 'succeeded') throw new Error(`the rebuild of ${name} ${status}`);
  const seconds = (performance.now() - began) / 1000;
  rows.push({
    what: `rebuild of ${name}, compared and swapped, events/s (${database.kind})`,
    value: eventsMax / seconds,
  });
}

const lag: number[] = [];
const until = performance.now() + liveMs;
let next = eventsMax;
const lane = async (): Promise<void> => {
  while (performance.now() < until) {
    const outcome = await write((next += 1), 2);
    if (!outcome.ok) throw new Error('an append was refused');
    const appended = performance.now();
    await engine.reached('sessions', outcome.position, { wait_ms: 10_000 });
    lag.push(performance.now() - appended);
  }
};
await Promise.all(Array.from({ length: inFlight }, lane));
const sorted = lag.toSorted((a, b) => a - b);
rows.push({
  what: `append to visible, ${inFlight} in flight, p50 ms (${database.kind})`,
  value: sorted[sorted.length >> 1] ?? 0,
});
rows.push({
  what: `append to visible, ${inFlight} in flight, p99 ms`,
  value: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
});
rows.push({ what: 'appends/s meanwhile', value: lag.length / (liveMs / 1000) });
await engine.stop();
await database.close();
await log.close();
report('rebuild', rows);
