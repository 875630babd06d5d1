import * as E from 'fp-ts/lib/Either.js';
import type { Event } from '../domain/kernel/event.ts';
import { idOf } from '../domain/kernel/ids.ts';
import type { Effect, Wait } from '../domain/kernel/process.ts';
import { tenantOf } from '../domain/kernel/tenant.ts';
import type { Journal } from '../ports.ts';
import type { Bell } from './bell.ts';
import type { Engine } from './execute.ts';
import { flights, type Flights, type Landed, type Perform } from './flights.ts';
import { Stuck, type Kind } from './kind.ts';
import { isOutage, outagePauseMs } from './outage.ts';
import { recall } from './recall.ts';
import type { Matter } from './record.ts';
import { overtaken, settle, type Known } from './settle.ts';

/** How driving ended: when to look again (epoch ms), null for "when something happens", and what was seen last. */
export interface End {
  readonly due_at: number | null;
  readonly done: boolean;
  readonly revision: number;
}

/** How far a stream is said to reach, and up to where whoever drives it has looked; -1 for nowhere. */
export interface Sight {
  newest: number;
  seen: number;
  /** Somebody else may have been told of what there is to see, and it is to be looked for. */
  again: boolean;
}

/** What the driver says to an instance while it runs. */
export interface Reins {
  readonly bell: Bell;
  readonly sight: Sight;
  /** No new effects; what is under way may end. */
  readonly draining: AbortSignal;
  /** Leave now; nothing more is recorded. */
  readonly stopped: AbortSignal;
}

/** The stream holds what this build cannot read. A newer one can: the instance is offered again, and no effect is performed. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

/** A longer wait is given back to the roster rather than held in memory. */
const heldWaitMsMax = 2_000;
const flightWaitMsMax = 60_000;

const remember = async ({ log, catalogue, remembered }: Engine, { process }: Kind, stream: string): Promise<Known> => {
  const found = await recall<unknown, Event>(log, catalogue, remembered, process, stream);
  if (E.isRight(found)) return found.right;
  throw new Unreadable(`${stream}@${found.left.revision} cannot be read: ${found.left.cause.reason}`);
};

/** Tells the journal and the numbers how an effect ended. */
const reported =
  ({ telemetry }: Engine, { name }: Kind, stream: string, journal: Journal) =>
  ({ effect: { kind }, outcome }: Landed): void => {
    if (!outcome.ok) journal.warn('effect_failed', { process: name, kind, stream, failure: outcome.failure });
    telemetry.count('acta_process_effects_total', { process: name, kind, outcome: outcome.ok ? 'ok' : 'failed' });
  };

/** Performs an effect in a span of the trace to which the newest event belongs: it is what led to the effect. */
const traced =
  ({ telemetry }: Engine, { name }: Kind, { last }: Known, perform: Perform): Perform =>
  (effect, context) =>
    telemetry.span(
      `effect ${effect.kind}`,
      { 'acta.stream': context.stream, 'acta.process': name },
      () => perform(effect, context),
      last?.metadata['traceparent'],
    );

/** Whose a stream is, and the matter that it is about: its newest event says so, and is the cause of what is done next. */
const aboutOf = ({ stream, last }: Known): { readonly tenant: string; readonly matter: Matter } => ({
  tenant: tenantOf(last ?? { metadata: {} }),
  matter: {
    correlation_id: last?.metadata['$correlationId'] ?? idOf(stream),
    ...(last === undefined ? {} : { causation_id: last.id }),
  },
});

interface Due {
  readonly wanted: readonly (Effect | Wait)[];
  readonly now: number;
  readonly draining: boolean;
}

/** Starts what is due, drops what is no longer wanted, and answers when the next wait is over (epoch ms). */
const dispatch = (
  engine: Engine,
  kind: Kind,
  known: Known,
  flown: Flights,
  { now, draining, wanted }: Due,
): number | undefined => {
  const { name, perform } = kind;
  flown.keepOnly(new Set(wanted.map(({ key }) => key)));
  let earliest: number | undefined;
  for (const effect of wanted) {
    if (flown.knows(effect.key)) continue;
    if (effect.kind === 'wait') {
      const until = Date.parse((effect as Wait).until);
      if (Number.isNaN(until)) throw new Stuck(`${name}: ${effect.key} waits for no instant`);
      if (until <= now) flown.pass(effect as Wait);
      else earliest = Math.min(earliest ?? until, until);
      continue;
    }
    const performer = perform[effect.kind];
    if (performer === undefined) throw new Stuck(`${name}: nobody performs ${effect.kind}`);
    if (!draining) flown.launch(effect, traced(engine, kind, known, performer), aboutOf(known));
  }
  return earliest;
};

/** One step: what was learnt, or how driving ends, or how long nothing is to be done (milliseconds). */
type Step = { readonly known: Known | undefined } | { readonly end: End } | { readonly waitMs: number };

/**
 * Records what has ended, if anything has; else starts what is due, and says how long that leaves nothing to do. One
 * append a step, and no read but the first (design 4).
 */
const step = async (engine: Engine, which: Kind, known: Known, flown: Flights, draining: boolean): Promise<Step> => {
  const now = engine.clock.now();
  const wanted = which.process.next(known.state);
  const earliest = dispatch(engine, which, known, flown, { wanted, now, draining });
  const ends = flown.landed();
  if (ends.length > 0) {
    const ended = engine.telemetry.timer('acta_process_step_duration_seconds', { process: which.name });
    const { after, recorded } = await settle(engine, which, known, ends);
    flown.recorded(recorded);
    ended();
    const outcome = after === undefined ? 'overtaken' : 'recorded';
    engine.telemetry.count('acta_process_steps_total', { process: which.name, outcome });
    return { known: after };
  }
  const waitMs = earliest === undefined ? flightWaitMsMax : Math.max(1, earliest - now);
  if (flown.aloft() || (earliest !== undefined && waitMs <= heldWaitMsMax && !draining))
    return { waitMs: Math.min(waitMs, flightWaitMsMax) };
  const left = draining && wanted.some(({ kind }) => kind !== 'wait');
  const due_at = left ? now : (earliest ?? null);
  return { end: { due_at, done: which.process.done(known.state), revision: known.tail.revision } };
};

/**
 * Drives one instance until nothing is due: asks what is next, performs it all in parallel, appends the outcomes together
 * with what they lead to, and asks again. When somebody else appends first, outcomes are decided anew on what really
 * happened; they are never performed anew. While the log is out of reach, what was performed is kept until it can be recorded.
 *
 * Whoever finds that another driver has recorded a step meanwhile acts no more: it gives the instance back, and the roster
 * says who goes on. So a zombie loses before it acts (P10).
 *
 * Throws `Stuck` for a bug in the process, `Unreadable`, and the log's errors when nothing is in hand.
 */
export const driveInstance = async (
  engine: Engine,
  which: Kind,
  stream: string,
  { bell, sight, draining, stopped }: Reins,
  journal: Journal,
): Promise<End> => {
  const report = reported(engine, which, stream, journal);
  const onLanded = (landed: Landed): void => {
    report(landed);
    bell.ring();
  };
  const flown = flights({ stream, stopped, now: engine.clock.now, onLanded });
  let known: Known | undefined;
  let stale = true;
  try {
    for (let failures = 0; !stopped.aborted;) {
      try {
        if (known === undefined || stale || sight.newest > sight.seen || sight.again) {
          sight.seen = Math.max(sight.seen, sight.newest);
          sight.again = false;
          const fresh = await remember(engine, which, stream);
          if (known !== undefined && overtaken(engine, which, fresh, known.tail.revision, flown.landed())) {
            journal.info('process_yielded', { stream, process: which.name });
            return { due_at: engine.clock.now(), done: false, revision: fresh.tail.revision };
          }
          known = fresh;
          stale = false;
        }
        sight.seen = Math.max(sight.seen, known.tail.revision);
        const next = await step(engine, which, known, flown, draining.aborted);
        failures = 0;
        if ('end' in next) return next.end;
        if ('waitMs' in next) await bell.wait(next.waitMs);
        else if (next.known === undefined) stale = true;
        else known = next.known;
      } catch (error) {
        if (!isOutage(error) || (!flown.aloft() && flown.landed().length === 0)) throw error;
        failures += 1;
        stale = true;
        engine.remembered.forget(stream);
        journal.warn('log_out_of_reach', { stream, failures, error: String(error) });
        await bell.wait(outagePauseMs(failures));
      }
    }
  } finally {
    flown.keepOnly(new Set());
  }
  return { due_at: engine.clock.now(), done: false, revision: sight.seen };
};
