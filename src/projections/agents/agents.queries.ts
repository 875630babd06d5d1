import { z } from 'zod';
import { AgentProfile } from '../../domain/agent/agent.events.ts';
import { idInput } from '../../domain/kernel/id.input.ts';
import { pageInput, pageOf, paged, startOf } from '../page.ts';
import { missing, query } from '../queries.ts';
import { statement } from '../statement.ts';
import type { AgentRow } from './agents.projection.ts';

const tag = 'agents';
const scope = 'agents:read';
const exampleId = '0198d7a0-0000-7000-8000-000000000001';
const Status = z.enum(['active', 'paused', 'stopped', 'retired']);

const AgentShown = z.object({
  agent_id: z.uuid(),
  status: z.string(),
  ...AgentProfile.shape,
  revision: z.int(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
});

const view = ({ tenant: _, position: __, capabilities, frames, ...row }: AgentRow): z.infer<typeof AgentShown> => ({
  ...row,
  capabilities: [...capabilities],
  ...(frames === null ? {} : { frames: [...frames] }),
});

const agentById = statement((db, agent_id: string, tenant: string) =>
  db.selectFrom('agents').selectAll().where('agent_id', '=', agent_id).where('tenant', '=', tenant),
);

export const getAgent = query({
  name: 'get_agent',
  kind: 'query',
  summary: 'An agent as it is now',
  scope,
  input: z.strictObject({ agent_id: idInput('agent') }),
  output: AgentShown,
  reads: 'agents',
  http: { method: 'GET', path: '/agents/{agent_id}', tag },
  cli: 'agents show',
  mcp: { tool: 'get_agent', read_only: true, destructive: false, idempotent: true },
  examples: [{ title: 'By id', input: { agent_id: exampleId } }],
  run: async (context, { agent_id }, { principal }) => {
    const row = await context.ask((db) => agentById.first(db, agent_id, principal.tenant));
    return row === undefined ? missing('agent', agent_id) : { output: view(row), revision: row.revision };
  },
});

export const listAgents = query({
  name: 'list_agents',
  kind: 'query',
  summary: 'Agents, newest first',
  scope,
  input: z.strictObject({ status: z.array(Status).optional(), ...pageInput }),
  output: pageOf(AgentShown),
  reads: 'agents',
  http: { method: 'GET', path: '/agents', tag },
  cli: 'agents list',
  mcp: { tool: 'list_agents', read_only: true, destructive: false, idempotent: true },
  examples: [{ title: 'Those that work', input: { status: ['active'], limit: 50 } }],
  run: async (context, { limit, cursor, ...filter }, { principal }) => {
    const start = startOf('list_agents', filter, cursor, ['instant', 'uuid']);
    if (start !== undefined && 'code' in start) return start;
    const rows = await context.ask((db) => {
      let asked = db.selectFrom('agents').selectAll().where('tenant', '=', principal.tenant);
      if (filter.status !== undefined) asked = asked.where('status', 'in', filter.status);
      const [created_at, agent_id] = start ?? [];
      if (created_at !== undefined && agent_id !== undefined)
        asked = asked.where(({ eb, refTuple, tuple }) =>
          eb(refTuple('created_at', 'agent_id'), '<', tuple(created_at, agent_id)),
        );
      return asked
        .orderBy('created_at', 'desc')
        .orderBy('agent_id', 'desc')
        .limit(limit + 1)
        .execute();
    });
    return { output: paged('list_agents', filter, limit, rows, (row) => [row.created_at, row.agent_id], view) };
  },
});

export const agentQueries = [listAgents, getAgent] as const;
