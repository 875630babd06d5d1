import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { streamOf } from '../../domain/kernel/ids.ts';
import type { Answer, Call, Problem } from '../../domain/kernel/operation.ts';
import type { RunCommand } from '../../domain/run/run.commands.ts';
import { run } from '../../domain/run/run.decider.ts';
import type { RunState } from '../../domain/run/run.state.ts';
import { ask, command, type CommandContext } from '../context.ts';
import type { Receipt } from '../execute.ts';

const tag = 'runs';
const scope = 'runs:write';
const run_id = idInput('run');
const exampleId = '0198d7a0-0000-7000-8000-000000000014';
const reason = z.string().max(2_000).default('');
const problems = ['not_found', 'run_ended', 'invalid_transition', 'revision_conflict'];

const RunView = z.object({
  run_id: z.uuid(),
  directive_id: z.uuid(),
  status: z.enum(['pending', 'running', 'paused', 'stopping', 'rolling_back', 'ended']),
  steps: z.array(z.object({ step_id: z.string(), status: z.string(), attempt: z.int() })),
  revision: z.int(),
});

const view = ({ state, revision }: Receipt<RunState>): z.infer<typeof RunView> => {
  if (state.phase === 'uncreated') throw new Error('a run that was commanded was created');
  const steps = [...state.steps.values()].map(({ step, status, attempt }) => ({
    step_id: step.step_id,
    status,
    attempt,
  }));
  return { run_id: state.run_id, directive_id: state.directive_id, status: state.phase, steps, revision };
};

const told = async (
  context: CommandContext,
  call: Call,
  id: string,
  asked: RunCommand,
): Promise<Answer<z.infer<typeof RunView>> | Problem> => {
  const outcome = await ask(context, call, run, streamOf('run', id), asked, { guarded: true, continues: true });
  if (E.isLeft(outcome)) return outcome.left;
  const { revision, position } = outcome.right;
  return { output: view(outcome.right), revision, position };
};

const now = ({ engine }: CommandContext): string => new Date(engine.clock.now()).toISOString();

const turned = (
  verb: 'pause' | 'resume',
  type: 'PauseRun' | 'ResumeRun',
  summary: string,
  example: { readonly title: string; readonly reason: string },
) =>
  command({
    name: `${verb}_run`,
    kind: 'command',
    summary,
    scope,
    input: z.strictObject({ run_id, reason }),
    output: RunView,
    http: { method: 'POST', path: `/runs/{run_id}/${verb}`, tag },
    cli: `runs ${verb}`,
    problems,
    examples: [{ title: example.title, input: { run_id: exampleId, reason: example.reason } }],
    run: (context, { run_id: id, reason: why }, call) =>
      told(context, call, id, { type, reason: why, at: now(context) }),
  });

export const pauseRun = turned('pause', 'PauseRun', 'Stop a run before its next step', {
  title: 'To have a look',
  reason: 'to have a look',
});
export const resumeRun = turned('resume', 'ResumeRun', 'Let a paused run go on', {
  title: 'All is well',
  reason: 'all is well',
});

export const cancelRun = command({
  name: 'cancel_run',
  kind: 'command',
  summary: 'End a run: what is under way ends first, then what was done is undone',
  scope,
  input: z.strictObject({ run_id, reason, rollback: z.boolean().default(true) }),
  output: RunView,
  http: { method: 'POST', path: '/runs/{run_id}/cancel', tag },
  cli: 'runs cancel',
  mcp: { tool: 'run_cancel', toolset: 'core', read_only: false, destructive: true, idempotent: true },
  problems,
  examples: [
    { title: 'With everything undone', input: { run_id: exampleId, reason: 'not needed any more', rollback: true } },
  ],
  run: (context, { run_id: id, reason: why, rollback }, call) =>
    told(context, call, id, { type: 'CancelRun', reason: why, rollback, at: now(context) }),
});

export const resolveOutcome = command({
  name: 'resolve_outcome',
  kind: 'command',
  summary: 'Say what became of a call whose outcome nobody knew',
  description: '`done` goes on with the result you give, `not_done` fails the step, `retry` calls again.',
  scope,
  input: z.strictObject({
    run_id,
    step_id: z.string().min(1).max(64),
    answer: z.enum(['done', 'not_done', 'retry']),
    result: z.json().default(null),
    reason: z.string().min(1).max(2_000),
  }),
  output: RunView,
  http: { method: 'POST', path: '/runs/{run_id}/steps/{step_id}/outcome', tag },
  cli: 'runs resolve',
  problems: [...problems, 'step_not_waiting'],
  examples: [
    {
      title: 'The mail was sent',
      input: { run_id: exampleId, step_id: 'mail', answer: 'done', result: null, reason: 'it is in the sent folder' },
    },
  ],
  run: (context, { run_id: id, step_id, answer, result, reason: why }, call) =>
    told(context, call, id, {
      type: 'ResolveOutcome',
      step_id,
      answer,
      result,
      by: call.principal.actor,
      reason: why,
      at: now(context),
    }),
});

export const runOperations = [pauseRun, resumeRun, cancelRun, resolveOutcome] as const;
