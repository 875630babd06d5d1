import { sql } from 'kysely';
import type { Clock, EventLog, Journal } from '../ports.ts';
import { foldAll } from './folding/ahead.ts';
import { foldStretch } from './folding/batch.ts';
import type { Workshop } from './folding/outcome.ts';
import { compare, type Comparison } from './rebuilding/compare.ts';
import { ProjectionFault } from './fault.ts';
import { said } from './folding/fold.ts';
import { pause } from './following/latch.ts';
import type { Member } from './folding/member.ts';
import { endOperation, noteProgress, operationOf, type Operation, type Progress } from './operations.ts';
import { pages } from './following/pages.ts';
import { journey, type Journey } from './rebuilding/progress.ts';
import type { Projection } from './projection.ts';
import { dropShadow, level, openShadow } from './rebuilding/shadow.ts';
import { createIndexes } from './standing.ts';
import { swap } from './rebuilding/swap.ts';

const progressMs = 500;
/** While it waits to be swapped in, the new table follows the log at this distance. */
const followMs = 200;
/** Readers that come and go are waited for; after so many steps back something holds the table for good. */
const swapAttemptsMax = 150;
const retryFirstMs = 100;
const retryLongestMs = 5_000;

export interface RebuildParts {
  readonly workshop: Workshop;
  readonly log: EventLog;
  readonly journal: Journal;
  readonly clock: Clock;
  /** The node's own end: the rebuild stays written down, and goes on when somebody starts again. */
  readonly signal: AbortSignal;
}

export type Ending =
  | { readonly is: 'swapped' }
  | { readonly is: 'cancelled' }
  | { readonly is: 'failed'; readonly error: string }
  /** The node ends before the rebuild does. */
  | { readonly is: 'interrupted' };

interface Build {
  readonly parts: RebuildParts;
  readonly operation: Operation;
  readonly shadow: Member;
  readonly journey: Journey;
  phase: Progress['phase'];
  wish: 'auto' | 'manual';
  head: bigint;
  notedAt: number;
}

/** Writes down how far it is, now and then, and hears what was asked of it. */
const note = async (build: Build, always = false): Promise<void> => {
  const { parts, operation, shadow } = build;
  const now = parts.clock.now();
  if (!always && now - build.notedAt < progressMs) return;
  build.notedAt = now;
  const progress = build.journey.at(build.phase, shadow.position, build.head);
  const noted = await noteProgress(parts.workshop.database.background, operation.id, progress);
  if (noted === undefined || noted.cancel_requested)
    throw new ProjectionFault('cancelled', `the rebuild of ${operation.target} was called off`);
  build.wish = noted.input.swap;
};

const enter = (build: Build, phase: Progress['phase']): Promise<void> => {
  build.phase = phase;
  return note(build, true);
};

/** Ends where the node does. */
async function* until<T>(signal: AbortSignal, source: AsyncIterable<T>): AsyncGenerator<T, void, void> {
  for await (const each of source) {
    if (signal.aborted) return;
    yield each;
  }
}

/** Folds what the log holds beyond the new table, up to the log's end. */
const catchUp = async (build: Build): Promise<void> => {
  const { parts, shadow } = build;
  build.head = await parts.log.head();
  if (shadow.position > build.head)
    throw new ProjectionFault('log_rolled_back', `the log ends at ${build.head}, the table at ${shadow.position}`);
  const stretches = until(parts.signal, pages(parts.log, shadow.position, [shadow.projection]));
  await foldAll(parts.workshop, shadow, stretches, async ({ events, upTo }) => {
    build.journey.moved(events.length);
    if (upTo > build.head) build.head = upTo;
    await note(build);
  });
};

/** Both tables at the same position, and neither moving, for as long as somebody looks. */
const still =
  ({ parts: { workshop, log }, shadow }: Build) =>
  async <T>(look: (trx: Workshop['database']['background']) => Promise<T>): Promise<T> => {
    for (;;) {
      const seen = await workshop.database.inTransaction(async (trx) => {
        const even = await level(trx, workshop, log, shadow);
        return even === undefined ? undefined : { settle: even.settle, value: await look(trx) };
      });
      if (seen !== undefined) {
        seen.settle();
        return seen.value;
      }
      for await (const stretch of pages(log, shadow.position, [shadow.projection]))
        await foldStretch(workshop, [shadow], stretch);
    }
  };

/** Waits until somebody says so, following the log; then takes the served table's place. */
const takePlace = async (build: Build, comparison: Comparison | undefined): Promise<Ending> => {
  const { parts, operation, shadow } = build;
  for (let attempt = 1; !parts.signal.aborted;) {
    await catchUp(build);
    if (build.wish === 'manual') {
      if (build.phase !== 'ready') await enter(build, 'ready');
      await pause(followMs, parts.signal);
      await note(build);
      continue;
    }
    if (build.phase !== 'swapping') await enter(build, 'swapping');
    if (await swap(parts.workshop, parts.log, shadow, { id: operation.id, result: comparison ?? null }))
      return { is: 'swapped' };
    attempt += 1;
    if (attempt > swapAttemptsMax)
      throw new ProjectionFault(
        'refused',
        `readers held ${operation.target} through ${swapAttemptsMax} attempts to swap`,
      );
    await pause(parts.clock.chance() * followMs, parts.signal);
  }
  return { is: 'interrupted' };
};

const built = async (parts: RebuildParts, projection: Projection, operation: Operation): Promise<Ending> => {
  const { database } = parts.workshop;
  // The outcome of a swap is unknown when the connection was lost at its commit.
  const before = await operationOf(database.background, operation.id);
  if (before?.status === 'succeeded') return { is: 'swapped' };
  const shadow = await openShadow(database, projection);
  const build: Build = {
    parts,
    operation,
    shadow,
    journey: journey(parts.clock, shadow.position),
    phase: 'replaying',
    wish: operation.input.swap,
    head: shadow.position,
    notedAt: 0,
  };
  await enter(build, 'replaying');
  await catchUp(build);
  if (parts.signal.aborted) return { is: 'interrupted' };
  await enter(build, 'indexing');
  await database.inTransaction(async (trx) => {
    await sql`set local statement_timeout = 0`.execute(trx);
    await createIndexes(trx, 'shadow', projection);
  });
  await enter(build, 'catching_up');
  await catchUp(build);
  await enter(build, 'comparing');
  const comparison = await compare(database.background, projection, still(build));
  return parts.signal.aborted ? { is: 'interrupted' } : takePlace(build, comparison);
};

/** Faults after which the rebuild ends; whatever else goes wrong is tried again from the new table's own checkpoint. */
const fatal: ReadonlySet<string> = new Set([
  'poison',
  'disordered',
  'log_rolled_back',
  'unknown',
  'under_way',
  'refused',
]);

/**
 * Builds a projection's table anew beside the served one, from the beginning of the log, compares the two, and swaps
 * (design 6). The served table serves all the while, and is kept current by whoever keeps it: for a rebuild of the same
 * version, the same folds on this node; for a newer version, the nodes that still run the older one. Where there are none,
 * as on a single node that was started with newer code, the old fold is gone: the served table keeps the position at which
 * it was left, says so, and is replaced when the new one has caught up.
 *
 * It can be cancelled at any time, and then leaves nothing; a crash leaves the old table serving and the rebuild where it
 * was, and it goes on from its own checkpoint. An event that cannot be folded ends it (assurance F50). A database or log
 * that is away is waited for.
 */
export const rebuild = async (parts: RebuildParts, projection: Projection, operation: Operation): Promise<Ending> => {
  const { workshop, journal, signal, clock } = parts;
  const { database } = workshop;
  const end = async (status: 'failed' | 'cancelled', error: string): Promise<void> =>
    database.inTransaction(async (trx) => {
      await dropShadow(trx, projection);
      await endOperation(trx, operation.id, status, { error });
    });
  for (let failures = 0; ; failures++) {
    try {
      return await built(parts, projection, operation);
    } catch (error) {
      if (signal.aborted) return { is: 'interrupted' };
      const fault = error instanceof ProjectionFault ? error.fault : undefined;
      if (fault === 'cancelled') {
        await end('cancelled', said(error));
        return { is: 'cancelled' };
      }
      if (fault !== undefined && fatal.has(fault)) {
        journal.error('rebuild_failed', { projection: projection.name, operation: operation.id, error: said(error) });
        await end('failed', said(error));
        return { is: 'failed', error: said(error) };
      }
      journal.warn('rebuild_interrupted', { projection: projection.name, operation: operation.id, error: said(error) });
      const longest = Math.min(retryLongestMs, retryFirstMs * 2 ** Math.min(failures, 16));
      await pause((longest * (1 + clock.chance())) / 2, signal);
      if (signal.aborted) return { is: 'interrupted' };
    }
  }
};
