import * as E from 'fp-ts/lib/Either.js';
import type { Catalogue } from '../domain/kernel/catalogue.ts';
import type { Decider } from '../domain/kernel/decider.ts';
import type { Event, Recorded } from '../domain/kernel/event.ts';
import { tenantOf } from '../domain/kernel/tenant.ts';
import { LogError, type Appended, type Clock, type EventLog, type StoredEvent, type Telemetry } from '../ports.ts';
import { advanced, memory, recall, type Recollection, type UnreadableStream } from './recall.ts';
import { continued, recorded, type Provenance } from './record.ts';

/** A race lost so often that the caller should look again (assurance F25). */
export interface Conflict {
  readonly reason: 'Conflict';
  readonly stream: string;
}

/** The caller decided on a revision that is no longer the newest. */
export interface StaleRevision {
  readonly reason: 'StaleRevision';
  readonly stream: string;
  readonly given: number;
  readonly current: number;
}

/** The stream is there, and not for this tenant: to its callers it is as if it were not. */
export interface NotTheirs {
  readonly reason: 'NotTheirs';
  readonly stream: string;
}

export type EngineRefusal = Conflict | StaleRevision | UnreadableStream | NotTheirs;

/** What became of a command. `again` tells that it had been done before, and that this is the answer it got then. */
export interface Receipt<State = unknown> {
  readonly stream: string;
  readonly events: readonly Recorded[];
  readonly state: State;
  readonly revision: number;
  /** Where its last event stands; for a command that changed nothing, where the stream's last event stands. */
  readonly position: bigint;
  readonly again: boolean;
}

const attemptsMax = 5;
const unknownOutcomesMax = 3;
const pauseMs = 100;

/** What the engines share: the record, what is remembered of it, and who wants to hear what was appended here. */
export interface Engine {
  readonly log: EventLog;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly remembered: ReturnType<typeof memory>;
  /** New with each start: two lives of one node are two writers, and only one of them records a step of a process. */
  readonly life: string;
  /** Called after each append of this node with the stream and its new events. Listeners must not throw. */
  readonly appended: Set<(stream: string, events: readonly Recorded[]) => void>;
  /** What the log has not answered yet. */
  readonly underWay: { appends: number };
}

export const engine = (parts: Omit<Engine, 'remembered' | 'appended' | 'life' | 'underWay'>): Engine => ({
  ...parts,
  life: parts.clock.id(),
  remembered: memory(),
  appended: new Set(),
  underWay: { appends: 0 },
});

/** One command's share of an append. */
export interface Share {
  readonly events: readonly Event[];
  readonly provenance: Provenance;
}

const traceOf = (traceparent: string | undefined): string | undefined => traceparent?.split('-')[1];

/**
 * An append belongs to the trace of what caused it, also where a process appends long after, or within what somebody else
 * has asked for. Undefined within a span of that trace: it is that span's.
 */
const traceToContinue = (telemetry: Telemetry, shares: readonly Share[]): string | undefined => {
  const caused = shares[0]?.provenance.traceparent;
  return traceOf(caused) === traceOf(telemetry.traceparent()) ? undefined : caused;
};

/** An append in a span, counted by how it ended and while it lasts. */
const measured = async (
  { telemetry, underWay }: Engine,
  attributes: Readonly<Record<string, string | number>>,
  append: () => Promise<Appended>,
  traceparent: string | undefined,
): Promise<Appended> => {
  const ended = telemetry.timer('acta_append_duration_seconds');
  let outcome = 'failed';
  telemetry.gauge('acta_appends_in_flight', (underWay.appends += 1));
  try {
    const answer = await telemetry.span('append', attributes, append, traceparent);
    outcome = answer.ok ? 'appended' : 'conflict';
    return answer;
  } finally {
    telemetry.gauge('acta_appends_in_flight', (underWay.appends -= 1));
    telemetry.count('acta_appends_total', { outcome });
    ended();
  }
};

/**
 * Appends what was decided and tells what is known then; undefined when somebody else was first.
 * Throws the log's errors; an outcome that stays unknown (`unavailable`, `timeout`) is one of them.
 */
export const commit = async <State, Ev extends Event>(
  engine: Engine,
  decider: Pick<Decider<never, State, Ev, unknown>, 'evolve'>,
  known: Recollection<State>,
  shares: readonly Share[],
): Promise<Recollection<State> | undefined> => {
  const { log, catalogue, remembered, appended, clock, telemetry } = engine;
  let tail = known.tail;
  const stored = shares.flatMap(({ events, provenance }) => {
    const share = recorded(catalogue, known.stream, tail, events, provenance);
    tail = share.tail;
    return share.stored;
  });
  const expected = known.tail.revision < 0 ? 'no_stream' : known.tail.revision;
  const began = clock.now();
  const outcome = await measured(
    engine,
    { 'acta.stream': known.stream, 'acta.events': stored.length },
    () => log.append(known.stream, expected, stored),
    traceToContinue(telemetry, shares),
  );
  if (!outcome.ok) {
    remembered.forget(known.stream);
    return undefined;
  }
  if (outcome.revision !== known.tail.revision + stored.length)
    throw new LogError(
      'corrupt',
      `${known.stream}: ${stored.length} events after ${known.tail.revision} end at ${outcome.revision}`,
    );
  telemetry.count('acta_events_appended_total', {}, stored.length);
  const recorded_at = new Date(began).toISOString();
  const first = known.tail.revision + 1;
  const events = stored.map((event, index): StoredEvent => ({
    ...event,
    stream: known.stream,
    revision: first + index,
    // Only the last position is told; the ones before it are not used before they are read back.
    position: outcome.position - BigInt(stored.length - 1 - index),
    recorded_at,
  }));
  const after = advanced(decider, known, events);
  remembered.keep(after);
  for (const hear of appended) hear(known.stream, events);
  return after;
};

const receipt = <State>(known: Recollection<State>, events: readonly Recorded[], again: boolean): Receipt<State> => ({
  stream: known.stream,
  events,
  state: known.state,
  revision: known.tail.revision,
  position: events.at(-1)?.position ?? known.position,
  again,
});

/**
 * Reads, folds, decides, appends; on a lost race, decides again on what really happened, at most five times. A command
 * that was recorded before gets the answer it got then. `if_match` refuses to decide on another revision than the caller saw; what
 * `continues` belongs to the matter of the stream, however its caller came to it.
 *
 * Left: the decider's refusal, or the engine's own. Throws LogErrors when the log cannot be read or written; an append
 * whose outcome is unknown is asked for again with the same ids first, so that it is never done twice (assurance F21).
 */
export const execute = async <Command, State, Ev extends Event, Refusal>(
  engine: Engine,
  decider: Decider<Command, State, Ev, Refusal>,
  stream: string,
  command: Command,
  provenance: Provenance,
  { if_match, continues = false }: { readonly if_match?: number | undefined; readonly continues?: boolean } = {},
): Promise<E.Either<Refusal | EngineRefusal, Receipt<State>>> => {
  const { log, catalogue, remembered } = engine;
  let unknowns = 0;
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    try {
      const read = await recall<State, Ev>(log, catalogue, remembered, decider, stream);
      if (E.isLeft(read)) return read;
      const known = read.right;
      if (known.last !== undefined && tenantOf(known.last) !== provenance.tenant)
        return E.left({ reason: 'NotTheirs', stream });
      const before = known.done.get(provenance.command_id);
      if (before !== undefined) return E.right(receipt(known, before, true));
      if (if_match !== undefined && if_match !== known.tail.revision)
        return E.left({ reason: 'StaleRevision', stream, given: if_match, current: known.tail.revision });
      const decision = decider.decide(command, known.state);
      if (E.isLeft(decision)) return decision;
      if (decision.right.length === 0) return E.right(receipt(known, [], false));
      const share = { events: decision.right, provenance: continues ? continued(provenance, known.last) : provenance };
      const after = await commit(engine, decider, known, [share]);
      if (after !== undefined) return E.right(receipt(after, after.done.get(provenance.command_id) ?? [], false));
    } catch (error) {
      const unknown = error instanceof LogError && (error.fault === 'unavailable' || error.fault === 'timeout');
      unknowns += 1;
      if (!unknown || unknowns >= unknownOutcomesMax || attempt === attemptsMax) throw error;
      remembered.forget(stream);
      await new Promise((resolve) => setTimeout(resolve, pauseMs * 2 ** unknowns));
    }
  }
  return E.left({ reason: 'Conflict', stream });
};
