import { z } from 'zod';
import type { StoredEvent } from '../../ports.ts';
import { pageInput, pageOf, paged, startOf } from '../page.ts';
import { missing, query, type QueryContext } from '../queries.ts';
import { statement } from '../statement.ts';
import type { EventRow } from './event-index.projection.ts';
import { EventShown, eventShown } from './event.view.ts';

const tag = 'events';
const scope = 'events:read';
const causesMax = 32;
const effectsMax = 100;
const exampleId = '0198d7a0-0000-7000-8000-000000000005';

/** An event without its payload: enough to find it and to say how it came about. */
export const EventRef = z.object({
  id: z.uuid(),
  type: z.string(),
  stream: z.string(),
  revision: z.int(),
  position: z.string(),
  recorded_at: z.string(),
  actor: z.string().nullable(),
  correlation_id: z.string().nullable(),
  causation_id: z.string().nullable(),
});

export const ref = (row: EventRow): z.infer<typeof EventRef> => ({
  id: row.event_id,
  type: row.type,
  stream: row.stream,
  revision: row.revision,
  position: row.position.toString(),
  recorded_at: row.recorded_at,
  actor: row.actor,
  correlation_id: row.correlation_id,
  causation_id: row.causation_id,
});

/** The reference of an event of a tenant by its id. */
export const eventById = statement((db, event_id: string, tenant: string) =>
  db.selectFrom('event_index').selectAll().where('event_id', '=', event_id).where('tenant', '=', tenant),
);

const rowOf = ({ ask }: QueryContext, event_id: string, tenant: string): Promise<EventRow | undefined> =>
  ask((db) => eventById.first(db, event_id, tenant));

/** From its cause back to the first one, nearest first; a chain is cut at 32. */
export const causesOf = async (
  context: QueryContext,
  { causation_id }: EventRow,
  tenant: string,
): Promise<EventRow[]> => {
  const causes: EventRow[] = [];
  const seen = new Set<string>();
  for (let next = causation_id; next !== null && !seen.has(next) && causes.length < causesMax;) {
    seen.add(next);
    const row = await rowOf(context, next, tenant);
    if (row === undefined) break;
    causes.push(row);
    next = row.causation_id;
  }
  return causes;
};

/** The event that a reference speaks of; undefined where its stream no longer shows it. */
export const storedOf = async (
  { log }: Pick<QueryContext, 'log'>,
  { stream, revision }: EventRow,
): Promise<StoredEvent | undefined> => {
  for await (const [event] of log.read(stream, { from: revision, limit: 1 }))
    if (event?.revision === revision) return event;
  return undefined;
};

export const getEvent = query({
  name: 'get_event',
  kind: 'query',
  summary: 'An event, what caused it, and what it caused',
  description: 'Causes run from the nearest to the first. An event that its stream no longer shows comes without data.',
  scope,
  input: z.strictObject({ event_id: z.uuid() }),
  output: z.object({
    event: EventShown.nullable(),
    reference: EventRef,
    causes: z.array(EventRef),
    effects: z.array(EventRef),
  }),
  reads: 'event_index',
  http: { method: 'GET', path: '/events/{event_id}', tag },
  cli: 'events show',
  mcp: { tool: 'event_get', toolset: 'audit', read_only: true, destructive: false, idempotent: true },
  examples: [{ title: 'By id', input: { event_id: exampleId } }],
  run: async (context, { event_id }, { principal: { tenant } }) => {
    const row = await rowOf(context, event_id, tenant);
    if (row === undefined) return missing('event', event_id);
    const [stored, causes, effects] = await Promise.all([
      storedOf(context, row),
      causesOf(context, row, tenant),
      context.ask((db) =>
        db
          .selectFrom('event_index')
          .selectAll()
          .where('causation_id', '=', event_id)
          .where('tenant', '=', tenant)
          .orderBy('position')
          .limit(effectsMax)
          .execute(),
      ),
    ]);
    return {
      output: {
        event: stored === undefined ? null : eventShown(stored),
        reference: ref(row),
        causes: causes.map(ref),
        effects: effects.map(ref),
      },
    };
  },
});

export const listEvents = query({
  name: 'list_events',
  kind: 'query',
  summary: 'Events in the order of the log, newest first unless asked otherwise',
  scope,
  input: z.strictObject({
    type: z.array(z.string().min(1).max(200)).max(50).optional(),
    category: z.string().min(1).max(200).optional(),
    correlation_id: z.string().min(1).max(200).optional(),
    actor: z.string().min(1).max(200).optional(),
    direction: z.enum(['forward', 'backward']).default('backward'),
    ...pageInput,
  }),
  output: pageOf(EventRef),
  reads: 'event_index',
  http: { method: 'GET', path: '/events', tag },
  cli: 'events list',
  mcp: { tool: 'events_read', toolset: 'audit', read_only: true, destructive: false, idempotent: true },
  examples: [
    { title: 'One correlation, oldest first', input: { correlation_id: exampleId, direction: 'forward', limit: 50 } },
  ],
  run: async (context, { limit, cursor, ...filter }, { principal }) => {
    const start = startOf('list_events', filter, cursor, ['position']);
    if (start !== undefined && 'code' in start) return start;
    const { type, category, correlation_id, actor, direction } = filter;
    const forward = direction === 'forward';
    const rows = await context.ask((db) => {
      let asked = db.selectFrom('event_index').selectAll().where('tenant', '=', principal.tenant);
      if (type !== undefined) asked = asked.where('type', 'in', type);
      if (category !== undefined) asked = asked.where('category', '=', category);
      if (correlation_id !== undefined) asked = asked.where('correlation_id', '=', correlation_id);
      if (actor !== undefined) asked = asked.where('actor', '=', actor);
      if (start?.[0] !== undefined) asked = asked.where('position', forward ? '>' : '<', BigInt(start[0]));
      return asked
        .orderBy('position', forward ? 'asc' : 'desc')
        .limit(limit + 1)
        .execute();
    });
    return { output: paged('list_events', filter, limit, rows, (row) => [row.position.toString()], ref) };
  },
});

export const eventQueries = [listEvents, getEvent] as const;
