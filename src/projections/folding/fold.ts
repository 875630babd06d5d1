import * as E from 'fp-ts/lib/Either.js';
import type { Catalogue } from '../../domain/kernel/catalogue.ts';
import type { Recorded, Unreadable } from '../../domain/kernel/event.ts';
import type { StoredEvent } from '../../ports.ts';
import { wants, type FoldedRow, type Projection } from '../projection.ts';
import { rowKey, type RowKey } from './row.key.ts';

/** How often a fold that throws is asked again before its event is parked (assurance F50). */
export const foldAttemptsMax = 3;
const errorCharsMax = 2_000;

/** An event, and one row that it concerns. */
export interface Concern {
  readonly stored: StoredEvent;
  readonly event: Recorded;
  readonly key: RowKey;
}

/**
 * An event that could not be folded into one of its rows. The key is empty where the event could not even be understood,
 * and then whatever follows in its stream is parked with it.
 */
export interface Parked {
  readonly stored: StoredEvent;
  readonly key: string;
  readonly error: string;
  /** 0 where it only stands behind another one. */
  readonly attempts: number;
}

/** What is parked already, so that whatever follows is parked behind it, in order. */
export interface Parking {
  readonly keys: ReadonlySet<string>;
  readonly streams: ReadonlySet<string>;
  /** In a rebuild: what somebody has skipped before (`markOf`). Where it fails again, it is passed by. */
  readonly passed?: ReadonlySet<string>;
}

/** An event for one of its rows, as one text. */
export const markOf = (position: bigint, key: string): string => `${position}/${key}`;

export interface ChangedRow {
  readonly key: RowKey;
  /** Null where there is to be none any more. */
  readonly row: FoldedRow | null;
}

export type Decode = (stored: StoredEvent) => E.Either<Unreadable, Recorded>;

/** Decodes each event once, however many projections want it. */
export const decoding = ({ read }: Catalogue): Decode => {
  const known = new WeakMap<StoredEvent, E.Either<Unreadable, Recorded>>();
  return (stored) => {
    const before = known.get(stored);
    if (before !== undefined) return before;
    const decoded = read(stored);
    known.set(stored, decoded);
    return decoded;
  };
};

/** An error as it is shown: what kind and what it says, bounded. */
export const said = (error: unknown): string =>
  (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, errorCharsMax);

/** The row with exactly the table's columns, each value in its one form; what does not fit its column throws. */
const wholeRow = ({ name, columns, key }: Projection, expected: RowKey, row: FoldedRow): FoldedRow => {
  const whole: Record<string, unknown> = {};
  for (const column of columns) {
    const value = row[column.name];
    if (value === undefined || value === null) {
      if (column.required) throw new TypeError(`${name}.${column.name} is required`);
      whole[column.name] = null;
      continue;
    }
    try {
      whole[column.name] = column.read(value);
    } catch (error) {
      throw new TypeError(`${name}.${column.name}: ${(error as Error).message}`, { cause: error });
    }
  }
  if (key.some((column, index) => whole[column.name] !== expected.values[index]))
    throw new TypeError(`${name}: a fold may not change the key of its row`);
  return Object.freeze(whole);
};

/**
 * Which rows these events concern, in log order, and what of them has to be parked. Events of types that the projection
 * does not name, unknown ones among them, concern nothing (assurance F51).
 */
export const concerns = (
  projection: Projection,
  events: readonly StoredEvent[],
  decode: Decode,
  parking: Parking,
): { readonly concerns: readonly Concern[]; readonly parked: readonly Parked[] } => {
  const found: Concern[] = [];
  const parked: Parked[] = [];
  const streams = new Set(parking.streams);
  const refuse = (stored: StoredEvent, error: string, attempts: number): void => {
    if (parking.passed?.has(markOf(stored.position, '')) === true) return;
    streams.add(stored.stream);
    parked.push({ stored, key: '', error, attempts });
  };
  for (const stored of events) {
    if (!wants(projection, stored.type)) continue;
    if (streams.has(stored.stream)) {
      refuse(stored, 'stands behind a parked event of its stream', 0);
      continue;
    }
    const decoded: E.Either<Unreadable, Recorded> = projection.types === 'every' ? E.right(stored) : decode(stored);
    if (E.isLeft(decoded)) {
      refuse(stored, JSON.stringify(decoded.left), 1);
      continue;
    }
    try {
      for (const key of projection.keys(decoded.right))
        found.push({ stored, event: decoded.right, key: rowKey(projection, key) });
    } catch (error) {
      refuse(stored, said(error), 1);
    }
  }
  return { concerns: found, parked };
};

/** The fold, tried a few times: undefined means that nothing changed. */
const attempt = (
  projection: Projection,
  row: FoldedRow | undefined,
  { event, key }: Concern,
): E.Either<string, FoldedRow | null | undefined> => {
  let error: unknown;
  for (let attempts = 1; attempts <= foldAttemptsMax; attempts++) {
    try {
      const after = projection.fold(row, event, key.said);
      if (after === null) return E.right(row === undefined ? undefined : null);
      return E.right(after === row ? undefined : wholeRow(projection, key, after));
    } catch (thrown) {
      error = thrown;
    }
  }
  return E.left(said(error));
};

/**
 * Folds events into the rows they concern, in order, and answers the rows that changed. Pure: `before` says what a row was.
 * Where a fold throws, the event is parked for that row alone, and whatever follows of that row behind it; other rows go on.
 */
export const foldRows = (
  projection: Projection,
  found: readonly Concern[],
  before: (key: string) => FoldedRow | undefined,
  parking: Parking,
): { readonly changed: ReadonlyMap<string, ChangedRow>; readonly parked: readonly Parked[] } => {
  const changed = new Map<string, ChangedRow>();
  const parked: Parked[] = [];
  const keys = new Set(parking.keys);
  for (const concern of found) {
    const { stored, key } = concern;
    if (keys.has(key.text)) {
      parked.push({ stored, key: key.text, error: 'stands behind a parked event of its row', attempts: 0 });
      continue;
    }
    const standing = changed.get(key.text);
    const row = standing === undefined ? before(key.text) : (standing.row ?? undefined);
    const after = attempt(projection, row, concern);
    if (E.isLeft(after)) {
      if (parking.passed?.has(markOf(stored.position, key.text)) === true) continue;
      keys.add(key.text);
      parked.push({ stored, key: key.text, error: after.left, attempts: foldAttemptsMax });
    } else if (after.right !== undefined) {
      changed.set(key.text, { key, row: after.right });
    }
  }
  return { changed, parked };
};

const nothingParked: Parking = { keys: new Set(), streams: new Set() };

/** The table as these events make it, without a database: for tests, and for looking at the past. Poison throws. */
export const foldLog = (
  projection: Projection,
  catalogue: Catalogue,
  events: readonly StoredEvent[],
): ReadonlyMap<string, FoldedRow> => {
  const addressed = concerns(projection, events, decoding(catalogue), nothingParked);
  const { changed, parked } = foldRows(projection, addressed.concerns, () => undefined, nothingParked);
  const [poison] = [...addressed.parked, ...parked];
  if (poison !== undefined)
    throw new Error(
      `${projection.name} cannot fold ${poison.stored.type} at ${poison.stored.position}: ${poison.error}`,
    );
  return new Map([...changed].flatMap(([text, { row }]) => (row === null ? [] : [[text, row] as const])));
};
