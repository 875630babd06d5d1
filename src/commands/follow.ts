import { crashPoint } from '../crash-points.ts';
import { categoryOf } from '../domain/kernel/ids.ts';
import type { Batch, Journal, ProcessEntry, Roster, StoredEvent } from '../ports.ts';
import type { Driver } from './drive.ts';
import type { Engine } from './execute.ts';
import { actorOf, type Kind } from './kind.ts';
import { outagePauseMs, paused } from './outage.ts';

const checkpointName = 'processes';
/** Where a batch gave nobody anything to do, the checkpoint may lag by so much: reading that again is cheaper. */
const checkpointEveryMs = 1_000;
/** A log that ends too early is looked at so often before it is believed: a node of a cluster may lag for a moment. */
const shortLooksMax = 5;
/** Streams whose events are reacted to at the same time. */
const lanesMax = 32;

export interface FollowParts {
  readonly roster: Roster;
  readonly driver: Driver;
  readonly kinds: readonly Kind[];
  readonly react: (event: StoredEvent) => Promise<void>;
  readonly journal: Journal;
}

/** What a batch says of processes: the newest revision of each that moved, and whether it moved by other hands than its own. */
interface Moved {
  readonly entry: ProcessEntry;
  readonly revision: number;
  readonly byItself: boolean;
}

const movedIn = (batch: Batch, kinds: ReadonlyMap<string, Kind>, now: number): readonly Moved[] => {
  const moved = new Map<string, Moved>();
  for (const { stream, revision, metadata } of batch.events) {
    const kind = kinds.get(categoryOf(stream));
    if (kind === undefined) continue;
    const byItself = metadata['actor'] === actorOf(kind) && moved.get(stream)?.byItself !== false;
    moved.set(stream, { entry: { stream, kind: kind.name, due_at: now }, revision, byItself });
  }
  return [...moved.values()];
};

/**
 * Reacts to what happened in one stream in its order, and to different streams side by side: none waits for another's disk.
 * Ends when all have ended; one that could not be done is thrown, and nothing more is begun.
 */
const eachInOrder = async (events: readonly StoredEvent[], react: FollowParts['react']): Promise<void> => {
  const left = [...Map.groupBy(events, ({ stream }) => stream).values()];
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) for (const event of next) await react(event);
  };
  const ended = await Promise.allSettled(
    Array.from({ length: Math.min(left.length, lanesMax) }, () =>
      lane().catch((error: unknown) => {
        left.length = 0;
        throw error;
      }),
    ),
  );
  const failed = ended.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
};

/**
 * Follows the log for the processes role: performs reactions, and notes in the roster which processes have something to
 * do. The checkpoint is moved in the transaction that notes them, after the reactions were done; a crash in between
 * repeats both, and repeating does nothing new. Lost connections are opened again, for ever, until the signal.
 *
 * A log that ends before what was followed of it was put back to an older state: what comes next would be taken for what
 * was seen, and skipped. So nothing is followed any more, and the answer is why (assurance F27).
 */
export const follow = async (
  { log, clock, telemetry }: Engine,
  { roster, driver, kinds, react, journal }: FollowParts,
  signal: AbortSignal,
): Promise<string | undefined> => {
  const kindOf = new Map(kinds.map((kind) => [kind.category, kind]));
  let failures = 0;
  let savedAt = 0;
  let seen = -1n;
  let shortLooks = 0;

  /** Where to go on; or why not, where events that were followed are gone. */
  const whereabouts = async (): Promise<{ readonly from: bigint | 'start' } | { readonly gone: string }> => {
    const saved = await roster.position(checkpointName);
    const head = await log.head();
    const followed = saved !== undefined && saved > seen ? saved : seen;
    if (head >= followed) return { from: saved ?? 'start' };
    return { gone: `the log ends at ${head}, and was followed up to ${followed}: events are gone` };
  };

  const take = async (batch: Batch): Promise<void> => {
    if (batch.position > seen) seen = batch.position;
    await eachInOrder(batch.events, react);
    const moved = movedIn(batch, kindOf, clock.now());
    const entries = moved.flatMap(({ entry, revision, byItself }) => {
      if (byItself || driver.covers(entry.stream, revision)) return [];
      const unless = driver.holds(entry.stream, revision);
      return [unless === undefined ? entry : { ...entry, unless }];
    });
    if (entries.length > 0 || clock.now() - savedAt >= checkpointEveryMs) {
      crashPoint('follow.before_checkpoint');
      await roster.wake(entries, { name: checkpointName, position: batch.position });
      crashPoint('follow.after_checkpoint');
      savedAt = clock.now();
      telemetry.gauge('acta_follow_position', Number(batch.position));
    }
    for (const { entry, revision, byItself } of moved) driver.nudge(entry.stream, revision, { byItself });
  };

  while (!signal.aborted) {
    try {
      const found = await whereabouts();
      if ('gone' in found) {
        shortLooks += 1;
        if (shortLooks >= shortLooksMax) {
          journal.error('follow_stopped', { reason: found.gone });
          return found.gone;
        }
        await paused(outagePauseMs(shortLooks), signal);
        continue;
      }
      shortLooks = 0;
      const { from } = found;
      for await (const batch of log.subscribe({ from, filter: { by: 'not_system' }, signal })) {
        await take(batch);
        failures = 0;
      }
    } catch (error) {
      if (signal.aborted) return undefined;
      failures += 1;
      journal.warn('follow_interrupted', { error: String(error), failures });
      await paused(outagePauseMs(failures), signal);
    }
  }
  return undefined;
};
