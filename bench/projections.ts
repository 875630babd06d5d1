/**
 * Read models: how fast a log of 200,000 events is folded into all tables together and into each of them alone (a
 * rebuild), and how long after its append an event can be read, with 32 appends in flight. On PGlite, and on the PostgreSQL
 * of DATABASE_URL where one is named.
 */
import { join } from 'node:path';
import { openEmbeddedLog } from '../src/adapters/embedded-log/event-log.ts';
import { openDatabase } from '../src/adapters/postgres/database.ts';
import { catalogue } from '../src/domain/catalogue.ts';
import { derived } from '../src/domain/kernel/ids.ts';
import type { EventLog, NewEvent } from '../src/ports.ts';
import { eventIndex } from '../src/projections/events/event-index.projection.ts';
import { project, type Project } from '../src/projections/project.ts';
import { sessions } from '../src/projections/sessions/sessions.projection.ts';
import { streams } from '../src/projections/streams/streams.projection.ts';
import { turns } from '../src/projections/turns/turns.projection.ts';
import type { Database } from '../src/schema.ts';
import { worldClock } from '../src/wiring/world.ts';
import { insertsPerSecond, report, scratch, silentJournal, silentTelemetry, type Row } from './measure.ts';
import { sessionOf } from './session.events.ts';

const events = Number(process.env['ACTA_BENCH_EVENTS'] ?? 200_000);
const sessionEvents = 500;
const appendEvents = 100;
const inFlight = 32;
const liveSeconds = 5;
const shown = [sessions, turns, eventIndex, streams];

const recorded = (session: string): readonly NewEvent[] =>
  [...sessionOf(derived('bench session', session), sessionEvents)].map((event, ordinal) => ({
    id: derived('bench event', session, ordinal),
    ...event,
    metadata: { version: '1', tenant: 'default', actor: 'user:bench', $correlationId: session, $causationId: session },
  }));

const write = async (log: EventLog): Promise<void> => {
  for (let session = 0; session * sessionEvents < events; session++) {
    const all = recorded(String(session));
    for (let at = 0; at < all.length; at += appendEvents)
      await log.append(
        `session-${derived('bench session', String(session))}`,
        at === 0 ? 'no_stream' : at - 1,
        all.slice(at, at + appendEvents),
      );
  }
};

/** Wall-clock and CPU seconds (all threads) of some work: on a busy machine only the second can be compared. */
const timed = async (work: () => Promise<void>): Promise<{ readonly wall: number; readonly cpu: number }> => {
  const [began, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { wall: (performance.now() - began) / 1_000, cpu: (user + system) / 1_000_000 };
};

const rates = (what: string, { wall, cpu }: { readonly wall: number; readonly cpu: number }): readonly Row[] => [
  { what: `${what}, events/s`, value: events / wall },
  { what: `${what}, events per CPU second`, value: events / cpu },
];

const settled = async (engine: Project, position: bigint): Promise<void> => {
  for (const { name } of shown) while (!(await engine.reached(name, position, { wait_ms: 10_000 })).reached);
};

const rebuilt = async (engine: Project, name: string): Promise<void> => {
  const { ended } = await engine.rebuild(name);
  const { status, error } = await ended;
  if (status !== 'succeeded') throw new Error(`${name}: ${status} ${error}`);
};

/** Milliseconds from the acknowledgement of an append to the commit that shows it, each of `inFlight` lanes one at a time. */
const visible = async (engine: Project, log: EventLog, run: string): Promise<readonly number[]> => {
  const took: number[] = [];
  const until = performance.now() + liveSeconds * 1000;
  const lane = async (number: number): Promise<void> => {
    const session = `${run} ${number}`;
    for (const [n, event] of recorded(session).entries()) {
      if (performance.now() > until) return;
      const appended = await log.append(`session-${derived('bench session', session)}`, n === 0 ? 'no_stream' : n - 1, [
        event,
      ]);
      if (!appended.ok) throw new Error('a conflict');
      const acknowledged = performance.now();
      await engine.reached('turns', appended.position, { wait_ms: 10_000 });
      took.push(performance.now() - acknowledged);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, (_, number) => lane(number)));
  return took.toSorted((a, b) => a - b);
};

const measured = async (name: string, log: EventLog, database: Database): Promise<readonly Row[]> => {
  const engine = project({
    projections: shown,
    catalogue,
    log,
    database,
    clock: worldClock,
    journal: silentJournal,
    telemetry: silentTelemetry,
  });
  const head = await log.head();
  await engine.start();
  const rows: Row[] = [...rates(`${name}: ${shown.length} tables together`, await timed(() => settled(engine, head)))];
  for (const projection of shown)
    rows.push(...rates(`${name}: rebuilding ${projection.name}`, await timed(() => rebuilt(engine, projection.name))));
  const live = await visible(engine, log, name);
  rows.push({ what: `${name}: live events/s, ${inFlight} in flight`, value: live.length / liveSeconds });
  for (const percent of [50, 99])
    rows.push({
      what: `${name}: append to visible, p${percent} ms`,
      value: live[Math.floor((live.length * percent) / 100)] ?? Number.NaN,
    });
  await engine.stop();
  await database.close();
  return rows;
};

const log = await openEmbeddedLog({ folder: scratch('log') });
await write(log);
const yardstick = await insertsPerSecond(32);
const rows: Row[] = [
  { what: `yardstick: durable single-row inserts/s, 32 connections, ${yardstick.into}`, value: yardstick.perSecond },
];
const folder = join(scratch('pglite'), 'database');
rows.push(...(await measured('PGlite', log, await openDatabase({ folder, journal: silentJournal }))));
const url = process.env['DATABASE_URL'];
if (url !== undefined)
  rows.push(...(await measured('PostgreSQL', log, await openDatabase({ url, folder: '', journal: silentJournal }))));
await log.close();
report('projections', rows);
