import { isDataFault } from '../fault.ts';
import { assertOrder, commit, isolated } from './batch.ts';
import type { Member } from './member.ts';
import { outcomeOf, type OnTheWay, type Outcome, type Stretch, type Workshop } from './outcome.ts';

interface Flight {
  /** False where the database refused something, and the events had to be folded one by one. */
  readonly asPlanned: Promise<boolean>;
  readonly known: OnTheWay;
}

/** What a stretch comes to, or undefined where the database refuses even to look for its rows. */
const foreseen = async (
  workshop: Workshop,
  member: Member,
  { events }: Stretch,
  known?: OnTheWay,
): Promise<Outcome | undefined> => {
  try {
    return await outcomeOf(workshop.database.background, workshop, member, events, known);
  } catch (error) {
    if (!isDataFault(error)) throw error;
    return undefined;
  }
};

/** Writes an outcome, or folds its events one by one. */
const arrived = async (
  workshop: Workshop,
  member: Member,
  outcome: Outcome | undefined,
  stretch: Stretch,
  sent: () => void,
): Promise<boolean> => {
  assertOrder([member], stretch);
  try {
    if (outcome !== undefined) {
      await commit(workshop, [outcome], stretch, { sent });
      return outcome.parked.length === 0;
    }
  } catch (error) {
    if (!isDataFault(error)) throw error;
  }
  await isolated(workshop, member, stretch);
  return false;
};

/**
 * Folds stretch after stretch for one member that is far behind: each in memory while the one before it is on its way to the
 * database, so that neither waits for the other. What `foldStretch` promises of each stretch holds; `folded` hears of
 * each when it has been committed.
 */
export const foldAll = async (
  workshop: Workshop,
  member: Member,
  stretches: AsyncIterable<Stretch>,
  folded: (stretch: Stretch) => Promise<void>,
): Promise<void> => {
  let flight: Flight | undefined;
  const send = async (outcome: Outcome | undefined, stretch: Stretch): Promise<void> => {
    const sent = Promise.withResolvers<void>();
    const asPlanned = arrived(workshop, member, outcome, stretch, sent.resolve).then(async (planned) => {
      await folded(stretch);
      return planned;
    });
    flight = { asPlanned, known: outcome?.writing.known ?? new Map() };
    // Folding takes the thread: not before the database has something to do. Whether it did is looked at later.
    await Promise.race([sent.promise, asPlanned.catch(() => {})]);
    await new Promise((resolve) => setImmediate(resolve));
  };
  try {
    for await (const stretch of stretches) {
      const outcome = await foreseen(workshop, member, stretch, flight?.known);
      const stands = (await flight?.asPlanned) ?? true;
      await send(stands ? outcome : await foreseen(workshop, member, stretch), stretch);
    }
  } finally {
    await flight?.asPlanned;
  }
};
