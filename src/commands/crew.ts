import { categoryOf } from '../domain/kernel/ids.ts';
import { LogError, type Journal, type ProcessEntry } from '../ports.ts';
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
  /** The roster knows that we hold it; without that, a crash would leave it to be found by its events. */
  leased: boolean;
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
  readonly start: (stream: string, leased: boolean) => void;
  /**
   * Something was appended to this stream. Whoever drives it here looks, unless it has seen that; an instance that rests
   * is taken up, unless its own process recorded it, for whichever node that did so goes on.
   */
  readonly nudge: (stream: string, revision: number, by?: { readonly byItself?: boolean }) => void;
  /** True where this node drives the instance under a lease, or has driven it past this revision. */
  readonly covers: (stream: string, revision: number) => boolean;
  readonly leased: () => readonly string[];
  readonly loseLease: (stream: string) => void;
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

const endingOf = (
  stream: string,
  { kind, leased }: Running,
  { due_at, done, fault }: Omit<Stop, 'revision'>,
): Ending => ({
  entry: { stream, kind: kind.name, due_at },
  done,
  leased,
  fault,
});

/** The instances that this node drives now: each is started once, told what happens to its stream, and given back. */
export const crew = (parts: CrewParts): Crew => {
  const { engine, kinds, journal, draining, stopped, want, giveBack, onEnded } = parts;
  const kindOf = new Map(kinds.map((kind) => [kind.category, kind]));
  const running = new Map<string, Running>();
  const ended = recent();
  const counted = (process: string): void =>
    engine.telemetry.gauge('acta_processes_running', running.size, { process });

  const run = async (stream: string, kind: Kind, leased: boolean): Promise<void> => {
    const self: Running = { kind, bell: bell(), sight: { newest: -1, seen: -1 }, leased };
    running.set(stream, self);
    counted(kind.name);
    const end = await driveInstance(engine, kind, stream, { ...self, draining, stopped }, journal).then(
      (ending): Stop => ({ ...ending, fault: null }),
      (error: unknown) => interrupted(parts, stream, kind, error),
    );
    // What the roster does not know of must be found by its events, unless nothing is left to find.
    if (self.leased || end.done) ended.note(stream, end.revision);
    giveBack(endingOf(stream, self, end));
    running.delete(stream);
    counted(kind.name);
    const { newest, seen } = self.sight;
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
    } else if (revision > known.sight.seen) {
      known.sight.newest = Math.max(known.sight.newest, revision);
      known.bell.ring();
    }
  };

  return {
    size: () => running.size,
    has: (stream) => running.has(stream),
    start: (stream, leased) => {
      const kind = kindOf.get(categoryOf(stream));
      if (kind !== undefined && !running.has(stream)) void run(stream, kind, leased);
    },
    nudge,
    covers: (stream, revision) => running.get(stream)?.leased === true || ended.past(stream, revision),
    leased: () => [...running].flatMap(([stream, { leased }]) => (leased ? [stream] : [])),
    loseLease: (stream) => {
      const lost = running.get(stream);
      if (lost !== undefined) lost.leased = false;
    },
    ringAll: () => {
      for (const each of running.values()) each.bell.ring();
    },
    abandonAll: () => {
      const end = { due_at: engine.clock.now(), done: false, fault: null };
      for (const [stream, each] of running) giveBack(endingOf(stream, each, end));
      running.clear();
    },
  };
};
