import { z } from 'zod';
import type { EventLog } from '../../ports.ts';
import { EventShown, eventShown } from '../events/event.view.ts';
import { pageInput, pageOf, paged, startOf } from '../page.ts';
import { missing, query } from '../queries.ts';
import { statement } from '../statement.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import type { StreamRow } from './streams.projection.ts';

const tag = 'streams';
const scope = 'events:read';
const eventsMax = 1_000;
const example = 'session-0198d7a0-0000-7000-8000-000000000002';
const name = z.string().min(1).max(500).meta({ description: 'The name of a stream: <noun>-<uuid>.' });

const StreamShown = z.object({
  stream: z.string(),
  category: z.string(),
  events: z.string(),
  first_revision: z.int(),
  last_revision: z.int(),
  first_recorded_at: z.string(),
  last_recorded_at: z.string(),
  last_position: z.string(),
});

const view = ({ name: stream, tenant: _, events, last_position, ...row }: StreamRow): z.infer<typeof StreamShown> => ({
  ...row,
  stream,
  events: events.toString(),
  last_position: last_position.toString(),
});

export const listStreams = query({
  name: 'list_streams',
  kind: 'query',
  summary: 'Streams, the one written last first',
  scope,
  input: z.strictObject({ category: z.string().min(1).max(200).optional(), ...pageInput }),
  output: pageOf(StreamShown),
  reads: 'streams',
  http: { method: 'GET', path: '/streams', tag },
  cli: 'streams list',
  examples: [{ title: 'Sessions', input: { category: 'session', limit: 50 } }],
  run: async (context, { limit, cursor, ...filter }, { principal }) => {
    const start = startOf('list_streams', filter, cursor, ['position']);
    if (start !== undefined && 'code' in start) return start;
    const rows = await context.ask((db) => {
      let asked = db.selectFrom('streams').selectAll().where('tenant', '=', principal.tenant);
      if (filter.category !== undefined) asked = asked.where('category', '=', filter.category);
      if (start?.[0] !== undefined) asked = asked.where('last_position', '<', BigInt(start[0]));
      return asked
        .orderBy('last_position', 'desc')
        .limit(limit + 1)
        .execute();
    });
    return { output: paged('list_streams', filter, limit, rows, (row) => [row.last_position.toString()], view) };
  },
});

const streamByName = statement((db, stream: string, tenant: string) =>
  db.selectFrom('streams').selectAll().where('name', '=', stream).where('tenant', '=', tenant),
);

export const getStream = query({
  name: 'get_stream',
  kind: 'query',
  summary: 'A stream: how long it is, and when it was written',
  scope,
  input: z.strictObject({ stream: name }),
  output: StreamShown,
  reads: 'streams',
  http: { method: 'GET', path: '/streams/{stream}', tag },
  cli: 'streams show',
  examples: [{ title: 'A session', input: { stream: example } }],
  run: async (context, { stream }, { principal }) => {
    const row = await context.ask((db) => streamByName.first(db, stream, principal.tenant));
    return row === undefined ? missing('stream', stream) : { output: view(row), revision: row.last_revision };
  },
});

/** Whether a stream shows this tenant anything at all. */
const exists = async (log: EventLog, stream: string, tenant: string): Promise<boolean> => {
  for await (const [event] of log.read(stream, { limit: 1 })) return event !== undefined && tenantOf(event) === tenant;
  return false;
};

export const listStreamEvents = query({
  name: 'list_stream_events',
  kind: 'query',
  summary: 'The events of a stream, read from the log itself',
  scope,
  input: z.strictObject({
    stream: name,
    from_revision: z.int().min(0).optional(),
    direction: z.enum(['forward', 'backward']).default('forward'),
    limit: z.int().min(1).max(eventsMax).default(100),
  }),
  output: z.object({
    data: z.array(EventShown),
    page: z.object({ next_revision: z.int().nullable(), limit: z.int() }),
  }),
  http: { method: 'GET', path: '/streams/{stream}/events', tag },
  cli: 'streams events',
  mcp: { tool: 'stream_read', toolset: 'audit', read_only: true, destructive: false, idempotent: true },
  examples: [{ title: 'From the first', input: { stream: example, direction: 'forward', limit: 100 } }],
  run: async ({ log }, { stream, from_revision, direction, limit }, { principal: { tenant } }) => {
    const forward = direction === 'forward';
    const from = from_revision ?? (forward ? ('start' as const) : ('end' as const));
    const data: z.infer<typeof EventShown>[] = [];
    for await (const page of log.read(stream, { from, direction, limit: limit + 1 }))
      data.push(...page.filter((event) => tenantOf(event) === tenant).map(eventShown));
    if (data.length === 0 && !(await exists(log, stream, tenant))) return missing('stream', stream);
    const surplus = data.length > limit ? data.pop() : undefined;
    return { output: { data, page: { next_revision: surplus?.revision ?? null, limit } } };
  },
});

export const streamQueries = [listStreams, getStream, listStreamEvents] as const;
