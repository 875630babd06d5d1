import { LogError } from '../../ports.ts';
import type { Database, Direction } from './database.ts';
import type { Heads } from './heads.ts';
import { pageEventsMax } from './limits.ts';
import { matching } from './name.filter.ts';
import { streamNameFault } from './proposal.check.ts';
import { tombstoneRevision, type AllPage, type StoredRecord, type StoreFilter, type StreamPage } from './storage.ts';
import type { StreamSettings } from './stream.settings.ts';
import type { Tail } from './tail.ts';
import { intactForward, intactRun } from './verification.ts';

export interface ReadParts {
  readonly db: Database;
  readonly heads: Heads;
  readonly tail: Tail;
  readonly nowUs: () => number;
  /** Position of the newest durable event. */
  readonly head: () => number;
}

/** The first revision that is young enough; times within a stream are taken to rise, as EventStoreDB takes them. */
const firstYoung = ({ db }: ReadParts, sid: number, first: number, last: number, oldestUs: number): number => {
  let [low, high] = [first, last + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((db.createdAt(sid, middle) ?? oldestUs) < oldestUs) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** The first revision that `$maxCount`, `$tb` and `$maxAge` leave visible. */
const firstVisible = (parts: ReadParts, sid: number, last: number, settings: StreamSettings): number => {
  const counted = settings.max_count === undefined ? 0 : last - settings.max_count + 1;
  const first = Math.max(0, counted, settings.truncate_before);
  if (settings.max_age_s === undefined || first > last) return first;
  return firstYoung(parts, sid, first, last, parts.nowUs() - settings.max_age_s * 1e6);
};

/** What is asked for wrongly must not look like damage to the log. */
const checked = (from: number | 'start' | 'end', limit: number): number => {
  if (typeof from === 'number' && !Number.isSafeInteger(from))
    throw new LogError('invalid', `${from} is no place to read`);
  if (!Number.isSafeInteger(limit)) throw new LogError('invalid', `a limit of ${limit} events is none`);
  return Math.max(1, Math.min(limit, pageEventsMax));
};

/** `Storage.readStream`: the visible part of a stream, each record verified, none missing. */
export const readStream = (
  parts: ReadParts,
  stream: string,
  from: number | 'start' | 'end',
  direction: Direction,
  limit: number,
): StreamPage => {
  const { db, heads } = parts;
  const eventsMax = checked(from, limit);
  const message = streamNameFault(stream);
  if (message !== undefined) throw new LogError('invalid', message);
  const { sid, last } = heads.get(stream);
  if (last === tombstoneRevision) return { is: 'deleted' };
  const settings = heads.settings(stream);
  if (sid === undefined || last < 0 || settings.soft_deleted) return { is: 'not_found' };
  const first = firstVisible(parts, sid, last, settings);
  const end = direction === 'forward' ? last + 1 : last;
  const asked = from === 'start' ? 0 : from === 'end' ? end : from;
  const nothing = { is: 'events', events: [], last, next: undefined } as const;
  if (direction === 'forward') {
    const start = Math.max(asked, first);
    const count = Math.min(eventsMax, last - start + 1);
    if (count <= 0) return nothing;
    const events = intactRun(db.streamRows(sid, start, direction, count), start, 1, count);
    const next = start + events.length;
    return { is: 'events', events, last, next: next > last ? undefined : next };
  }
  const start = Math.min(asked, last);
  const count = Math.min(eventsMax, start - first + 1);
  if (count <= 0) return nothing;
  const events = intactRun(db.streamRows(sid, start, direction, count), start, -1, count);
  const next = start - events.length;
  return { is: 'events', events, last, next: next < first ? undefined : next };
};

const incomplete = (): LogError => new LogError('corrupt', 'events are missing; restore the log from a backup');

const fromDisk = ({ db, head }: ReadParts, start: number, limit: number): readonly StoredRecord[] => {
  const { rows, whole } = db.allRows(start, 'forward', limit);
  const records = intactForward(rows, start - 1);
  if (whole && records.length < limit && records.at(-1)?.position !== head()) throw incomplete();
  return records;
};

const readForward = (parts: ReadParts, from: number, limit: number, filter?: StoreFilter): AllPage => {
  const start = Math.max(from, 1);
  const durable = parts.head();
  if (start > durable) return { events: [], considered: start - 1, scanned: 0, end: true };
  const records = parts.tail.from(start, limit) ?? fromDisk(parts, start, limit);
  const considered = records.at(-1)?.position ?? durable;
  return { events: matching(filter, records), considered, scanned: records.length, end: considered >= durable };
};

const readBackward = ({ db, head }: ReadParts, from: number, limit: number, filter?: StoreFilter): AllPage => {
  const { rows, whole } = db.allRows(from, 'backward', limit);
  const end = whole && rows.length < limit;
  const newest = rows[0]?.record.position ?? 0;
  // What is read backwards must be without a gap forwards, up to where the reading began and down to the first event.
  const next = newest < Math.min(from - 1, head()) ? db.allRows(from, 'forward', 1).rows : [];
  if (next.length === 0 && newest < Math.min(from - 1, head())) throw incomplete();
  const oldest = end ? 0 : (rows.at(-1)?.record.position ?? 1) - 1;
  const records = intactForward([...rows.toReversed(), ...next], oldest)
    .slice(0, rows.length)
    .toReversed();
  const considered = records.at(-1)?.position ?? Math.max(from, 1);
  return { events: matching(filter, records), considered, scanned: rows.length, end };
};

/** `Storage.readAll`: the whole log, hidden and deleted events included, each record verified, none missing. */
export const readAll = (
  parts: ReadParts,
  from: number | 'start' | 'end',
  direction: Direction,
  limit: number,
  filter?: StoreFilter,
): AllPage => {
  const start = from === 'start' ? 1 : from === 'end' ? parts.head() + 1 : from;
  const read = direction === 'forward' ? readForward : readBackward;
  return read(parts, start, checked(from, limit), filter);
};
