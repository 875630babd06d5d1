import { noTelemetry } from '../commands/engines.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { openEmbeddedLog } from '../../src/adapters/embedded-log/event-log.ts';
import type { Event } from '../../src/domain/kernel/event.ts';
import { derived } from '../../src/domain/kernel/ids.ts';
import type { Clock, EventLog, NewEvent, StoredEvent } from '../../src/ports.ts';
import { foldLog } from '../../src/projections/folding/fold.ts';
import { project, type Project, type ProjectParts } from '../../src/projections/project.ts';
import type { FoldedRow, Projection } from '../../src/projections/projection.ts';
import type { Database } from '../../src/schema.ts';
import { quietJournal } from '../support/quiet.journal.ts';
import { catalogue, JarBroken, JarFilled, MarblesAdded, MarblesPoured, type JarEvent } from './jars.ts';

export const clock: Clock = { now: () => Date.now(), id: () => randomUUID(), chance: () => Math.random() };

/** A log of its own, in a folder of its own. */
export const openLog = async (): Promise<{
  readonly log: EventLog;
  readonly folder: string;
  readonly discard: () => Promise<void>;
}> => {
  const folder = mkdtempSync(join(tmpdir(), 'acta-log-'));
  const log = await openEmbeddedLog({ folder });
  const discard = async (): Promise<void> => {
    await log.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { log, folder, discard };
};

export const jarOf = (number: number): string => derived('jar', number);

const stored = (event: Event, version = '1'): NewEvent => ({
  id: randomUUID(),
  ...event,
  metadata: { version, actor: 'user:test', tenant: 'default', $correlationId: 'c', $causationId: 'd', command_id: 'e' },
});

/** Appends to the stream of a jar; answers the position of the last one. */
export const record = async (log: EventLog, jar: number, ...events: readonly Event[]): Promise<bigint> => {
  const appended = await log.append(
    `jar-${jarOf(jar)}`,
    'any',
    events.map((event) => stored(event)),
  );
  if (!appended.ok) throw new Error('a conflict where any revision would do');
  return appended.position;
};

/** The n-th event of an endless story about a few jars: filled, added to, poured, and now and then broken. */
export const chapter = (n: number, jars = 40): { readonly jar: number; readonly event: JarEvent } => {
  const jar = (n * 7) % jars;
  const jar_id = jarOf(jar);
  if (n % 41 === 40) return { jar, event: JarBroken({ jar_id }) };
  if (n % 5 === 0) return { jar, event: JarFilled({ jar_id, label: `jar ${jar}`, marbles: n % 90 }) };
  if (n % 5 === 3) return { jar, event: MarblesPoured({ from: jar_id, to: jarOf((jar + 1) % jars), marbles: n % 7 }) };
  return { jar, event: MarblesAdded({ jar_id, marbles: n % 13 }) };
};

/** Tells chapters `from` to `to` of the story, a hundred to an append; answers the position of the last one. */
export const tell = async (log: EventLog, from: number, to: number, jars = 40): Promise<bigint> => {
  let position = -1n;
  for (let next = from; next < to;) {
    const events: NewEvent[] = [];
    for (; next < to && events.length < 100; next++) events.push(stored(chapter(next, jars).event));
    const appended = await log.append(`jars-${jarOf(from)}`, 'any', events);
    if (!appended.ok) throw new Error('a conflict where any revision would do');
    position = appended.position;
  }
  return position;
};

export const everything = async (log: EventLog): Promise<readonly StoredEvent[]> => {
  const events: StoredEvent[] = [];
  for await (const page of log.readAll({ filter: { by: 'not_system' } })) events.push(...page);
  return events;
};

/** As if nothing had ever been folded. */
export const emptied = async ({ background }: Database): Promise<void> => {
  await sql`drop schema if exists read cascade`.execute(background);
  await sql`drop schema if exists shadow cascade`.execute(background);
  await sql`truncate acta.checkpoints, acta.projections, acta.parked, acta.operations`.execute(background);
};

/** The rows that are served, by key, as folds say them. */
export const served = async ({ db }: Database, { name, key }: Projection): Promise<ReadonlyMap<string, FoldedRow>> => {
  const { rows } = await sql<FoldedRow>`select * from ${sql.table(`read.${name}`)}`.execute(db);
  return new Map(
    rows.map((row) => [
      key.length === 1 ? String(row[key[0]!.name]) : JSON.stringify(key.map((column) => String(row[column.name]))),
      row,
    ]),
  );
};

/** The rows that the whole log makes. */
export const expected = async (log: EventLog, projection: Projection): Promise<ReadonlyMap<string, FoldedRow>> =>
  foldLog(projection, catalogue, await everything(log));

export const engine = (
  log: EventLog,
  database: Database,
  projections: readonly Projection[],
  more: Partial<ProjectParts> = {},
): Project =>
  project({
    projections,
    catalogue,
    log,
    database,
    clock,
    journal: quietJournal(),
    telemetry: noTelemetry,
    ...more,
  });
