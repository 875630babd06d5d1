import * as E from 'fp-ts/lib/Either.js';
import type { Recorded } from '../domain/kernel/event.ts';
import { categoryOf, derived } from '../domain/kernel/ids.ts';
import type { Reaction, Request } from '../domain/kernel/reaction.ts';
import { LogError, type Journal, type StoredEvent } from '../ports.ts';
import type { Aggregates } from './aggregates.ts';
import { execute, type Engine } from './execute.ts';
import { isOutage } from './outage.ts';
import type { Provenance } from './record.ts';

/**
 * Performs what an event asks for. Each command is named after the reaction, the event and its ordinal, so that handling
 * an event twice does everything once.
 *
 * A refusal is an answer, and is logged. What could not be asked now (the log is out of reach, every race was lost) is
 * thrown, and the event is handled again. What can never be done (a bug, a stream that is deleted) is logged and passed:
 * it must not keep all other events waiting (assurance F50).
 */
export const react =
  (engine: Engine, aggregates: Aggregates, reactions: readonly Reaction[], journal: Journal) =>
  async (stored: StoredEvent): Promise<void> => {
    const interested = reactions.filter(({ on }) => Object.hasOwn(on, stored.type));
    if (interested.length === 0) return;
    const read = engine.catalogue.read(stored);
    if (E.isLeft(read)) {
      journal.error('reaction_skipped', { event_id: stored.id, type: stored.type, cause: read.left.reason });
      return;
    }
    for (const reaction of interested) {
      const passed = (error: unknown): void => {
        if (isOutage(error)) throw error;
        engine.telemetry.count('acta_reactions_total', { reaction: reaction.name, outcome: 'failed' });
        journal.error('reaction_failed', { reaction: reaction.name, event_id: stored.id, error: String(error) });
      };
      await performed(engine, aggregates, reaction, read.right, journal, passed).catch(passed);
    }
  };

const performed = async (
  engine: Engine,
  aggregates: Aggregates,
  { name, on }: Reaction,
  event: Recorded,
  journal: Journal,
  passed: (error: unknown) => void,
): Promise<void> => {
  for (const [ordinal, request] of (on[event.type]?.(event) ?? []).entries()) {
    const provenance = provenanceOf(name, event, ordinal);
    const refused = await asked(engine, aggregates, request, provenance).catch(passed);
    if (refused === undefined) continue;
    engine.telemetry.count('acta_reactions_total', { reaction: name, outcome: refused });
    if (refused !== 'done')
      journal.info('reaction_refused', { reaction: name, stream: request.stream, event_id: event.id, refused });
  }
};

const provenanceOf = (name: string, event: Recorded, ordinal: number): Provenance => {
  const { tenant = 'default', $correlationId: correlation_id = event.id, traceparent } = event.metadata;
  return {
    command_id: derived('reaction', name, event.id, ordinal),
    actor: `reaction:${name}`,
    tenant,
    correlation_id,
    causation_id: event.id,
    ...(traceparent === undefined ? {} : { traceparent }),
  };
};

/** `done`, or the reason of the refusal. */
const asked = async (
  engine: Engine,
  aggregates: Aggregates,
  { stream, command }: Request,
  provenance: Provenance,
): Promise<string> => {
  const decider = aggregates.get(categoryOf(stream))?.decider;
  if (decider === undefined) throw new Error(`${provenance.actor} asks ${stream}, for which nobody decides`);
  const outcome = await execute(engine, decider, stream, command as never, provenance);
  if (E.isRight(outcome)) return 'done';
  const { reason = 'refused' } = outcome.left as { readonly reason?: string };
  if (reason === 'Conflict') throw new LogError('unavailable', `${stream} changed each time it was decided on`);
  return reason;
};
