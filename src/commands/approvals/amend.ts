import * as E from 'fp-ts/lib/Either.js';
import { directive } from '../../domain/directive/directive.decider.ts';
import { withStepArgs } from '../../domain/directive/directive.state.ts';
import type { Action } from '../../domain/gate/action.ts';
import type { ApprovalPaper } from '../../domain/approval/approval.events.ts';
import { streamOf } from '../../domain/kernel/ids.ts';
import type { Answer, Call, Problem } from '../../domain/kernel/operation.ts';
import { run } from '../../domain/run/run.decider.ts';
import { problem } from '../../problems.ts';
import { ask, type CommandContext } from '../context.ts';
import { planMaterials } from '../gate/propose.ts';
import { recall } from '../recall.ts';
import { problemOf } from '../refusals.ts';

type Amended = Answer<{ directive_id: string; run_id: string | null; step_id: string }>;

const amendedDirective = async (
  context: CommandContext,
  call: Call,
  directive_id: string,
  change: {
    readonly step_id: string;
    readonly args: Action['args'];
    readonly by: string;
    readonly reason: string;
    readonly at: string;
  },
): Promise<E.Either<Problem, bigint>> => {
  const { log, catalogue, remembered } = context.engine;
  const stream = streamOf('directive', directive_id);
  const found = await recall(log, catalogue, remembered, directive, stream);
  if (E.isLeft(found)) return E.left(problemOf(found.left));
  const { content, principal } = found.right.state;
  if (content === null || principal === null)
    return E.left(problem('not_found', `there is no directive ${directive_id}`));
  const { plan, scope } = withStepArgs(content, change.step_id, change.args);
  const materials = await planMaterials(context.gate, call.principal.tenant, principal, scope, plan);
  const asked = { type: 'AmendDirective', ...change, materials } as const;
  const outcome = await ask(context, call, directive, stream, asked, { continues: true });
  return E.isLeft(outcome) ? outcome : E.right(outcome.right.position);
};

/** Other arguments for what waits for an agreement: the old request is superseded, and the gate is asked anew. */
export const amended = async (
  context: CommandContext,
  call: Call,
  { subject }: ApprovalPaper,
  args: Action['args'],
  reason: string,
): Promise<Amended | Problem> => {
  if (subject.kind === 'decision')
    return problem('validation_failed', 'a decision has no arguments: refuse it, and record another one');
  const { step_id, directive_id } = subject;
  const at = new Date(context.engine.clock.now()).toISOString();
  const change = { step_id, args, by: call.principal.actor, reason, at };
  const run_id = subject.kind === 'run' ? subject.run_id : null;
  if (run_id === null) {
    const done = await amendedDirective(context, call, directive_id, change);
    return E.isLeft(done)
      ? done.left
      : { output: { directive_id, run_id, step_id }, position: done.right, status: 202 };
  }
  const asked = { type: 'AmendStep', ...change } as const;
  const outcome = await ask(context, call, run, streamOf('run', run_id), asked, { continues: true });
  return E.isLeft(outcome)
    ? outcome.left
    : { output: { directive_id, run_id, step_id }, position: outcome.right.position, status: 202 };
};
