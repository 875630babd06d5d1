import * as E from 'fp-ts/lib/Either.js';
import { saying, type CitedKind, type Saying } from '../../domain/cognition/cited.ts';
import { workingMemoryLines } from '../../domain/cognition/lines.ts';
import type { Recorded } from '../../domain/kernel/event.ts';
import { streamOf } from '../../domain/kernel/ids.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import type { CitedItem } from '../../domain/session/plan.ts';
import { workingMemory, type WorkingMemoryState } from '../../domain/working-memory/working-memory.decider.ts';
import type { WorkingMemoryEvent } from '../../domain/working-memory/working-memory.events.ts';
import type { Engine } from '../execute.ts';
import { recall } from '../recall.ts';

/** An item's stream is short; one that has grown beyond this is not cited, for its end would not be known. */
const eventsMax = 10_000;

/** The events of a stream up to a revision, or all of them; empty where there are too many, or this build cannot read one. */
const eventsOf = async (
  { log, catalogue }: Engine,
  stream: string,
  revision: number | undefined,
): Promise<readonly Recorded[]> => {
  const events: Recorded[] = [];
  const limit = Math.min(eventsMax + 1, revision === undefined ? Infinity : revision + 1);
  for await (const page of log.read(stream, { from: 0, limit }))
    for (const stored of page) {
      const read = catalogue.read(stored);
      if (E.isLeft(read)) return [];
      events.push(read.right);
    }
  return events.length > eventsMax ? [] : events;
};

/** An item as its own stream says it, and at which revision that was. */
export interface Cited extends Saying {
  readonly revision: number;
}

/**
 * What an item says now, or said at a revision: from its own stream, for a read model may be behind, and what was superseded
 * a moment ago is not to be recalled. Undefined for what is another tenant's, forgotten, or unknown.
 */
export const cite = async (
  engine: Engine,
  tenant: string,
  { kind, id }: { readonly kind: CitedKind; readonly id: string },
  revision?: number,
): Promise<Cited | undefined> => {
  const events = await eventsOf(engine, streamOf(kind, id), revision);
  const last = events.at(-1);
  if (last === undefined || tenantOf(last) !== tenant) return undefined;
  const said = saying(kind, events);
  return said === undefined ? undefined : { ...said, revision: last.revision };
};

/** What a session was at, at a revision of its working memory. */
const workingMemoryAt = async (engine: Engine, stream: string, revision: number): Promise<WorkingMemoryState> => {
  const events = (await eventsOf(engine, stream, revision)) as unknown as readonly WorkingMemoryEvent[];
  return events.reduce(workingMemory.evolve, workingMemory.initial);
};

/**
 * What a session is at, line by line, or was at a revision of its working memory; undefined where it has none, or it is another
 * tenant's. A long talk has a long stream, so what it is at now is folded from what was kept of it.
 */
export const citeWorkingMemory = async (
  engine: Engine,
  tenant: string,
  session_id: string,
  revision?: number,
): Promise<{ readonly lines: readonly string[]; readonly revision: number } | undefined> => {
  const { log, catalogue, remembered } = engine;
  const stream = streamOf('working_memory', session_id);
  const found = await recall<WorkingMemoryState, WorkingMemoryEvent>(log, catalogue, remembered, workingMemory, stream);
  if (E.isLeft(found)) return undefined;
  const { last, state, tail } = found.right;
  if (last === undefined || tenantOf(last) !== tenant) return undefined;
  const said = revision === undefined ? state : await workingMemoryAt(engine, stream, revision);
  return { lines: workingMemoryLines(said), revision: revision ?? tail.revision };
};

/** The lines of what a section cites, as they were when it was laid out. */
export const linesOf = async (
  engine: Engine,
  tenant: string,
  items: readonly CitedItem[],
): Promise<readonly string[]> => {
  const lines = await Promise.all(
    items.map(async ({ kind, id, revision }) => {
      if (kind === 'working_memory') return (await citeWorkingMemory(engine, tenant, id, revision))?.lines ?? [];
      const cited = await cite(engine, tenant, { kind, id }, revision);
      return cited === undefined ? [] : [cited.line];
    }),
  );
  return lines.flat();
};
