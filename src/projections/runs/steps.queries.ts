import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { missing, query } from '../queries.ts';
import { bare, Cost, cost, costOrNull, instant } from '../shown.ts';
import { runById, stepsOf } from './run.found.ts';
import type { StepRow } from './step.row.ts';

const tag = 'runs';
const scope = 'runs:read';
const run_id = idInput('run');
const exampleId = '0198d7a0-0000-7000-8000-000000000017';

const StepShown = z.object({
  run_id: z.uuid(),
  step_id: z.string(),
  ordinal: z.int(),
  kind: z.string(),
  capability_id: z.string().nullable(),
  depends_on: z.array(z.string()).readonly(),
  status: z.string(),
  attempt: z.int(),
  args: z.unknown(),
  key: z.string().nullable(),
  args_digest: z.string().nullable(),
  action_digest: z.string().nullable(),
  effect_class: z.string().nullable(),
  decision: z.string().nullable(),
  verdict: z.unknown(),
  rule_id: z.string().nullable(),
  approval_id: z.uuid().nullable(),
  grant_id: z.uuid().nullable(),
  result: z.unknown(),
  code: z.string().nullable(),
  message: z.string().nullable(),
  retry_at: instant.nullable(),
  cost: Cost,
  artifacts: z.array(z.unknown()).readonly(),
  undo: z.string().nullable(),
  undone_at: instant.nullable(),
  started_at: instant.nullable(),
  ended_at: instant.nullable(),
  updated_at: instant,
});

const stepView = (row: StepRow): z.infer<typeof StepShown> => {
  const { spans: _, cost_micros, ...shown } = bare(row);
  return { ...shown, cost: cost(cost_micros) };
};

const ofRun = z.strictObject({ run_id });
const examples = [{ title: 'By id', input: { run_id: exampleId } }];
const mcp = (tool: string) => ({ tool, read_only: true, destructive: false, idempotent: true });

export const listRunSteps = query({
  name: 'list_run_steps',
  kind: 'query',
  summary: 'The steps of a run in the order of its plan: the gate’s word, the call, and what came of it',
  scope,
  input: ofRun,
  output: z.object({ run_id: z.uuid(), data: z.array(StepShown) }),
  reads: 'steps',
  http: { method: 'GET', path: '/runs/{run_id}/steps', tag },
  cli: 'runs steps',
  mcp: mcp('list_run_steps'),
  examples,
  run: async ({ ask }, given, { principal }) => {
    const rows = await ask((db) => stepsOf(db, given.run_id, principal.tenant));
    return rows.length === 0
      ? missing('run', given.run_id)
      : { output: { run_id: given.run_id, data: rows.map(stepView) } };
  },
});

const RunCost = z.object({
  run_id: z.uuid(),
  cost: Cost,
  limit: Cost.nullable(),
  steps: z.array(
    z.object({ step_id: z.string(), capability_id: z.string().nullable(), attempts: z.int(), cost: Cost }),
  ),
});

export const getRunCost = query({
  name: 'get_run_cost',
  kind: 'query',
  summary: 'What a run has cost, step by step, and what it may cost',
  scope,
  input: ofRun,
  output: RunCost,
  reads: 'runs',
  http: { method: 'GET', path: '/runs/{run_id}/cost', tag },
  cli: 'runs cost',
  mcp: mcp('get_run_cost'),
  examples,
  run: async ({ ask }, given, { principal: { tenant } }) => {
    const [run, rows] = await ask((db) =>
      Promise.all([runById.first(db, given.run_id, tenant), stepsOf(db, given.run_id, tenant)]),
    );
    if (run === undefined) return missing('run', given.run_id);
    const { budget_micros } = run.plan;
    const steps = rows.map(({ step_id, capability_id, attempt, cost_micros }) => ({
      step_id,
      capability_id,
      attempts: attempt,
      cost: cost(cost_micros),
    }));
    const limit = costOrNull(budget_micros === null ? null : BigInt(budget_micros));
    return { output: { run_id: given.run_id, cost: cost(run.cost_micros), limit, steps } };
  },
});

export const stepQueries = [listRunSteps, getRunCost] as const;
