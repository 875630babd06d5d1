import * as E from 'fp-ts/lib/Either.js';
import type { Catalogue } from '../domain/kernel/catalogue.ts';
import type { Decider } from '../domain/kernel/decider.ts';
import type { Event, Recorded, Unreadable } from '../domain/kernel/event.ts';
import { LogError, type EventLog, type StoredEvent } from '../ports.ts';
import { chainStart, type Tail } from './record.ts';

/** What is known of a stream: its state, where it ends, and which commands led to it. */
export interface Recollection<State> {
  readonly stream: string;
  readonly state: State;
  readonly tail: Tail;
  /** Position of the newest event, -1 for a stream that does not exist. */
  readonly position: bigint;
  /** The newest event: what is recorded next was caused by it. */
  readonly last: StoredEvent | undefined;
  /** What each command recorded. A command found here was done before. */
  readonly done: ReadonlyMap<string, readonly Recorded[]>;
  /** About how many characters it takes to remember this. */
  readonly chars: number;
}

/** A stream holds something this build cannot read; nothing may be decided on half of a history (assurance F51). */
export interface UnreadableStream {
  readonly reason: 'UnreadableStream';
  readonly stream: string;
  readonly revision: number;
  readonly cause: Unreadable;
}

const charsMaxDefault = 64 * 1024 * 1024;
/** What an event takes beside the texts in it. */
const charsPerEvent = 1_024;
const doneMax = 256;

/** Long texts stand at the top of an event's data; what lies deeper is small, or makes an estimate too low by little. */
const charsOf = ({ data }: Recorded): number => {
  const texts = Object.values(data ?? {}).filter((value) => typeof value === 'string');
  return texts.reduce((chars, text) => chars + text.length, charsPerEvent);
};

/**
 * Keeps what was folded, least recently used first out, bounded by the characters that it takes. It saves folding, never
 * reading: whoever recalls reads what came since, so that another node's events are never missed. Of a stream that does not
 * exist there is nothing to keep: asking for many of those must not fill the memory.
 */
export const memory = (charsMax = charsMaxDefault) => {
  const kept = new Map<string, Recollection<unknown>>();
  let chars = 0;
  const forget = (stream: string): void => {
    const known = kept.get(stream);
    if (known === undefined) return;
    chars -= known.chars;
    kept.delete(stream);
  };
  return {
    get: <State>(stream: string): Recollection<State> | undefined =>
      kept.get(stream) as Recollection<State> | undefined,
    keep: (known: Recollection<unknown>): void => {
      forget(known.stream);
      if (known.tail.revision < 0) return;
      kept.set(known.stream, known);
      chars += known.chars;
      for (const oldest of kept.keys()) {
        if (chars <= charsMax) break;
        forget(oldest);
      }
    },
    forget,
  };
};
export type Memory = ReturnType<typeof memory>;

const blank = <State>(stream: string, state: State): Recollection<State> => ({
  stream,
  state,
  tail: { revision: -1, link: chainStart },
  position: -1n,
  last: undefined,
  done: new Map(),
  chars: charsPerEvent,
});

/** A gap or a repetition is not history: stop before anything is decided on it (assurance 1.4, 2). */
const assertFollows = (tail: Tail, { stream, revision }: StoredEvent): void => {
  if (revision !== tail.revision + 1)
    throw new LogError('corrupt', `${stream}: revision ${revision} after ${tail.revision}`);
};

/**
 * Nor is what does not continue the link before it, or has none for the next to continue (assurance 1.4, 6 and 7). That the
 * link is that of these very bytes has been seen to by the log (`chained`).
 */
const linkAfter = (tail: Tail, { stream, revision, metadata: { prev, self } }: StoredEvent): string => {
  if (prev !== tail.link || self === undefined)
    throw new LogError('corrupt', `${stream}@${revision} does not continue the event before it`);
  return self;
};

/** The newest events that can still be of a command that is remembered. */
const ofRecentCommands = (events: readonly Recorded[]): readonly Recorded[] => {
  const commands = new Set<string | undefined>();
  let first = events.length;
  while (first > 0 && commands.size <= doneMax) commands.add(events[--first]?.metadata['command_id']);
  return events.slice(first);
};

/** What is known once these events, in today's shape, have happened too. The oldest commands are forgotten first. */
export const advanced = <State, Ev extends Event>(
  decider: Pick<Decider<never, State, Ev, unknown>, 'evolve'>,
  known: Recollection<State>,
  events: readonly Recorded[],
): Recollection<State> => {
  const last = events.at(-1);
  if (last === undefined) return known;
  let { state, chars } = known;
  for (const event of events) state = decider.evolve(state, event as unknown as Ev);
  const done = new Map(known.done);
  for (const event of ofRecentCommands(events)) {
    const command = event.metadata['command_id'];
    if (command === undefined) continue;
    done.set(command, [...(done.get(command) ?? []), event]);
    chars += charsOf(event);
  }
  for (const [oldest, forgotten] of done) {
    if (done.size <= doneMax) break;
    done.delete(oldest);
    for (const event of forgotten) chars -= charsOf(event);
  }
  const tail = { revision: last.revision, link: last.metadata['self'] ?? chainStart };
  return { stream: known.stream, state, tail, position: last.position, last, done, chars };
};

/**
 * Reads what came since a stream was last recalled and folds it. Left, where an event cannot be read by this build.
 * Throws the log's own errors.
 */
export const recall = async <State, Ev extends Event>(
  log: EventLog,
  catalogue: Catalogue,
  remembered: Memory,
  decider: Pick<Decider<never, State, Ev, unknown>, 'evolve'> & { readonly initial: State },
  stream: string,
): Promise<E.Either<UnreadableStream, Recollection<State>>> => {
  let known = remembered.get<State>(stream) ?? blank(stream, decider.initial);
  for await (const page of log.read(stream, { from: known.tail.revision + 1 })) {
    let tail = known.tail;
    const events: Recorded[] = [];
    for (const stored of page) {
      assertFollows(tail, stored);
      const read = catalogue.read(stored);
      if (E.isLeft(read))
        return E.left({ reason: 'UnreadableStream', stream, revision: stored.revision, cause: read.left });
      events.push(read.right);
      tail = { revision: stored.revision, link: linkAfter(tail, stored) };
    }
    known = advanced(decider, known, events);
  }
  remembered.keep(known);
  return E.right(known);
};
