import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { amountOf, usd } from '../../domain/kernel/money.ts';
import { pageInput, pageOf, paged, startOf } from '../page.ts';
import { missing, query, type QueryContext } from '../queries.ts';
import { statement } from '../statement.ts';
import type { TurnRow } from './turns.projection.ts';

const tag = 'sessions';
const scope = 'sessions:read';
const session_id = idInput('session');
const turn_id = idInput('turn');
const example = {
  session_id: '0198d7a0-0000-7000-8000-000000000002',
  turn_id: '0198d7a0-0000-7000-8000-000000000004',
};

const TurnShown = z.object({
  turn_id: z.uuid(),
  session_id: z.uuid(),
  agent_id: z.uuid(),
  ordinal: z.int(),
  status: z.string(),
  text: z.string(),
  response: z.string().nullable(),
  provider: z.string().nullable(),
  model: z.string().nullable(),
  is_language_model: z.boolean().nullable(),
  stop_reason: z.string().nullable(),
  truncated: z.boolean(),
  attempts: z.int(),
  usage: z.unknown(),
  cost: z.object({ amount: z.string(), currency: z.string() }).nullable(),
  latency_ms: z.number().nullable(),
  fault: z.string().nullable(),
  message: z.string().nullable(),
  assessment: z.unknown(),
  correlation_id: z.string().nullable(),
  received_at: z.iso.datetime(),
  ended_at: z.iso.datetime().nullable(),
});

const view = (row: TurnRow): z.infer<typeof TurnShown> => {
  const { tenant: _, position: __, context: ___, cost_micros, ...shown } = row;
  return { ...shown, cost: cost_micros === null ? null : amountOf(usd(Number(cost_micros))) };
};

interface Which {
  readonly session_id: string;
  readonly turn_id: string;
}

const turnById = statement((db, turn_id: string, session_id: string, tenant: string) =>
  db
    .selectFrom('turns')
    .selectAll()
    .where('turn_id', '=', turn_id)
    .where('session_id', '=', session_id)
    .where('tenant', '=', tenant),
);

const found = ({ ask }: QueryContext, which: Which, tenant: string): Promise<TurnRow | undefined> =>
  ask((db) => turnById.first(db, which.turn_id, which.session_id, tenant));

export const getTurn = query({
  name: 'get_turn',
  kind: 'query',
  summary: 'A turn: what was said, what was answered, what it took',
  scope,
  input: z.strictObject({ session_id, turn_id }),
  output: TurnShown,
  reads: 'turns',
  http: { method: 'GET', path: '/sessions/{session_id}/turns/{turn_id}', tag },
  cli: 'turns show',
  mcp: { tool: 'get_turn', read_only: true, destructive: false, idempotent: true },
  examples: [{ title: 'By id', input: example }],
  run: async (context, which, { principal }) => {
    const row = await found(context, which, principal.tenant);
    return row === undefined ? missing('turn', which.turn_id) : { output: view(row) };
  },
});

export const getTurnContext = query({
  name: 'get_turn_context',
  kind: 'query',
  summary: 'What was put before the model in a turn, and why',
  scope,
  input: z.strictObject({ session_id, turn_id }),
  output: z.object({ turn_id: z.uuid(), context: z.unknown() }),
  reads: 'turns',
  http: { method: 'GET', path: '/sessions/{session_id}/turns/{turn_id}/context', tag },
  cli: 'turns context',
  mcp: { tool: 'turn_context_get', toolset: 'audit', read_only: true, destructive: false, idempotent: true },
  examples: [{ title: 'By id', input: example }],
  run: async (context, which, { principal }) => {
    const row = await found(context, which, principal.tenant);
    return row === undefined
      ? missing('turn', which.turn_id)
      : { output: { turn_id: row.turn_id, context: row.context } };
  },
});

export const listTurns = query({
  name: 'list_turns',
  kind: 'query',
  summary: 'The turns of a session, in the order they were taken',
  scope,
  input: z.strictObject({ session_id, ...pageInput }),
  output: pageOf(TurnShown),
  reads: 'turns',
  http: { method: 'GET', path: '/sessions/{session_id}/turns', tag },
  cli: 'turns list',
  mcp: { tool: 'list_turns', read_only: true, destructive: false, idempotent: true },
  examples: [{ title: 'From the first', input: { session_id: example.session_id, limit: 50 } }],
  run: async (context, { limit, cursor, ...filter }, { principal }) => {
    const start = startOf('list_turns', filter, cursor, ['ordinal']);
    if (start !== undefined && 'code' in start) return start;
    const rows = await context.ask((db) =>
      db
        .selectFrom('turns')
        .selectAll()
        .where('session_id', '=', filter.session_id)
        .where('tenant', '=', principal.tenant)
        .where('ordinal', '>', Number(start?.[0] ?? 0))
        .orderBy('ordinal')
        .limit(limit + 1)
        .execute(),
    );
    return { output: paged('list_turns', filter, limit, rows, (row) => [String(row.ordinal)], view) };
  },
});

export const turnQueries = [listTurns, getTurn, getTurnContext] as const;
