import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { Origin } from '../../domain/session/session.events.ts';
import { pageInput, pageOf, paged, startOf } from '../page.ts';
import { missing, query } from '../queries.ts';
import { statement } from '../statement.ts';
import type { SessionRow } from './sessions.projection.ts';

const tag = 'sessions';
const scope = 'sessions:read';
const exampleId = '0198d7a0-0000-7000-8000-000000000002';

const SessionShown = z.object({
  session_id: z.uuid(),
  agent_id: z.uuid(),
  title: z.string().nullable(),
  status: z.string(),
  turns: z.int(),
  turn_id: z.uuid().nullable(),
  origin: Origin.nullable(),
  revision: z.int(),
  opened_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  closed_at: z.iso.datetime().nullable(),
});

const view = ({ tenant: _, position: __, ...row }: SessionRow): z.infer<typeof SessionShown> => row;

const sessionById = statement((db, session_id: string, tenant: string) =>
  db.selectFrom('sessions').selectAll().where('session_id', '=', session_id).where('tenant', '=', tenant),
);

export const getSession = query({
  name: 'get_session',
  kind: 'query',
  summary: 'A session as it is now',
  scope,
  input: z.strictObject({ session_id: idInput('session') }),
  output: SessionShown,
  reads: 'sessions',
  http: { method: 'GET', path: '/sessions/{session_id}', tag },
  cli: 'sessions show',
  mcp: { tool: 'get_session', read_only: true, destructive: false, idempotent: true },
  examples: [{ title: 'By id', input: { session_id: exampleId } }],
  run: async (context, { session_id }, { principal }) => {
    const row = await context.ask((db) => sessionById.first(db, session_id, principal.tenant));
    return row === undefined ? missing('session', session_id) : { output: view(row), revision: row.revision };
  },
});

export const listSessions = query({
  name: 'list_sessions',
  kind: 'query',
  summary: 'Sessions, newest first',
  scope,
  input: z.strictObject({
    agent_id: idInput('agent').optional(),
    status: z.array(z.enum(['idle', 'running', 'ending', 'closed'])).optional(),
    ...pageInput,
  }),
  output: pageOf(SessionShown),
  reads: 'sessions',
  http: { method: 'GET', path: '/sessions', tag },
  cli: 'sessions list',
  mcp: { tool: 'list_sessions', read_only: true, destructive: false, idempotent: true },
  examples: [{ title: 'Those with a turn under way', input: { status: ['running'], limit: 50 } }],
  run: async (context, { limit, cursor, ...filter }, { principal }) => {
    const start = startOf('list_sessions', filter, cursor, ['instant', 'uuid']);
    if (start !== undefined && 'code' in start) return start;
    const rows = await context.ask((db) => {
      let asked = db.selectFrom('sessions').selectAll().where('tenant', '=', principal.tenant);
      if (filter.agent_id !== undefined) asked = asked.where('agent_id', '=', filter.agent_id);
      if (filter.status !== undefined) asked = asked.where('status', 'in', filter.status);
      const [opened_at, session_id] = start ?? [];
      if (opened_at !== undefined && session_id !== undefined)
        asked = asked.where(({ eb, refTuple, tuple }) =>
          eb(refTuple('opened_at', 'session_id'), '<', tuple(opened_at, session_id)),
        );
      return asked
        .orderBy('opened_at', 'desc')
        .orderBy('session_id', 'desc')
        .limit(limit + 1)
        .execute();
    });
    return { output: paged('list_sessions', filter, limit, rows, (row) => [row.opened_at, row.session_id], view) };
  },
});

export const sessionQueries = [listSessions, getSession] as const;
