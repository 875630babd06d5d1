import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { equals, listing, olderThan, oneOf, single } from '../listing.ts';
import { limitMax } from '../page.ts';
import { bare, Cost, cost, instant } from '../shown.ts';
import { runById } from './run.found.ts';
import type { RunRow } from './run.row.ts';

const tag = 'runs';
const scope = 'runs:read';
const run_id = idInput('run');
const agent_id = idInput('agent');
const exampleId = '0198d7a0-0000-7000-8000-000000000017';
const exampleAgent = '0198d7a0-0000-7000-8000-000000000001';
const Status = z.enum([
  ...(['pending', 'running', 'waiting_approval', 'waiting_input', 'paused', 'stopping'] as const),
  ...(['rolling_back', 'completed', 'failed', 'canceled'] as const),
]);

const RunShown = z.object({
  run_id: z.uuid(),
  directive_id: z.uuid(),
  status: z.string(),
  outcome: z.string().nullable(),
  rollback: z.string().nullable(),
  code: z.string().nullable(),
  message: z.string().nullable(),
  failed_step_id: z.string().nullable(),
  agent_id: z.string().nullable(),
  principal: z.unknown(),
  scope: z.string(),
  environment: z.string(),
  plan: z.unknown(),
  step_count: z.int(),
  steps_succeeded: z.int(),
  step_status: z.record(z.string(), z.string()).readonly(),
  result: z.unknown(),
  cost: Cost,
  duration_ms: z.number().nullable().meta({ description: 'From its start to its end; null until it has ended.' }),
  correlation_id: z.string().nullable(),
  revision: z.int(),
  created_at: instant,
  updated_at: instant,
  started_at: instant.nullable(),
  ended_at: instant.nullable(),
});

const view = (row: RunRow): z.infer<typeof RunShown> => {
  const { phase: _, spans: __, segments: ___, cost_micros, ...shown } = bare(row);
  return { ...shown, cost: cost(cost_micros) };
};

const page = {
  scope,
  tag,
  reads: 'runs',
  item: RunShown,
  sort: ['instant', 'uuid'],
  place: (row: RunRow) => [row.created_at, row.run_id],
  view,
} as const;

export const listRuns = listing({
  ...page,
  name: 'list_runs',
  summary: 'Runs, newest first',
  path: '/runs',
  cli: 'runs list',
  mcp: { tool: 'runs_list', toolset: 'core' },
  example: { title: 'Those that wait for somebody', input: { status: ['waiting_approval', 'waiting_input'] } },
  filter: {
    status: z.array(Status).optional(),
    agent_id: agent_id.optional(),
    directive_id: idInput('directive').optional(),
  },
  rows: (db, { status, agent_id, directive_id }, { tenant, start, limit }) =>
    db
      .selectFrom('runs')
      .selectAll()
      .where('tenant', '=', tenant)
      .where(oneOf('status', status))
      .where(equals('agent_id', agent_id))
      .where(equals('directive_id', directive_id))
      .where(olderThan(start, 'created_at', 'run_id'))
      .orderBy('created_at', 'desc')
      .orderBy('run_id', 'desc')
      .limit(limit)
      .execute(),
});

/** Ten unless asked otherwise (requirements A15). */
const limit = z.int().min(1).max(limitMax).default(10).meta({ description: 'How many, at most.' });

export const listAgentRuns = listing({
  ...page,
  name: 'list_agent_runs',
  summary: 'The runs of an agent, newest first',
  path: '/agents/{agent_id}/runs',
  cli: 'agents runs',
  example: { title: 'The newest ten', input: { agent_id: exampleAgent, limit: 10 } },
  filter: { agent_id, limit },
  rows: (db, given, { tenant, start, limit: surplus }) =>
    db
      .selectFrom('runs')
      .selectAll()
      .where('tenant', '=', tenant)
      .where('agent_id', '=', given.agent_id)
      .where(olderThan(start, 'created_at', 'run_id'))
      .orderBy('created_at', 'desc')
      .orderBy('run_id', 'desc')
      .limit(surplus)
      .execute(),
});

export const getRun = single({
  name: 'get_run',
  noun: 'run',
  summary: 'A run: where it stands, whom it waits for, how it ended',
  scope,
  path: '/runs/{run_id}',
  tag,
  cli: 'runs show',
  mcp: { tool: 'run_get', toolset: 'core' },
  reads: 'runs',
  example: { title: 'By id', input: { run_id: exampleId } },
  input: { run_id },
  output: RunShown,
  find: (db, given, tenant) => runById.first(db, given.run_id, tenant),
  view,
});

export const getAgentRun = single({
  name: 'get_agent_run',
  noun: 'run of this agent',
  summary: 'A run of an agent',
  scope,
  path: '/agents/{agent_id}/runs/{run_id}',
  tag,
  cli: 'agents run',
  reads: 'runs',
  example: { title: 'By id', input: { run_id: exampleId, agent_id: exampleAgent } },
  input: { run_id, agent_id },
  output: RunShown,
  find: async (db, given, tenant) => {
    const row = await runById.first(db, given.run_id, tenant);
    return row?.agent_id === given.agent_id ? row : undefined;
  },
  view,
});

export const runQueries = [listRuns, getRun, listAgentRuns, getAgentRun] as const;
