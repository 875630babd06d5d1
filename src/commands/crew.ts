import { categoryOf } from '../domain/kernel/ids.ts';
import { LogError, type Journal, type Lease, type ProcessEntry } from '../ports.ts';
import { bell, type Bell } from './bell.ts';
import type { Engine } from './execute.ts';
import { driveInstance, Unreadable, type End, type Sight } from './instance.ts';
import type { Kind } from './kind.ts';
import type { Ending } from './ledger.ts';
import { isOutage } from './outage.ts';
import { recent } from './recent.ts';

const retryAfterOutageMs = 2_000;
/** What this build cannot read, a newer one may: so often it is offered to all. */
const retryUnreadableMs = 60_000;
const faultCharsMax = 500;

interface Running {
  readonly kind: Kind;
  readonly bell: Bell;
  readonly sight: Sight;
  /** Under which the roster has it as ours; null without one, and then a crash leaves it to be found by its events. */
  lease: bigint | null;
}

export interface CrewParts {
  readonly engine: Engine;
  readonly kinds: readonly Kind[];
  readonly journal: Journal;
  readonly draining: AbortSignal;
  readonly stopped: AbortSignal;
  /** This instance has something to do, and nobody here is at it. */
  readonly want: (entry: ProcessEntry) => void;
  readonly giveBack: (ending: Ending) => void;
  readonly onEnded: () => void;
}

export interface Crew {
  /** How many instances run here. */
  readonly size: () => number;
  readonly has: (stream: string) => boolean;
  /** Drives it under this lease. One that runs already goes on under it, and looks again at what there is. */
  readonly start: (stream: string, lease: bigint | null) => void;
  /**
   * Something was appended to this stream. Whoever drives it here looks, unless it has seen that; an instance that rests
   * is taken up, unless its own process recorded it, for whichever node that did so goes on.
   */
  readonly nudge: (stream: string, revision: number, by?: { readonly byItself?: boolean }) => void;
  /** True where the instance was driven past this revision, and the roster has what is left of it, if anything. */
  readonly covers: (stream: string, revision: number) => boolean;
  /**
   * Tells whoever drives the instance here of this revision, and answers under which lease that is. As long as the roster
   * has it under that lease, it needs no waking: it is not given back before it has seen the revision.
   */
  readonly holds: (stream: string, revision: number) => bigint | undefined;
  readonly leased: () => readonly Lease[];
  readonly loseLease: (lease: Lease) => void;
  /** The roster has it in writing how this instance was left. */
  readonly released: (ending: Ending) => void;
  readonly ringAll: () => void;
  /** Gives all that still run to whoever takes them now. */
  readonly abandonAll: () => void;
}

/** How driving ended, and why it could not go on. */
interface Stop extends End {
  readonly fault: string | null;
}

/** When to look again at an instance that could not be driven on, and what is to be said of it meanwhile. */
const interrupted = ({ engine, journal }: CrewParts, stream: string, { name }: Kind, error: unknown): Stop => {
  const { clock, telemetry, remembered } = engine;
  const cause = isOutage(error) ? 'outage' : error instanceof Unreadable ? 'unreadable' : 'stuck';
  journal.error(cause === 'outage' ? 'process_interrupted' : 'process_stuck', { stream, cause, error: String(error) });
  telemetry.count('acta_process_interruptions_total', { process: name, cause });
  remembered.forget(stream);
  const retryMs = { outage: retryAfterOutageMs, unreadable: retryUnreadableMs, stuck: undefined }[cause];
  const gone = error instanceof LogError && error.fault === 'stream_deleted';
  const fault = `${cause}: ${error instanceof Error ? error.message : String(error)}`.slice(0, faultCharsMax);
  return { due_at: retryMs === undefined ? null : clock.now() + retryMs, done: gone, revision: -1, fault };
};

const endingOf = (stream: string, { kind, lease }: Running, stop: Stop): Ending => ({
  ...stop,
  stream,
  kind: kind.name,
  lease,
});

/** An instance that has not looked at all there is has an end that is not one. */
const unlessMissed = ({ newest, seen, again }: Sight, stop: Stop, now: number): Stop =>
  newest > seen || again ? { ...stop, due_at: stop.due_at ?? now, done: false } : stop;

const tell = ({ sight, bell: ring }: Running, revision: number): void => {
  if (revision <= sight.seen) return;
  sight.newest = Math.max(sight.newest, revision);
  ring.ring();
};

/** Under which lease whoever has been told this now drives; undefined for nobody. */
const told = (known: Running | undefined, revision: number): bigint | undefined => {
  if (known !== undefined) tell(known, revision);
  return known?.lease ?? undefined;
};

/** What runs goes on under a newer lease, and looks again: others may have been told meanwhile of what there is to see. */
const adopt = (known: Running, lease: bigint): void => {
  known.lease = lease;
  known.sight.again = true;
  known.bell.ring();
};

/** The instances that this node drives now: each is started once, told what happens to its stream, and given back. */
export const crew = (parts: CrewParts): Crew => {
  const { engine, kinds, journal, draining, stopped, want, giveBack, onEnded } = parts;
  const kindOf = new Map(kinds.map((kind) => [kind.category, kind]));
  const running = new Map<string, Running>();
  const ended = recent();
  const recorded = recent();
  const counted = (process: string): void =>
    engine.telemetry.gauge('acta_processes_running', running.size, { process });

  const run = async (stream: string, kind: Kind, lease: bigint | null): Promise<void> => {
    const self: Running = { kind, bell: bell(), sight: { newest: -1, seen: -1, again: false }, lease };
    running.set(stream, self);
    counted(kind.name);
    const end = await driveInstance(engine, kind, stream, { ...self, draining, stopped }, journal).then(
      (ending): Stop => ({ ...ending, fault: null }),
      (error: unknown) => interrupted(parts, stream, kind, error),
    );
    const { newest, seen } = self.sight;
    ended.note(stream, end.revision);
    const left = endingOf(stream, self, unlessMissed(self.sight, end, engine.clock.now()));
    // Where nothing is left to do, it need not stand in the roster.
    if (left.done) recorded.note(stream, end.revision);
    giveBack(left);
    running.delete(stream);
    counted(kind.name);
    // Where driving was interrupted for a while, it is taken up again at its time, and not before.
    if (newest > seen && (end.revision >= 0 || end.due_at === null)) nudge(stream, newest);
    onEnded();
  };

  const nudge: Crew['nudge'] = (stream, revision, { byItself = false } = {}) => {
    const known = running.get(stream);
    if (known === undefined) {
      const kind = kindOf.get(categoryOf(stream));
      if (kind === undefined || byItself || draining.aborted || ended.past(stream, revision)) return;
      want({ stream, kind: kind.name, due_at: engine.clock.now() });
    } else tell(known, revision);
  };

  return {
    size: () => running.size,
    has: (stream) => running.has(stream),
    start: (stream, lease) => {
      const kind = kindOf.get(categoryOf(stream));
      const known = running.get(stream);
      if (known === undefined) {
        if (kind !== undefined) void run(stream, kind, lease);
      } else if (lease !== null) adopt(known, lease);
    },
    nudge,
    covers: recorded.past,
    holds: (stream, revision) => told(running.get(stream), revision),
    leased: () => [...running].flatMap(([stream, { lease }]) => (lease === null ? [] : [{ stream, lease }])),
    loseLease: ({ stream, lease }) => {
      const lost = running.get(stream);
      if (lost?.lease === lease) lost.lease = null;
    },
    released: ({ stream, revision }) => recorded.note(stream, revision),
    ringAll: () => {
      for (const each of running.values()) each.bell.ring();
    },
    abandonAll: () => {
      const end = { due_at: engine.clock.now(), done: false, fault: null, revision: -1 };
      for (const [stream, each] of running) giveBack(endingOf(stream, each, end));
      running.clear();
    },
  };
};
