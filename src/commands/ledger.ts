import type { Clock, Journal, ProcessEnd, ProcessEntry, Roster } from '../ports.ts';
import { bell } from './bell.ts';

export const leaseMs = 30_000;
const idlePollMs = 1_000;
const retryAfterFaultMs = 2_000;

/** How an instance was left; `revision`, how far its stream was seen. */
export interface Ending extends ProcessEnd {
  readonly fault: string | null;
  readonly revision: number;
}

/** What the ledger asks of the driver. */
export interface Hands {
  /** How many more instances may start. */
  readonly room: () => number;
  readonly isRunning: (stream: string) => boolean;
  /** Drives it under this lease; without one where the roster is out of reach. */
  readonly start: (stream: string, lease: bigint | null) => void;
  /** The roster has it in writing when this instance is to be looked at again. */
  readonly released: (ending: Ending) => void;
}

interface Desk {
  readonly roster: Roster;
  readonly owner: string;
  readonly clock: Clock;
  readonly journal: Journal;
}

/** What is still to be said to the roster, and when to ask it next. */
interface Notes {
  readonly wanted: Map<string, ProcessEntry>;
  readonly endings: Map<string, Ending>;
  /** Epoch milliseconds. */
  pollDue: number;
  reclaimed: boolean;
}

const claimWanted = async ({ wanted, endings }: Notes, desk: Desk, hands: Hands): Promise<void> => {
  const { roster, owner, clock, journal } = desk;
  const entries = [...wanted.values()].slice(0, Math.max(0, hands.room()));
  if (entries.length === 0) return;
  for (const { stream } of entries) {
    wanted.delete(stream);
    endings.delete(stream);
  }
  try {
    for (const { stream, lease } of await roster.claim(owner, clock.now(), leaseMs, entries))
      hands.start(stream, lease);
  } catch (error) {
    journal.warn('roster_unavailable', { error: String(error), driving_without_lease: entries.length });
    for (const { stream } of entries) hands.start(stream, null);
  }
};

const release = async (notes: Notes, { roster }: Desk, hands: Hands): Promise<void> => {
  const { wanted, endings } = notes;
  const left = [...endings.values()].filter(({ stream }) => !wanted.has(stream) && !hands.isRunning(stream));
  if (left.length === 0) return;
  await roster.release(left);
  for (const ending of left) {
    const { stream, due_at } = ending;
    if (endings.get(stream) === ending) endings.delete(stream);
    if (due_at !== null) notes.pollDue = Math.min(notes.pollDue, due_at);
    hands.released(ending);
  }
};

/** What a former life of this node held is free to it at once (decision 0005). */
const reclaim = async (notes: Notes, desk: Desk, hands: Hands): Promise<void> => {
  if (notes.reclaimed) return;
  const held = await desk.roster.held(desk.owner);
  notes.reclaimed = true;
  for (const entry of held) if (!hands.isRunning(entry.stream)) notes.wanted.set(entry.stream, entry);
  await claimWanted(notes, desk, hands);
};

const claimDue = async (notes: Notes, { roster, owner, clock }: Desk, hands: Hands): Promise<void> => {
  const room = hands.room();
  const restMs = notes.pollDue - clock.now();
  // A rest that is longer than any is one that a clock was set back in.
  if ((restMs > 0 && restMs <= retryAfterFaultMs) || room <= 0) return;
  const due = await roster.claimDue(owner, clock.now(), leaseMs, room);
  for (const { stream, lease } of due) hands.start(stream, lease);
  // Where all that fits was taken, there may be more.
  const next = due.length === room ? clock.now() : await roster.nextDue();
  notes.pollDue = Math.min(next ?? Number.POSITIVE_INFINITY, clock.now() + idlePollMs);
};

/**
 * All traffic with the roster goes through here, one statement after the other, so that no release overtakes a claim; and
 * many instances share a statement. While the roster is out of reach, what is wanted starts without a lease; what is left
 * of it is entered once the roster is back.
 */
export const ledger = (desk: Desk, hands: Hands) => {
  const { clock, journal } = desk;
  const notes: Notes = { wanted: new Map(), endings: new Map(), pollDue: 0, reclaimed: false };
  const attention = bell();

  const attempted = async (work: () => Promise<void>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      journal.warn('roster_unavailable', { error: String(error) });
      return false;
    }
  };

  const round = async (): Promise<void> => {
    await claimWanted(notes, desk, hands);
    // What cannot be given back is no reason to let lie what is due.
    const released = await attempted(() => release(notes, desk, hands));
    const claimed = await attempted(async () => {
      await reclaim(notes, desk, hands);
      await claimDue(notes, desk, hands);
    });
    if (!claimed) notes.pollDue = clock.now() + retryAfterFaultMs;
    else if (!released) notes.pollDue = Math.min(notes.pollDue, clock.now() + retryAfterFaultMs);
  };

  /** Until something is due or may be; with no room for it, until some instance ends. */
  const restMs = (): number =>
    hands.room() <= 0 ? idlePollMs : Math.max(1, Math.min(notes.pollDue - clock.now(), idlePollMs));

  return {
    want: (entry: ProcessEntry): void => {
      notes.wanted.set(entry.stream, entry);
      attention.ring();
    },
    giveBack: (ending: Ending): void => {
      notes.endings.set(ending.stream, ending);
      attention.ring();
    },
    /** The roster has changed: look for due instances now. */
    poke: (): void => {
      notes.pollDue = 0;
      attention.ring();
    },
    keep: async (until: AbortSignal): Promise<void> => {
      until.addEventListener('abort', attention.ring, { once: true });
      while (!until.aborted) {
        await round();
        await attention.wait(restMs());
      }
    },
    release: (): Promise<void> => release(notes, desk, hands),
  };
};
