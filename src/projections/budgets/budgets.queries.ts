import { sql } from 'kysely';
import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { equals, listing, olderThan, oneOf, single } from '../listing.ts';
import { missing, query } from '../queries.ts';
import { bare, Cost, cost, costOrNull, instant } from '../shown.ts';
import type { BudgetRow } from './budgets.projection.ts';

const tag = 'budgets';
const scope = 'budgets:read';
const exampleId = '0198d7a0-0000-7000-8000-000000000015';
const daysMax = 400;

const BudgetShown = z.object({
  budget_id: z.uuid(),
  status: z.string(),
  scope: z.unknown(),
  agent_id: z.uuid().nullable(),
  period: z.string(),
  limit: Cost.nullable(),
  limit_tokens: z.int().nullable(),
  on_breach: z.string(),
  day: z.string().nullable().meta({ description: 'The day, in UTC, that a budget for a day speaks of here.' }),
  spent: Cost,
  spent_tokens: z.int(),
  reserved: Cost,
  reserved_tokens: z.int(),
  left: Cost.nullable(),
  left_tokens: z.int().nullable(),
  open_count: z.int().meta({ description: 'Reservations that are not settled yet.' }),
  tier_percent: z.int(),
  breaches: z.int(),
  last_breach: z.unknown(),
  reason: z.string().nullable(),
  revision: z.int(),
  created_at: instant,
  updated_at: instant,
  closed_at: instant.nullable(),
});

const left = (limit: bigint | null, used: bigint): bigint | null =>
  limit === null ? null : limit > used ? limit - used : 0n;
const numberOf = (value: bigint | null): number | null => (value === null ? null : Number(value));

const view = (row: BudgetRow): z.infer<typeof BudgetShown> => {
  const { open: _, limit_micros, spent_micros, reserved_micros, ...shown } = bare(row);
  const { limit_tokens, spent_tokens, reserved_tokens } = row;
  return {
    ...shown,
    limit: costOrNull(limit_micros),
    limit_tokens: numberOf(limit_tokens),
    spent: cost(spent_micros),
    spent_tokens: Number(spent_tokens),
    reserved: cost(reserved_micros),
    reserved_tokens: Number(reserved_tokens),
    left: costOrNull(left(limit_micros, spent_micros + reserved_micros)),
    left_tokens: numberOf(left(limit_tokens, spent_tokens + reserved_tokens)),
  };
};

export const listBudgets = listing({
  name: 'list_budgets',
  summary: 'Budgets, newest first, with what is spent and set aside of them',
  scope,
  path: '/budgets',
  tag,
  cli: 'budgets list',
  mcp: { tool: 'budgets_list', toolset: 'ops' },
  reads: 'budgets',
  example: { title: 'Those that hold', input: { status: ['open'] } },
  filter: { status: z.array(z.enum(['open', 'closed'])).optional(), agent_id: idInput('agent').optional() },
  item: BudgetShown,
  sort: ['instant', 'uuid'],
  place: (row: BudgetRow) => [row.created_at, row.budget_id],
  view,
  rows: (db, { status, agent_id }, { tenant, start, limit }) =>
    db
      .selectFrom('budgets')
      .selectAll()
      .where('tenant', '=', tenant)
      .where(oneOf('status', status))
      .where(equals('agent_id', agent_id))
      .where(olderThan(start, 'created_at', 'budget_id'))
      .orderBy('created_at', 'desc')
      .orderBy('budget_id', 'desc')
      .limit(limit)
      .execute(),
});

export const getBudget = single({
  name: 'get_budget',
  noun: 'budget',
  summary: 'A budget: what it allows, what is spent of it, what is set aside and what is left',
  scope,
  path: '/budgets/{budget_id}',
  tag,
  cli: 'budgets show',
  reads: 'budgets',
  example: { title: 'By id', input: { budget_id: exampleId } },
  input: { budget_id: idInput('budget') },
  output: BudgetShown,
  find: (db, { budget_id }, tenant) =>
    db
      .selectFrom('budgets')
      .selectAll()
      .where('budget_id', '=', budget_id)
      .where('tenant', '=', tenant)
      .executeTakeFirst(),
  view,
});

const Burn = z.object({
  budget_id: z.uuid(),
  data: z.array(
    z.object({
      day: z.string(),
      spent: Cost,
      spent_tokens: z.int(),
      excess: Cost,
      reserved: Cost,
      reserved_tokens: z.int(),
      reservations: z.int(),
      breaches: z.int(),
    }),
  ),
});

export const getBudgetBurn = query({
  name: 'get_budget_burn',
  kind: 'query',
  summary: 'What a budget burnt, day by day, newest first',
  description:
    'Days are UTC. `reserved` is what is still set aside; `excess` is what calls cost beyond what was reserved.',
  scope,
  input: z.strictObject({
    budget_id: idInput('budget'),
    days: z.int().min(1).max(daysMax).default(30),
  }),
  output: Burn,
  reads: 'budget_reservations',
  http: { method: 'GET', path: '/budgets/{budget_id}/burn', tag },
  cli: 'budgets burn',
  mcp: { tool: 'get_budget_burn', read_only: true, destructive: false, idempotent: true },
  examples: [{ title: 'The last month', input: { budget_id: exampleId, days: 30 } }],
  run: async ({ ask }, { budget_id, days }, { principal: { tenant } }) => {
    const [known, rows] = await ask((db) =>
      Promise.all([
        db
          .selectFrom('budgets')
          .select('budget_id')
          .where('budget_id', '=', budget_id)
          .where('tenant', '=', tenant)
          .executeTakeFirst(),
        db
          .selectFrom('budget_reservations')
          .where('budget_id', '=', budget_id)
          .where('tenant', '=', tenant)
          .select([
            'day',
            sql<bigint>`sum(spent_micros)::int8`.as('spent'),
            sql<bigint>`sum(spent_tokens)::int8`.as('spent_tokens'),
            sql<bigint>`sum(excess_micros)::int8`.as('excess'),
            sql<bigint>`coalesce(sum(reserved_micros) filter (where status = 'open'), 0)::int8`.as('reserved'),
            sql<bigint>`coalesce(sum(reserved_tokens) filter (where status = 'open'), 0)::int8`.as('reserved_tokens'),
            sql<number>`(count(*) filter (where status <> 'refused'))::int`.as('reservations'),
            sql<number>`sum(breaches)::int`.as('breaches'),
          ])
          .groupBy('day')
          .orderBy('day', 'desc')
          .limit(days)
          .execute(),
      ]),
    );
    if (known === undefined) return missing('budget', budget_id);
    const data = rows.map(({ spent, spent_tokens, excess, reserved, reserved_tokens, ...counts }) => ({
      ...counts,
      spent: cost(spent),
      spent_tokens: Number(spent_tokens),
      excess: cost(excess),
      reserved: cost(reserved),
      reserved_tokens: Number(reserved_tokens),
    }));
    return { output: { budget_id, data } };
  },
});

export const budgetQueries = [listBudgets, getBudget, getBudgetBurn] as const;
