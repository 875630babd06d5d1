import type { Kysely } from 'kysely';
import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { listing, olderThan, single } from '../listing.ts';
import { limitMax } from '../page.ts';
import type { ReadModels } from '../queries.ts';
import { instant } from '../shown.ts';
import { stepsOf } from './run.found.ts';
import type { RunRow } from './run.row.ts';
import type { StepRow } from './step.row.ts';

const tag = 'runs';
const scope = 'runs:read';
const run_id = idInput('run');
const agent_id = idInput('agent');
const example = {
  run_id: '0198d7a0-0000-7000-8000-000000000017',
  agent_id: '0198d7a0-0000-7000-8000-000000000001',
};

const ToolCall = z.object({
  step_id: z.string(),
  capability_id: z.string().nullable(),
  status: z.string(),
  attempt: z.int(),
  args: z.unknown(),
  args_digest: z.string().nullable(),
  decision: z.string().nullable(),
  rule_id: z.string().nullable(),
  approval_id: z.uuid().nullable(),
  grant_id: z.uuid().nullable(),
  result: z.unknown(),
  error: z.object({ code: z.string(), message: z.string().nullable() }).nullable(),
  started_at: instant.nullable(),
  ended_at: instant.nullable(),
});

const Provenance = z.object({
  provenance_id: z.uuid(),
  run_id: z.uuid(),
  directive_id: z.uuid(),
  agent_id: z.string().nullable(),
  goal: z.string().nullable(),
  status: z.string().meta({ description: '`pending`, `running`, `completed`, `partial`, `failed` or `canceled`.' }),
  plan: z.unknown(),
  tool_calls: z.array(ToolCall),
  error_message: z.string().nullable(),
  created_at: instant,
  completed_at: instant.nullable(),
});

/** A run, what was wanted of it, and its steps. */
interface Traced {
  readonly run: RunRow & { readonly goal: string | null };
  readonly steps: readonly StepRow[];
}

const ended: ReadonlySet<string> = new Set(['completed', 'failed', 'canceled']);

const statusOf = ({ status, outcome }: RunRow): string => {
  if (status === 'completed' && outcome === 'partial') return 'partial';
  return status === 'pending' || ended.has(status) ? status : 'running';
};

const toolCall = (step: StepRow): z.infer<typeof ToolCall> => {
  const { step_id, capability_id, status, attempt, args, args_digest, decision, rule_id, approval_id } = step;
  const { grant_id, result, code, message, started_at, ended_at } = step;
  const said = { step_id, capability_id, status, attempt, args, args_digest, decision, rule_id, approval_id, grant_id };
  return { ...said, result, error: code === null ? null : { code, message }, started_at, ended_at };
};

const view = ({ run, steps }: Traced): z.infer<typeof Provenance> => ({
  provenance_id: run.run_id,
  run_id: run.run_id,
  directive_id: run.directive_id,
  agent_id: run.agent_id,
  goal: run.goal,
  status: statusOf(run),
  plan: run.plan,
  tool_calls: steps.filter(({ kind }) => kind === 'action').map(toolCall),
  error_message: run.status === 'failed' || run.status === 'canceled' ? run.message : null,
  created_at: run.created_at,
  completed_at: run.ended_at,
});

const wanted = (db: Kysely<ReadModels>, tenant: string) =>
  db
    .selectFrom('runs as r')
    .leftJoin('directives as d', 'd.directive_id', 'r.directive_id')
    .selectAll('r')
    .select('d.objective as goal')
    .where('r.tenant', '=', tenant);

const traced = async (db: Kysely<ReadModels>, id: string, tenant: string): Promise<Traced | undefined> => {
  const [run, steps] = await Promise.all([
    wanted(db, tenant).where('r.run_id', '=', id).executeTakeFirst(),
    stepsOf(db, id, tenant),
  ]);
  return run === undefined ? undefined : { run, steps };
};

const asked = { scope, tag, reads: 'steps', output: Provenance, view } as const;

export const getRunProvenance = single({
  ...asked,
  name: 'get_run_provenance',
  noun: 'run',
  summary: 'Where the outcome of a run comes from: what was wanted, planned, called, allowed and answered',
  path: '/runs/{run_id}/provenance',
  cli: 'runs provenance',
  example: { title: 'By id', input: { run_id: example.run_id } },
  input: { run_id },
  find: (db, given, tenant) => traced(db, given.run_id, tenant),
});

export const getAgentProvenance = single({
  ...asked,
  name: 'get_agent_provenance',
  noun: 'run of this agent',
  summary: 'Where the outcome of one of an agent’s runs comes from',
  path: '/agents/{agent_id}/provenance/{run_id}',
  cli: 'agents provenance',
  example: { title: 'By id', input: { run_id: example.run_id, agent_id: example.agent_id } },
  input: { run_id, agent_id },
  find: async (db, given, tenant) => {
    const found = await traced(db, given.run_id, tenant);
    return found?.run.agent_id === given.agent_id ? found : undefined;
  },
});

export const listAgentProvenance = listing({
  scope,
  tag,
  reads: 'steps',
  name: 'list_agent_provenance',
  summary: 'Where the outcomes of an agent’s runs come from, newest first',
  path: '/agents/{agent_id}/provenance',
  cli: 'agents provenances',
  example: { title: 'The newest ten', input: { agent_id: example.agent_id, limit: 10 } },
  // Ten unless asked otherwise (requirements A18).
  filter: { agent_id, limit: z.int().min(1).max(limitMax).default(10) },
  item: Provenance,
  sort: ['instant', 'uuid'],
  place: ({ run }: Traced) => [run.created_at, run.run_id],
  view,
  rows: async (db, given, { tenant, start, limit }): Promise<readonly Traced[]> => {
    const found = await wanted(db, tenant)
      .where('r.agent_id', '=', given.agent_id)
      .where(olderThan(start, 'r.created_at', 'r.run_id'))
      .orderBy('r.created_at', 'desc')
      .orderBy('r.run_id', 'desc')
      .limit(limit)
      .execute();
    if (found.length === 0) return [];
    const ids = found.map((run) => run.run_id);
    const steps = await db.selectFrom('steps').selectAll().where('run_id', 'in', ids).orderBy('ordinal').execute();
    return found.map((run) => ({ run, steps: steps.filter((step) => step.run_id === run.run_id) }));
  },
});

export const provenanceQueries = [getRunProvenance, listAgentProvenance, getAgentProvenance] as const;
