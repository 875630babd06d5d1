import { ProjectionFault } from '../fault.ts';
import { said } from '../folding/fold.ts';
import { latch, pause, type Latch } from '../following/latch.ts';
import type { Leadership } from '../following/leadership.ts';
import {
  askOperation,
  beginOperation,
  endOperation,
  latestOperations,
  openOperations,
  operationOf,
  type Operation,
  type Progress,
  type SwapMode,
} from '../operations.ts';
import type { Projection } from '../projection.ts';
import { rebuild, type Ending, type RebuildParts } from '../rebuild.ts';
import { dropShadow } from './shadow.ts';

/** How often a node looks for a rebuild that nobody does, and a watcher for how one goes on. */
const lookMs = 2_000;
const watchMs = 250;

export interface RebuildsParts extends RebuildParts {
  readonly projections: readonly Projection[];
  readonly leadership: Leadership | undefined;
  /** Hears that a rebuild has ended here, however it did. */
  readonly ended: (projection: Projection, ending: Ending) => void;
}

export interface Watch {
  /** Aborted, it calls the rebuild off. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

interface Yard extends RebuildsParts {
  readonly running: Map<string, Promise<void>>;
  readonly nudge: Latch;
}

/** Does a rebuild if this node may; one that was meant for an older version is called off instead. */
const carry = async (yard: Yard, projection: Projection, operation: Operation): Promise<void> => {
  const { leadership, workshop, journal } = yard;
  const { name, version } = projection;
  const lead = `rebuild:${name}`;
  // What is meant for a newer version is for nodes that know it.
  if (operation.input.version > version || leadership === undefined || !(await leadership.take(lead))) return;
  try {
    if (operation.input.version < version) {
      await workshop.database.inTransaction(async (trx) => {
        await dropShadow(trx, projection);
        await endOperation(trx, operation.id, 'cancelled', { error: `version ${version} was started` });
      });
      return;
    }
    const ending = await rebuild(yard, projection, operation);
    journal.info('rebuild_ended', { projection: name, operation: operation.id, ending });
    yard.ended(projection, ending);
  } finally {
    await leadership.give(lead);
  }
};

/** Takes up whatever nobody does. */
const look = async (yard: Yard): Promise<void> => {
  const { running, projections, journal } = yard;
  for (const operation of await openOperations(yard.workshop.database.background)) {
    const projection = projections.find(({ name }) => name === operation.target);
    if (projection === undefined || running.has(projection.name)) continue;
    const { name } = projection;
    const work = carry(yard, projection, operation)
      .catch((error: unknown) => journal.warn('rebuild_interrupted', { projection: name, error: said(error) }))
      .finally(() => {
        running.delete(name);
        yard.nudge.open();
      });
    running.set(name, work);
  }
};

const run = async (yard: Yard): Promise<void> => {
  const { signal, journal, nudge, running } = yard;
  while (!signal.aborted) {
    const nudged = nudge.opened();
    await look(yard).catch((error: unknown) => journal.warn('rebuilds_unseen', { error: said(error) }));
    await pause(lookMs, signal, nudged);
  }
  await Promise.all(running.values());
};

const find = async ({ workshop }: Yard, id: string): Promise<Operation> => {
  const operation = await operationOf(workshop.database.background, id);
  if (operation === undefined) throw new ProjectionFault('unknown', `there is no rebuild ${id}`);
  return operation;
};

const begin = async (
  yard: Yard,
  projection: Projection,
  swap: SwapMode,
  requested_by: string | null,
): Promise<Operation> => {
  const id = yard.clock.id();
  const { name: target, version } = projection;
  await yard.workshop.database.inTransaction((trx) =>
    beginOperation(trx, { id, target, input: { version, swap }, requested_by }),
  );
  yard.nudge.open();
  return find(yard, id);
};

const askFor = async (yard: Yard, id: string, wish: 'cancel' | 'swap'): Promise<Operation> => {
  await askOperation(yard.workshop.database.background, id, wish);
  return find(yard, id);
};

/** How it stands, or undefined where the database does not answer just now. */
const seen = async (yard: Yard, id: string, calledOff: boolean): Promise<Operation | undefined> => {
  try {
    return await (calledOff ? askFor(yard, id, 'cancel') : find(yard, id));
  } catch (error) {
    if (error instanceof ProjectionFault || yard.signal.aborted) throw error;
    return undefined;
  }
};

const watch = async (yard: Yard, id: string, { signal: caller, onProgress }: Watch): Promise<Operation> => {
  const { signal, nudge } = yard;
  let heard = '';
  for (;;) {
    const nudged = nudge.opened();
    const operation = await seen(yard, id, caller?.aborted === true);
    if (operation !== undefined) {
      const { progress, status } = operation;
      if (JSON.stringify(progress) !== heard && 'phase' in progress) onProgress?.(progress as Progress);
      heard = JSON.stringify(progress);
      if (signal.aborted || (status !== 'running' && status !== 'queued')) return operation;
    }
    await pause(watchMs, signal, nudged);
  }
};

/**
 * Rebuilds are written down first and done by whichever node takes them, one at a time each: so they survive the node that
 * began them, and may be called off or swapped from any other.
 */
export const rebuilds = (parts: RebuildsParts) => {
  const yard: Yard = { ...parts, running: new Map(), nudge: latch() };
  return {
    /** Looks for rebuilds to do, until the signal; resolves when those of this node have put down their tools. */
    run: () => run(yard),
    begin: (projection: Projection, swap: SwapMode, requested_by: string | null) =>
      begin(yard, projection, swap, requested_by),
    /** All that have not ended, on whatever node. */
    open: () => openOperations(parts.workshop.database.background),
    /** The newest first, ended or not. */
    latest: (limit: number) => latestOperations(parts.workshop.database.db, limit),
    find: (id: string) => find(yard, id),
    cancel: (id: string) => askFor(yard, id, 'cancel'),
    swap: (id: string) => askFor(yard, id, 'swap'),
    /** Resolves when the rebuild has ended, with how. Where the node ends first, with how far it was. */
    watch: (id: string, options: Watch = {}) => watch(yard, id, options),
  };
};

export type Rebuilds = ReturnType<typeof rebuilds>;
