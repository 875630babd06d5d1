import * as E from 'fp-ts/lib/Either.js';
import { saying, type CitedKind, type Saying } from '../../domain/cognition/cited.ts';
import { workingMemoryLines } from '../../domain/cognition/lines.ts';
import type { Recorded } from '../../domain/kernel/event.ts';
import { streamOf } from '../../domain/kernel/ids.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import type { CitedItem } from '../../domain/session/plan.ts';
import { workingMemory } from '../../domain/working-memory/working-memory.decider.ts';
import type { WorkingMemoryEvent } from '../../domain/working-memory/working-memory.events.ts';
import type { Engine } from '../execute.ts';

/** An item's stream is short; one that has grown beyond this is not cited. */
const eventsMax = 1_000;

/** The events of a stream up to a revision, or all of them; empty where this build cannot read one of them. */
const eventsOf = async (
  { log, catalogue }: Engine,
  stream: string,
  revision: number | undefined,
): Promise<readonly Recorded[]> => {
  const events: Recorded[] = [];
  const limit = revision === undefined ? eventsMax : Math.min(eventsMax, revision + 1);
  for await (const page of log.read(stream, { from: 0, limit }))
    for (const stored of page) {
      const read = catalogue.read(stored);
      if (E.isLeft(read)) return [];
      events.push(read.right);
    }
  return events;
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

/** What a session is at, line by line, and the revision of its working memory; undefined where it has none. */
export const citeWorkingMemory = async (
  engine: Engine,
  session_id: string,
  revision?: number,
): Promise<{ readonly lines: readonly string[]; readonly revision: number } | undefined> => {
  const events = await eventsOf(engine, streamOf('working_memory', session_id), revision);
  const last = events.at(-1);
  if (last === undefined) return undefined;
  let state = workingMemory.initial;
  for (const event of events) state = workingMemory.evolve(state, event as unknown as WorkingMemoryEvent);
  return { lines: workingMemoryLines(state), revision: last.revision };
};

/** The lines of what a section cites, as they were when it was laid out. */
export const linesOf = async (
  engine: Engine,
  tenant: string,
  items: readonly CitedItem[],
): Promise<readonly string[]> => {
  const lines = await Promise.all(
    items.map(async ({ kind, id, revision }) => {
      if (kind === 'working_memory') return (await citeWorkingMemory(engine, id, revision))?.lines ?? [];
      const cited = await cite(engine, tenant, { kind, id }, revision);
      return cited === undefined ? [] : [cited.line];
    }),
  );
  return lines.flat();
};
