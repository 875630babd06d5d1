import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { limitMissing, limitsNothing, type BudgetCommand } from '../../domain/budget/budget.commands.ts';
import { budget } from '../../domain/budget/budget.decider.ts';
import { BudgetScope } from '../../domain/budget/budget.events.ts';
import { idInput } from '../../domain/kernel/id.input.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import type { Answer, Call, Problem } from '../../domain/kernel/operation.ts';
import { problem } from '../../problems.ts';
import { ask, command, type CommandContext } from '../context.ts';

const tag = 'budgets';
const scope = 'budgets:write';
const budget_id = idInput('budget');
const exampleId = '0198d7a0-0000-7000-8000-000000000015';

const Limits = {
  /** Millionths of a US dollar; null for no limit in money. */
  limit_micros: z.int().min(0).nullable().default(null),
  limit_tokens: z.int().min(0).nullable().default(null),
  on_breach: z.enum(['pause_agent', 'refuse']).default('pause_agent'),
};

const amount = z.object({ micros: z.int(), tokens: z.int() });

const BudgetView = z.object({
  budget_id: z.uuid(),
  scope: BudgetScope,
  period: z.enum(['total', 'day']),
  limit_micros: z.int().nullable(),
  limit_tokens: z.int().nullable(),
  on_breach: z.enum(['pause_agent', 'refuse']),
  status: z.enum(['open', 'closed']),
  spent: amount,
  reserved: amount,
  revision: z.int(),
});

/** One budget for each thing that can be limited: asked for again, it is the same one. */
export const budgetIdOf = (tenant: string, scoped: BudgetScope, period: string): string =>
  derived('budget', tenant, scoped.kind, scoped.kind === 'agent' ? scoped.agent_id : tenant, period);

const nowOf = ({ engine }: CommandContext): string => new Date(engine.clock.now()).toISOString();

const told = async (
  context: CommandContext,
  call: Call,
  id: string,
  asked: BudgetCommand,
): Promise<Answer<z.infer<typeof BudgetView>> | Problem> => {
  const outcome = await ask(context, call, budget, streamOf('budget', id), asked, { guarded: true });
  if (E.isLeft(outcome)) return outcome.left;
  const { state, revision, position } = outcome.right;
  const {
    budget_id: own,
    scope: scoped,
    period,
    limit_micros,
    limit_tokens,
    on_breach,
    phase,
    spent,
    reserved,
  } = state;
  if (scoped === null || phase === 'unset') throw new Error('a budget that was commanded is set');
  const limits = { limit_micros, limit_tokens, on_breach };
  const output = {
    budget_id: own,
    scope: scoped,
    period,
    ...limits,
    status: phase,
    spent: { ...spent },
    reserved: { ...reserved },
    revision,
  };
  return { output, revision, position };
};

export const setBudget = command({
  name: 'set_budget',
  kind: 'command',
  summary: 'Limit what an agent, or everyone together, may spend',
  description:
    'A limit is in money, in tokens, or in both. Room is set aside before a call and settled after it; a call for which ' +
    'there is none is not made. A budget that was closed is set again in the same way: what was spent of it, and is set ' +
    'aside still, goes on counting.',
  scope,
  input: z
    .strictObject({ scope: BudgetScope, period: z.enum(['total', 'day']), ...Limits })
    .refine((limits) => !limitsNothing(limits), limitMissing),
  output: BudgetView,
  http: { method: 'POST', path: '/budgets', tag },
  cli: 'budgets set',
  mcp: { tool: 'budget_set', toolset: 'ops', read_only: false, destructive: true, idempotent: false },
  problems: ['already_exists'],
  examples: [
    {
      title: 'Five dollars a day for everyone together',
      input: {
        scope: { kind: 'tenant' },
        period: 'day',
        limit_micros: 5_000_000,
        limit_tokens: null,
        on_breach: 'refuse',
      },
    },
  ],
  run: async (context, input, call) => {
    const id = budgetIdOf(call.principal.tenant, input.scope, input.period);
    const asked = { type: 'SetBudget', budget_id: id, at: nowOf(context), ...input } as const;
    const answer = await told(context, call, id, asked);
    if ('output' in answer) return { ...answer, status: 201, location: `/budgets/${id}` };
    return answer.code === 'invalid_transition'
      ? problem('already_exists', `the budget ${id} is the one for this: revise it`, { more: { budget_id: id } })
      : answer;
  },
});

export const reviseBudget = command({
  name: 'revise_budget',
  kind: 'command',
  summary: 'Set other limits; never below what is spent and set aside',
  scope,
  input: z.strictObject({ budget_id, ...Limits }).refine((limits) => !limitsNothing(limits), limitMissing),
  output: BudgetView,
  http: { method: 'PUT', path: '/budgets/{budget_id}', tag },
  cli: 'budgets revise',
  problems: ['not_found', 'budget_closed', 'revision_conflict'],
  examples: [
    {
      title: 'Ten dollars',
      input: { budget_id: exampleId, limit_micros: 10_000_000, limit_tokens: null, on_breach: 'refuse' },
    },
  ],
  run: (context, { budget_id: id, ...limits }, call) =>
    told(context, call, id, { type: 'ReviseBudget', at: nowOf(context), ...limits }),
});

export const closeBudget = command({
  name: 'close_budget',
  kind: 'command',
  summary: 'Limit by this budget no longer',
  scope,
  input: z.strictObject({ budget_id, reason: z.string().max(2_000).default('') }),
  output: BudgetView,
  http: { method: 'DELETE', path: '/budgets/{budget_id}', tag },
  cli: 'budgets close',
  problems: ['not_found', 'revision_conflict'],
  examples: [{ title: 'The trial is over', input: { budget_id: exampleId, reason: 'the trial is over' } }],
  run: (context, { budget_id: id, reason }, call) => told(context, call, id, { type: 'CloseBudget', reason }),
});

export const budgetOperations = [setBudget, reviseBudget, closeBudget] as const;
