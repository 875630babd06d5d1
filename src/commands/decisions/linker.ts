import { toil, type Round, type Toil } from '../toil.ts';
import type { Learned, VectorIndex } from '../../ports.memory.ts';
import { LogError, type Journal, type Roster, type StoredEvent } from '../../ports.ts';
import { isOutage, outagePauseMs } from '../outage.ts';
import { autoLink, type AutoLinkParts } from './auto-link.ts';

const checkpointName = 'auto_link';
/** How many decisions are looked at together. */
const decisionsMax = 50;
/** Where nothing rings: another node may have embedded what is to be linked. A decision that waits is looked at more often. */
const lookMs = 30_000;
const lookAgainMs = 5_000;
/** A decision without a vector is waited for so long where later ones have theirs: its text was refused. */
const overdueMs = 60_000;

export interface LinkerParts extends AutoLinkParts {
  readonly vectors: Pick<VectorIndex, 'nearest' | 'learned'>;
  readonly checkpoints: Pick<Roster, 'position' | 'wake'>;
  readonly journal: Journal;
}

/** The event that recorded a decision: what is linked belongs to its matter. */
const recordedAt = async ({ log }: AutoLinkParts['engine'], position: bigint): Promise<StoredEvent> => {
  for await (const [event] of log.readAll({ from: position, limit: 1 }))
    if (event !== undefined && event.position === position) return event;
  throw new Error(`the log has no event at ${position}, and the read models have`);
};

/** Links one decision. What the log will never take is told and passed; anything else is thrown, and done again. */
const link = async (parts: LinkerParts, item: Learned, vector: Float32Array): Promise<void> => {
  const { engine, journal } = parts;
  const { id: causation_id, metadata } = await recordedAt(engine, item.position);
  const correlation_id = metadata['$correlationId'] ?? causation_id;
  try {
    await autoLink(parts, { ...item, vector, correlation_id, causation_id });
  } catch (error) {
    if (!(error instanceof LogError) || isOutage(error)) throw error;
    engine.telemetry.count('acta_reactions_total', { reaction: checkpointName, outcome: 'failed' });
    journal.error('auto_link_failed', { decision_id: item.id, error: String(error) });
  }
};

/**
 * Links decisions that are near each other, in the order in which they were recorded, each when it has its vector: so of two
 * that are near, whichever was embedded last finds the other. How far it is stands in a checkpoint that moves after the links
 * are made; a crash repeats the last ones, and repeating does nothing new. It follows the read model and not the log, for what
 * it compares is there. While nobody can embed it waits, and nobody waits for it (requirements N18).
 */
export const linker = (parts: LinkerParts): Toil => {
  const { engine, vectors, model, checkpoints, journal } = parts;
  let awaited: { readonly id: string; readonly since: number } | undefined;

  /** Whether a decision is passed over that has no vector yet. */
  const isOverdue = ({ id }: Learned, later: readonly Learned[]): boolean => {
    if (awaited?.id !== id) awaited = { id, since: engine.clock.now() };
    const overdue = engine.clock.now() - awaited.since >= overdueMs;
    return overdue && later.some(({ vector }) => vector !== null);
  };

  /** Links all that can be linked now; answers how long to wait. */
  const round = async (signal: AbortSignal): Promise<Round> => {
    for (let more = true; more && !signal.aborted;) {
      const after = (await checkpoints.position(checkpointName)) ?? -1n;
      const items = await vectors.learned(model, 'decision', after, decisionsMax);
      for (const [place, item] of items.entries()) {
        if (signal.aborted) return { waitMs: 0 };
        if (item.vector !== null) await link(parts, item, item.vector);
        else if (isOverdue(item, items.slice(place + 1))) journal.warn('decision_not_linked', { decision_id: item.id });
        else return { waitMs: lookAgainMs };
        await checkpoints.wake([], { name: checkpointName, position: item.position });
      }
      more = items.length === decisionsMax;
    }
    return { waitMs: lookMs };
  };

  return toil(round, (error, failures) => {
    journal.warn('linker_interrupted', { error: String(error), failures });
    return outagePauseMs(failures);
  });
};
