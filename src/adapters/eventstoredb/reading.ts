import {
  BACKWARDS,
  END,
  FORWARDS,
  START,
  type Direction,
  type ReadPosition,
  type ResolvedEvent,
} from '@eventstore/db-client';
import { LogError, type ReadAll, type ReadStream, type StoredEvent } from '../../ports.ts';
import type { Connection } from './connection.ts';
import { isMissing, logErrorOf } from './faults.ts';
import { wanted } from './filters.ts';
import { pagesOf } from './pages.ts';
import { storedEvent } from './records.ts';

export interface ReadLimits {
  readonly batchMax: number;
  readonly readSilenceMsMax: number;
}

const eventsOf = (page: readonly ResolvedEvent[]): StoredEvent[] =>
  page.flatMap(({ event, commitPosition }) => (event === undefined ? [] : [storedEvent(event, commitPosition)]));

const directionOf = (direction: ReadStream['direction']): Direction =>
  direction === 'backward' ? BACKWARDS : FORWARDS;

const whereLeftOut = (direction: ReadStream['direction']) => (direction === 'backward' ? END : START);

/** Nothing is recorded before 0. */
const placeOf = (from: number | bigint): bigint => {
  if (typeof from === 'number' && !Number.isInteger(from))
    throw new LogError('invalid', 'a revision is a whole number');
  return from < 0 ? 0n : BigInt(from);
};

const positionOf = ({ from, direction }: ReadAll): ReadPosition => {
  if (typeof from !== 'bigint') return from ?? whereLeftOut(direction);
  return { commit: placeOf(from), prepare: placeOf(from) };
};

const checkLimit = (limit: number | undefined): void => {
  if (limit === undefined || (Number.isSafeInteger(limit) && limit >= 0)) return;
  throw new LogError('invalid', `a limit of ${limit} events is none`);
};

/** `EventLog.read`: a stream's pages; none where the stream is missing or softly deleted. */
export const readStream = async function* (
  { client }: Connection,
  stream: string,
  { from, direction, limit }: ReadStream,
  { batchMax, readSilenceMsMax }: ReadLimits,
): AsyncGenerator<readonly StoredEvent[]> {
  checkLimit(limit);
  if (limit === 0) return;
  const fromRevision = typeof from === 'number' ? placeOf(from) : (from ?? whereLeftOut(direction));
  const options = { fromRevision, direction: directionOf(direction), ...(limit !== undefined && { maxCount: limit }) };
  const source = client().readStream(stream, options, { highWaterMark: batchMax });
  try {
    for await (const page of pagesOf<ResolvedEvent>(source, batchMax, readSilenceMsMax)) yield eventsOf(page);
  } catch (error) {
    if (!isMissing(error)) throw logErrorOf(error, `read ${stream}`);
  } finally {
    source.cancel().catch(() => undefined);
  }
};

/** `EventLog.readAll`. The client's reads of `$all` know no filter, so what is not wanted is left out here. */
export const readAll = async function* (
  { client }: Connection,
  read: ReadAll,
  { batchMax, readSilenceMsMax }: ReadLimits,
): AsyncGenerator<readonly StoredEvent[]> {
  const { direction, limit, filter } = read;
  checkLimit(limit);
  if (limit === 0) return;
  const isWanted = wanted(filter);
  let left = limit ?? Infinity;
  const options = {
    fromPosition: positionOf(read),
    direction: directionOf(direction),
    ...(limit !== undefined && filter === undefined && { maxCount: limit }),
  };
  const source = client().readAll(options, { highWaterMark: batchMax });
  try {
    for await (const page of pagesOf<ResolvedEvent>(source, batchMax, readSilenceMsMax)) {
      const events = eventsOf(page).filter(isWanted).slice(0, left);
      left -= events.length;
      if (events.length > 0) yield events;
      if (left === 0) return;
    }
  } catch (error) {
    throw logErrorOf(error, 'read $all');
  } finally {
    source.cancel().catch(() => undefined);
  }
};
