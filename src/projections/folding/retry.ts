import { sql, type Kysely, type Transaction } from 'kysely';
import type { EventLog, StoredEvent } from '../../ports.ts';
import type { Lasting } from '../../schema.ts';
import type { Workshop } from './outcome.ts';
import { checkpointName, lockCheckpoint, nextEpoch } from './checkpoints.ts';
import { isDataFault, ProjectionFault } from '../fault.ts';
import { concerns, foldRows, said, type Concern, type Parked, type Parking } from './fold.ts';
import { park } from './parking.ts';
import type { Projection } from '../projection.ts';
import { loadRows, writeRows, writing } from './statements.ts';

/** Parked events that are folded again in one transaction. */
const pageEntriesMax = 500;

/** An event for one row that could not take it. */
export interface ParkedEvent {
  readonly projection: string;
  readonly position: bigint;
  /** Empty where the event could not even be understood, and its stream stands behind it. */
  readonly key: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly stream: string;
  readonly error: string;
  readonly attempts: number;
  readonly parked_at: string;
}

export interface Retried {
  readonly folded: number;
  /** What failed again, and what stands behind it. */
  readonly parked: number;
}

interface Place {
  readonly position: bigint;
  readonly key: string;
}

const start: Place = { position: -1n, key: '' };

/** What is parked of a projection, in log order, after a place. */
export const parkedEvents = async (
  db: Kysely<Lasting>,
  projection: string,
  { after = start, limit }: { readonly after?: Place | undefined; readonly limit: number },
): Promise<readonly ParkedEvent[]> => {
  const { rows } = await sql<ParkedEvent>`
    select projection, position, key, event_id, event_type, stream, error, attempts, parked_at from acta.parked
    where projection = ${projection} and status = 'parked' and (position, key) > (${after.position}, ${after.key})
    order by position, key limit ${limit}`.execute(db);
  return rows;
};

const mark = async (
  trx: Transaction<Lasting>,
  projection: Projection,
  entries: readonly Place[],
  status: 'retried' | 'skipped',
): Promise<void> => {
  const rows = JSON.stringify(entries.map(({ position, key }) => ({ position: String(position), key })));
  await sql`
    update acta.parked as p set status = ${status}, resolved_at = now()
    from jsonb_to_recordset(${rows}::jsonb) as r(position int8, key text)
    where p.projection = ${projection.name} and p.position = r.position and p.key = r.key`.execute(trx);
};

/** Holds the fold of this projection still until the transaction ends, and makes it read everything again afterwards. */
const hold = async (trx: Transaction<Lasting>, projection: Projection): Promise<void> => {
  const name = checkpointName('read', projection.name);
  const served = await lockCheckpoint(trx, name);
  if (served?.version !== projection.version)
    throw new ProjectionFault('refused', `${projection.name}@${projection.version} is not what is served`);
  await nextEpoch(trx, name);
};

const eventsOf = async (log: EventLog, entries: readonly Place[]): Promise<readonly StoredEvent[]> => {
  const events: StoredEvent[] = [];
  for (const position of new Set(entries.map(({ position }) => position)))
    for await (const [event] of log.readAll({ from: position, limit: 1 }))
      if (event?.position === position) events.push(event);
  return events;
};

/** Which rows these events concern now: those they were parked for, or all of them where they were not understood. */
const wanted = (found: readonly Concern[], entries: readonly Place[]): readonly Concern[] => {
  const keys = Map.groupBy(entries, ({ position }) => position);
  return found.filter(({ stored, key }) =>
    keys.get(stored.position)?.some((entry) => entry.key === '' || entry.key === key.text),
  );
};

/** Who stands behind whom: the same row, or the same stream where the event was not understood. */
const queueOf = ({ key, stream }: ParkedEvent): string => (key === '' ? `stream ${stream}` : `row ${key}`);

interface Page {
  readonly after: Place;
  readonly behind: Parking;
  /** Only this queue, where all of them together were refused. */
  readonly queue?: string;
}

interface Again {
  readonly entries: readonly ParkedEvent[];
  readonly parked: readonly Parked[];
}

/** One page of what is parked, folded again in one transaction, in which nobody else folds or retries. */
const foldPage = (workshop: Workshop, log: EventLog, projection: Projection, page: Page): Promise<Again> =>
  workshop.database.inTransaction(async (trx) => {
    await hold(trx, projection);
    const { after, behind, queue } = page;
    const all = await parkedEvents(trx, projection.name, { after, limit: pageEntriesMax });
    const entries = all.filter((entry) => queue === undefined || queueOf(entry) === queue);
    const addressed = concerns(projection, await eventsOf(log, entries), workshop.decode, behind);
    const found = wanted(addressed.concerns, entries);
    const keys = new Map(found.map(({ key }) => [key.text, key]));
    const rows = await loadRows(trx, 'read', projection, [...keys.values()]);
    const { changed, parked } = foldRows(projection, found, (key) => rows.get(key), behind);
    await writeRows(trx, 'read', projection, writing(projection, changed.values()));
    await mark(trx, projection, entries, 'retried');
    const still = [...addressed.parked, ...parked];
    await park(trx, projection, still);
    return { entries, parked: still };
  });

/** The same, queue by queue where the database refuses a row, so that one does not keep the others. */
const foldPageApart = async (workshop: Workshop, log: EventLog, projection: Projection, page: Page): Promise<Again> => {
  try {
    return await foldPage(workshop, log, projection, page);
  } catch (error) {
    if (!isDataFault(error)) throw error;
    const { background } = workshop.database;
    const entries = await parkedEvents(background, projection.name, { after: page.after, limit: pageEntriesMax });
    if (page.queue === undefined) {
      const parked: Parked[] = [];
      for (const queue of new Set(entries.map(queueOf)))
        parked.push(...(await foldPageApart(workshop, log, projection, { ...page, queue })).parked);
      return { entries, parked };
    }
    const theirs = entries.filter((entry) => queueOf(entry) === page.queue);
    const events = new Map((await eventsOf(log, theirs)).map((event) => [event.position, event]));
    const parked = theirs.flatMap(({ position, key }): readonly Parked[] => {
      const stored = events.get(position);
      return stored === undefined ? [] : [{ stored, key, error: said(error), attempts: 1 }];
    });
    await workshop.database.inTransaction((trx) => park(trx, projection, parked));
    return { entries: theirs, parked };
  }
};

/**
 * Folds again what was parked, in log order, after whatever was wrong has been put right: what fails again, and what
 * stands behind it, stays parked. Events that the log no longer has are let go. May be called on any node.
 */
export const retryParked = async (workshop: Workshop, log: EventLog, projection: Projection): Promise<Retried> => {
  let page: Page = { after: start, behind: { keys: new Set(), streams: new Set() } };
  let folded = 0;
  let parked = 0;
  for (;;) {
    const again = await foldPageApart(workshop, log, projection, page);
    const after = again.entries.at(-1);
    if (after === undefined) return { folded, parked };
    folded += again.entries.length - again.parked.length;
    parked += again.parked.length;
    const rows = again.parked.filter(({ key }) => key !== '').map(({ key }) => key);
    const streams = again.parked.filter(({ key }) => key === '').map(({ stored }) => stored.stream);
    const { behind } = page;
    page = {
      after,
      behind: { keys: behind.keys.union(new Set(rows)), streams: behind.streams.union(new Set(streams)) },
    };
  }
};

/**
 * Passes by what is parked at a position, for good, and folds what stood behind it. The event stays in the log and in the
 * record of what was skipped; a later rebuild passes by it too where it still cannot be folded. `skipped` says for how
 * many rows it was parked, 0 where it was not.
 */
export const skipParked = async (
  workshop: Workshop,
  log: EventLog,
  projection: Projection,
  position: bigint,
): Promise<Retried & { readonly skipped: number }> => {
  const skipped = await workshop.database.inTransaction(async (trx) => {
    await hold(trx, projection);
    const { rows } = await sql<Place>`
      select position, key from acta.parked
      where projection = ${projection.name} and position = ${position} and status = 'parked' for update`.execute(trx);
    await mark(trx, projection, rows, 'skipped');
    return rows.length;
  });
  return { skipped, ...(await retryParked(workshop, log, projection)) };
};
