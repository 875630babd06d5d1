import type { Kysely } from 'kysely';
import type { Clock, StoredEvent } from '../../ports.ts';
import type { Database, Lasting } from '../../schema.ts';
import { ProjectionFault } from '../fault.ts';
import type { FoldedRow } from '../projection.ts';
import { concerns, foldRows, type Decode, type Parked } from './fold.ts';
import type { Member } from './member.ts';
import { parkedMax, withParked } from './parking.ts';
import type { RowKey } from './row.key.ts';
import type { Known } from './rows.ts';
import { loadRows, writing, type Writing } from './statements.ts';

/** Events in log order, and up to where the log has been read. */
export interface Stretch {
  readonly events: readonly StoredEvent[];
  readonly upTo: bigint;
}

/** What folding needs from the world. */
export interface Workshop {
  readonly database: Database;
  readonly decode: Decode;
  readonly clock: Clock;
}

/** What a stretch comes to for one member, before anything is written. */
export interface Outcome {
  readonly member: Member;
  readonly parked: readonly Parked[];
  readonly writing: Writing;
  readonly concerned: number;
}

export const nothing: Writing = { upserts: [], removals: [], known: new Map() };

const poisoned = ({ projection }: Member, { stored, key, error }: Parked): ProjectionFault =>
  new ProjectionFault(
    'poison',
    `${projection.name}@${projection.version} cannot fold ${stored.type} ${stored.id} at ${stored.position}` +
      `${key === '' ? '' : ` into ${key}`}: ${error}`,
  );

/** What is to be parked; in a rebuild nothing may be. */
export const admitted = (member: Member, parked: readonly Parked[]): readonly Parked[] => {
  const [first] = parked;
  if (member.strict && first !== undefined) throw poisoned(member, first);
  if (member.parking.count + parked.length > parkedMax)
    throw new ProjectionFault('too_many_parked', `${member.projection.name} has ${parkedMax} parked events`, {
      about: [member.projection.name],
    });
  return parked;
};

/** Rows by key, as they will be once what is on its way to the database has arrived. */
export type OnTheWay = ReadonlyMap<string, Known>;

/** The rows that these keys have, from memory or in one query. */
const rowsBefore = async (
  db: Kysely<Lasting>,
  { projection, schema, rows }: Member,
  keys: Iterable<RowKey>,
  onTheWay: OnTheWay,
): Promise<ReadonlyMap<string, FoldedRow | undefined>> => {
  const before = new Map<string, FoldedRow | undefined>();
  if (projection.blind) return before;
  const missing: RowKey[] = [];
  for (const key of keys) {
    if (before.has(key.text)) continue;
    const known = onTheWay.get(key.text) ?? rows.get(key.text);
    before.set(key.text, known?.row);
    if (known === undefined) missing.push(key);
  }
  if (missing.length === 0) return before;
  for (const [key, row] of await loadRows(db, schema, projection, missing)) before.set(key, row);
  return before;
};

/** Folds a stretch for one member, in memory; `unwritable`, `poison` and `too_many_parked` are thrown. */
export const outcomeOf = async (
  db: Kysely<Lasting>,
  { decode, clock }: Workshop,
  member: Member,
  events: readonly StoredEvent[],
  onTheWay: OnTheWay = nothing.known,
): Promise<Outcome> => {
  const { projection, parking } = member;
  const addressed = concerns(projection, events, decode, parking);
  const before = await rowsBefore(
    db,
    member,
    addressed.concerns.map(({ key }) => key),
    onTheWay,
  );
  const began = clock.now();
  const { changed, parked } = foldRows(projection, addressed.concerns, (key) => before.get(key), parking);
  member.spentMs = clock.now() - began;
  return {
    member,
    parked: admitted(member, [...addressed.parked, ...parked]),
    writing: writing(projection, changed.values()),
    concerned: addressed.concerns.length,
  };
};

/** What only a committed transaction may change in memory. */
export const settle = ({ member, parked, writing, concerned }: Outcome, { events, upTo }: Stretch): void => {
  if (!member.projection.blind) for (const [key, known] of writing.known) member.rows.keep(key, known);
  member.parking = withParked(member.parking, parked);
  member.position = upTo;
  member.recordedAt = events.at(-1)?.recorded_at ?? member.recordedAt;
  member.folded += concerned;
};
