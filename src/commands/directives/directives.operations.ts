import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import type { DirectiveCommand } from '../../domain/directive/directive.commands.ts';
import { directive } from '../../domain/directive/directive.decider.ts';
import type { DirectiveContent } from '../../domain/directive/directive.events.ts';
import { RiskLevel } from '../../domain/capability/capability.spec.ts';
import { budgetOf } from '../../domain/gate/budget.text.ts';
import { Plan, Retry, Step } from '../../domain/gate/plan.ts';
import { idInput } from '../../domain/kernel/id.input.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import { isProblem, type Answer, type Call, type Problem } from '../../domain/kernel/operation.ts';
import { problem } from '../../problems.ts';
import { ask, command, type CommandContext } from '../context.ts';
import { askerOf } from '../gate/asker.ts';
import { proposalOf } from '../gate/propose.ts';
import { recall } from '../recall.ts';
import { problemOf } from '../refusals.ts';
import { DirectiveView, directiveView } from './directive.view.ts';

const tag = 'directives';
const scope = 'directives:write';
const directive_id = idInput('directive');
const exampleId = '0198d7a0-0000-7000-8000-000000000011';
const json = z.record(z.string(), z.json()).nullable().default(null);

/** What a caller says of a directive; the plan is laid out flat, for most have one step. */
const DirectiveInput = z.strictObject({
  objective: z.string().min(1).max(2_000),
  agent_id: idInput('agent').nullable().default(null),
  scope: z.string().min(1).max(200).default('development'),
  steps: z.array(Step).min(1).max(25),
  retry: Retry.prefault({}),
  time_limit_ms: z.int().min(1).max(86_400_000).default(3_600_000),
  auto_rollback: z.boolean().default(true),
  /** `$50`, `50.00`, `100 USD`; what cannot be read blocks the directive. */
  budget: z.string().max(50).nullable().default(null),
  stakes: RiskLevel.nullable().default(null),
  constraints: json,
  success_metrics: json,
});

const contentOf = (input: z.infer<typeof DirectiveInput>): DirectiveContent | Problem => {
  const { steps, retry, time_limit_ms, auto_rollback, budget, stakes, ...rest } = input;
  const plan = { steps, retry, time_limit_ms, auto_rollback, stakes, budget_micros: budgetOf(budget) };
  const parsed = Plan.safeParse(plan);
  if (parsed.success) return { ...rest, plan: parsed.data };
  const errors = parsed.error.issues.map(({ path, message }) => ({ pointer: `#/${path.join('/')}`, message }));
  return problem('validation_failed', errors.map(({ message }) => message).join('; '), { more: { errors } });
};

/** Commands a directive, and tells how it stands. */
export const commanded = async (
  context: CommandContext,
  call: Call,
  id: string,
  asked: DirectiveCommand,
): Promise<Answer<DirectiveView> | Problem> => {
  const outcome = await ask(context, call, directive, streamOf('directive', id), asked, {
    guarded: true,
    continues: true,
  });
  if (E.isLeft(outcome)) return outcome.left;
  const { revision, position } = outcome.right;
  return { output: directiveView(outcome.right), revision, position };
};

/** Drafts a directive and, where it is to be, proposes it in the same append. */
export const drafted = async (
  context: CommandContext,
  call: Call,
  content: DirectiveContent,
  status: 'draft' | 'proposed',
): Promise<Answer<DirectiveView> | Problem> => {
  const { principal, command_id } = call;
  const id = derived('directive', command_id);
  const asker = askerOf(principal, content.agent_id);
  const proposal = status === 'draft' ? null : await proposalOf(context.gate, principal.tenant, asker, content);
  const answer = await commanded(context, call, id, {
    type: 'DraftDirective',
    directive_id: id,
    content,
    origin: { kind: 'request' },
    issued_by: principal.actor,
    proposal,
  });
  return 'output' in answer ? { ...answer, status: 202, location: `/directives/${id}` } : answer;
};

const example = {
  objective: 'Keep a note',
  agent_id: null,
  scope: 'development',
  steps: [
    {
      kind: 'action' as const,
      step_id: 'write',
      capability_id: 'io.fs.write_file',
      args: { path: 'note.txt', content: 'hello' },
    },
  ],
};

export const draftDirective = command({
  name: 'draft_directive',
  kind: 'command',
  summary: 'Say what is wanted, as a draft or as a proposal that the gate judges at once',
  description:
    'Nothing runs but what the gate allows. A proposal that any step makes the policy deny is blocked; one that needs ' +
    'an agreement waits for it; everything else runs. Its content is frozen once it is proposed.',
  scope,
  input: DirectiveInput.extend({ status: z.enum(['draft', 'proposed']) }),
  output: DirectiveView,
  http: { method: 'POST', path: '/directives', tag },
  cli: 'directives create',
  mcp: {
    tool: 'directive_propose',
    toolset: 'core',
    read_only: false,
    destructive: true,
    idempotent: false,
    open_world: true,
  },
  examples: [{ title: 'One step', input: { ...example, status: 'proposed' } as never }],
  run: async (context, { status, ...input }, call) => {
    const content = contentOf(input);
    return 'code' in content ? content : await drafted(context, call, content, status);
  },
});

export const reviseDirective = command({
  name: 'revise_directive',
  kind: 'command',
  summary: 'Replace what a draft says',
  scope,
  input: DirectiveInput.extend({ directive_id }),
  output: DirectiveView,
  http: { method: 'PUT', path: '/directives/{directive_id}', tag },
  cli: 'directives revise',
  problems: ['not_found', 'invalid_transition', 'revision_conflict'],
  examples: [{ title: 'Another step', input: { ...example, directive_id: exampleId } as never }],
  run: async (context, { directive_id: id, ...input }, call) => {
    const content = contentOf(input);
    return 'code' in content
      ? content
      : await commanded(context, call, id, { type: 'ReviseDirective', content, by: call.principal.actor });
  },
});

const proposing = async (context: CommandContext, call: Call, id: string): Promise<DirectiveCommand | Problem> => {
  const { log, catalogue, remembered } = context.engine;
  const found = await recall(log, catalogue, remembered, directive, streamOf('directive', id));
  if (E.isLeft(found)) return problemOf(found.left);
  const { content } = found.right.state;
  if (content === null) return problem('not_found', `there is no directive ${id}`);
  const { tenant } = call.principal;
  const proposal = await proposalOf(context.gate, tenant, askerOf(call.principal, content.agent_id), content);
  return { type: 'ProposeDirective', proposal };
};

export const moveDirective = command({
  name: 'move_directive',
  kind: 'command',
  summary: 'Propose a draft or what was blocked, or block what has not begun',
  description: 'A directive whose run has begun is ended by canceling its run.',
  scope,
  input: z.strictObject({
    directive_id,
    to: z.enum(['proposed', 'blocked']),
    reason: z.string().max(2_000).default(''),
  }),
  output: DirectiveView,
  http: { method: 'POST', path: '/directives/{directive_id}/transitions', tag },
  cli: 'directives move',
  problems: ['not_found', 'invalid_transition', 'revision_conflict'],
  examples: [{ title: 'Propose a draft', input: { directive_id: exampleId, to: 'proposed' } as never }],
  run: async (context, { directive_id: id, to, reason }, call) => {
    const at = new Date(context.engine.clock.now()).toISOString();
    const asked =
      to === 'proposed' ? await proposing(context, call, id) : ({ type: 'BlockDirective', reason, at } as const);
    return isProblem(asked) ? asked : await commanded(context, call, id, asked);
  },
});

export const directiveOperations = [draftDirective, reviseDirective, moveDirective] as const;
