import type { Recorded } from '../domain/kernel/event.ts';
import { categoryOf } from '../domain/kernel/ids.ts';
import type { Journal, Roster } from '../ports.ts';
import { bell } from './bell.ts';
import { crew, type Crew } from './crew.ts';
import type { Engine } from './execute.ts';
import { actorOf, type Kind } from './kind.ts';
import { leaseMs, ledger } from './ledger.ts';

const renewMs = leaseMs / 3;
/** How many instances one node drives at a time; the others wait in the roster. */
const instancesMax = 1_024;
const graceMsDefault = 10_000;

export interface DriverParts {
  readonly roster: Roster;
  readonly kinds: readonly Kind[];
  /** This node's lasting name: after a crash it takes its own instances back at once. */
  readonly owner: string;
  readonly journal: Journal;
}

/** Extends the leases of what runs here. One that is lost is known to be so, and what it was for goes on all the same. */
const renew = async ({ clock }: Engine, { roster, journal }: DriverParts, instances: Crew): Promise<void> => {
  const held = instances.leased();
  if (held.length === 0) return;
  const kept = new Set(await roster.renew(clock.now(), leaseMs, held));
  for (const lease of held) {
    if (kept.has(lease.stream)) continue;
    instances.loseLease(lease);
    journal.warn('lease_lost', { stream: lease.stream });
  }
};

/**
 * Owns process instances by lease and drives them. A lease saves work and no more: two drivers of one instance race for
 * the same revision, and one loses before it acts.
 */
export const driver = (engine: Engine, parts: DriverParts) => {
  const { roster, kinds, owner, journal } = parts;
  const { clock } = engine;
  const actorFor = new Map(kinds.map((kind) => [kind.category, actorOf(kind)]));
  const draining = new AbortController();
  const stopped = new AbortController();
  const oneEnded = bell();

  const instances = crew({
    engine,
    kinds,
    journal,
    draining: draining.signal,
    stopped: stopped.signal,
    want: (entry) => book.want(entry),
    giveBack: (ending) => book.giveBack(ending),
    onEnded: oneEnded.ring,
  });

  const book = ledger(
    { roster, owner, clock, journal },
    {
      room: () => (draining.signal.aborted ? 0 : instancesMax - instances.size()),
      isRunning: instances.has,
      start: instances.start,
      released: instances.released,
    },
  );

  const hear = (stream: string, events: readonly Recorded[]): void => {
    const [actor, last] = [actorFor.get(categoryOf(stream)), events.at(-1)];
    // What a process recorded here, it recorded itself.
    if (last !== undefined && last.metadata['actor'] !== actor) instances.nudge(stream, last.revision);
  };

  let work: Promise<void> | undefined;
  let renewal: NodeJS.Timeout | undefined;

  return {
    nudge: instances.nudge,
    covers: instances.covers,
    holds: instances.holds,
    poke: book.poke,
    running: instances.size,
    /** Finds what was left behind, and drives from now on. */
    start: (): void => {
      engine.appended.add(hear);
      renewal = setInterval(() => void renew(engine, parts, instances).catch(() => undefined), renewMs).unref();
      work = book.keep(stopped.signal);
    },
    /** Lets what can end within the grace (milliseconds) end, hands the rest over, and leaves nothing half recorded. */
    stop: async (graceMs = graceMsDefault): Promise<void> => {
      draining.abort();
      engine.appended.delete(hear);
      instances.ringAll();
      const deadline = clock.now() + graceMs;
      while (instances.size() > 0 && clock.now() < deadline) await oneEnded.wait(Math.max(1, deadline - clock.now()));
      stopped.abort();
      instances.ringAll();
      clearInterval(renewal);
      await work;
      instances.abandonAll();
      await book.release().catch((error: unknown) => journal.warn('roster_unavailable', { error: String(error) }));
    },
  };
};
export type Driver = ReturnType<typeof driver>;
