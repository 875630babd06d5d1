import type { Transaction } from 'kysely';
import { crashPoint } from '../../crash-points.ts';
import type { Lasting } from '../../schema.ts';
import { isDataFault, ProjectionFault } from '../fault.ts';
import { wants } from '../projection.ts';
import { moveCheckpoints } from './checkpoints.ts';
import { concerns, foldAttemptsMax, markOf, said, type Parked } from './fold.ts';
import { moveOf, type Member } from './member.ts';
import { admitted, nothing, outcomeOf, settle, type Outcome, type Stretch, type Workshop } from './outcome.ts';
import { park } from './parking.ts';
import { writeRows } from './statements.ts';

interface Manner {
  /** No statement but the first may take longer. */
  readonly statementMsMax?: number;
  /** Called when rows are on their way, and the database has work. */
  readonly sent?: () => void;
}

/** Writes what a stretch came to, and first of all moves the checkpoints. */
const written = async (
  trx: Transaction<Lasting>,
  { clock }: Workshop,
  outcomes: readonly Outcome[],
  upTo: bigint,
  { statementMsMax, sent }: Manner = {},
): Promise<void> => {
  await moveCheckpoints(
    trx,
    outcomes.map(({ member }) => moveOf(member, upTo)),
    statementMsMax,
  );
  for (const { member, writing, parked } of outcomes) {
    const began = clock.now();
    await writeRows(trx, member.schema, member.projection, writing, sent);
    await park(trx, member.projection, parked);
    member.spentMs += clock.now() - began;
  }
};

/** Positions strictly increase, and nothing that was handled comes again (assurance F30, 1.4): else nobody goes on. */
export const assertOrder = (members: readonly Member[], { events, upTo }: Stretch): void => {
  for (const { projection, position } of members) {
    let last = position;
    for (const event of events) {
      if (event.position <= last)
        throw new ProjectionFault('disordered', `${projection.name}: ${event.position} came after ${last}`);
      last = event.position;
    }
    if (upTo < last) throw new ProjectionFault('disordered', `${projection.name}: read up to ${upTo}, found ${last}`);
  }
};

/** Outcomes and checkpoints in one transaction; then, and only then, the members have moved. */
export const commit = async (
  workshop: Workshop,
  outcomes: readonly Outcome[],
  stretch: Stretch,
  manner?: Manner,
): Promise<void> => {
  await workshop.database.inTransaction(async (trx) => {
    await written(trx, workshop, outcomes, stretch.upTo, manner);
    crashPoint('projection.before_commit');
  });
  crashPoint('projection.after_commit');
  for (const outcome of outcomes) settle(outcome, stretch);
};

const together = async (
  workshop: Workshop,
  members: readonly Member[],
  stretch: Stretch,
  statementMsMax?: number,
): Promise<void> => {
  const { background } = workshop.database;
  const outcomes = await Promise.all(members.map((member) => outcomeOf(background, workshop, member, stretch.events)));
  await commit(workshop, outcomes, stretch, { ...(statementMsMax !== undefined && { statementMsMax }) });
};

/** The last resort for one event whose rows the database refuses: it is parked for all of them. */
const parkWhole = async (workshop: Workshop, member: Member, stretch: Stretch, error: unknown): Promise<void> => {
  const addressed = concerns(member.projection, stretch.events, workshop.decode, member.parking);
  const parked = addressed.concerns
    .filter(({ stored, key }) => member.parking.passed?.has(markOf(stored.position, key.text)) !== true)
    .map(({ stored, key }): Parked => ({ stored, key: key.text, error: said(error), attempts: foldAttemptsMax }));
  const outcome: Outcome = {
    member,
    parked: admitted(member, [...addressed.parked, ...parked]),
    writing: nothing,
    concerned: 0,
  };
  await workshop.database.inTransaction((trx) => written(trx, workshop, [outcome], stretch.upTo));
  settle(outcome, stretch);
};

/** Finds the event whose rows the database refuses, by halves; everything before and after it is folded. */
export const isolated = async (workshop: Workshop, member: Member, stretch: Stretch, attempts = 1): Promise<void> => {
  try {
    await together(workshop, [member], stretch);
  } catch (error) {
    if (!isDataFault(error)) throw error;
    const events = stretch.events.filter(({ type }) => wants(member.projection, type));
    const half = events.slice(0, events.length >> 1);
    const middle = half.at(-1);
    if (middle !== undefined) {
      await isolated(workshop, member, { events: half, upTo: middle.position });
      await isolated(workshop, member, { events: events.slice(half.length), upTo: stretch.upTo });
    } else if (attempts < foldAttemptsMax) await isolated(workshop, member, stretch, attempts + 1);
    else await parkWhole(workshop, member, stretch, error);
  }
};

/**
 * Folds a stretch of the log into the tables of members that all stand at the same position: rows, parked events and
 * checkpoints in one transaction, so exactly once. What the database refuses because of its values is an event's fault:
 * then each member goes alone, and the guilty event is found and parked. Everything else it throws means that nothing of
 * some member's part was written: `checkpoint_moved`, `disordered`, `poison`, `too_many_parked`, or the database's faults.
 * With a limit, a statement that takes longer is one of those (`timeout`).
 */
export const foldStretch = async (
  workshop: Workshop,
  members: readonly Member[],
  stretch: Stretch,
  statementMsMax?: number,
): Promise<void> => {
  assertOrder(members, stretch);
  try {
    await together(workshop, members, stretch, statementMsMax);
  } catch (error) {
    if (!isDataFault(error)) throw error;
    for (const member of members) await isolated(workshop, member, stretch);
  }
};

/** The same for one member inside a transaction that does more; answers what to call once that has committed. */
export const foldWithin = async (
  trx: Transaction<Lasting>,
  workshop: Workshop,
  member: Member,
  stretch: Stretch,
): Promise<() => void> => {
  assertOrder([member], stretch);
  const outcome = await outcomeOf(trx, workshop, member, stretch.events);
  await written(trx, workshop, [outcome], stretch.upTo);
  return () => settle(outcome, stretch);
};
