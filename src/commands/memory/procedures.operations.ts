import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import type { Answer, Call, Problem } from '../../domain/kernel/operation.ts';
import { visible } from '../../domain/kernel/visible.ts';
import { procedure, type ProcedureCommand } from '../../domain/procedure/procedure.decider.ts';
import { ProcedureContent, ProcedureOutcome } from '../../domain/procedure/procedure.events.ts';
import { effectivenessOf } from '../../domain/procedure/procedure.state.ts';
import { ask, command, type CommandContext } from '../context.ts';
import { endingOperations } from './endings.ts';
import { absentIn, problems, scope, SourceInput, tag, taught } from './telling.ts';

const procedure_id = idInput('procedure');
const exampleId = '0198d7a0-0000-7000-8000-000000000023';

const ProcedureView = z.object({
  procedure_id: z.uuid(),
  status: z.string(),
  activations: z.int(),
  effectiveness: z.number(),
  success_share: z.number().nullable(),
  revision: z.int(),
});

const done = async (
  context: CommandContext,
  call: Call,
  id: string,
  asked: ProcedureCommand,
): Promise<Answer<z.infer<typeof ProcedureView>> | Problem> => {
  const outcome = await ask(context, call, procedure, streamOf('procedure', id), asked, { guarded: true });
  if (E.isLeft(outcome)) return outcome.left;
  const { state, revision, position } = outcome.right;
  const { phase: status, activations } = state;
  return {
    output: { procedure_id: id, status, activations, ...effectivenessOf(state), revision },
    revision,
    position,
  };
};

/** Stores a procedure under an id that is derived from the command's. */
export const stored = async (
  context: CommandContext,
  call: Call,
  about: { readonly agent_id: string | undefined; readonly source: z.output<typeof SourceInput> | undefined },
  content: ProcedureContent,
): Promise<Answer<z.infer<typeof ProcedureView>> | Problem> => {
  const { agent_id = context.default_agent_id } = about;
  const absent = await absentIn(context, call, { agent_id, source: about.source });
  if (absent !== undefined) return absent;
  const id = derived('procedure', call.command_id);
  const said = { procedure_id: id, agent_id, source: taught(about.source), by: call.principal.actor };
  const answer = await done(context, call, id, { type: 'StoreProcedure', ...content, ...said });
  return 'output' in answer ? { ...answer, status: 201, location: `/procedures/${id}` } : answer;
};

const { name, domain, description, goals, tags } = ProcedureContent.shape;
const { core_patterns, core_tools, core_concepts, implementation_notes } = ProcedureContent.shape;

const storeProcedure = command({
  name: 'store_procedure',
  kind: 'command',
  summary: 'Store a way of doing something',
  scope,
  input: z.strictObject({
    agent_id: idInput('agent').optional(),
    name: visible(name),
    domain: domain.default(null),
    description: description.default(null),
    goals: goals.default([]),
    core_patterns: core_patterns.default([]),
    core_tools: core_tools.default([]),
    core_concepts: core_concepts.default([]),
    implementation_notes: implementation_notes.default([]),
    tags: tags.default([]),
    source: SourceInput.optional(),
  }),
  output: ProcedureView,
  http: { method: 'POST', path: '/procedures', tag },
  cli: 'procedures store',
  problems: ['not_found'],
  examples: [
    {
      title: 'Replacing a lamp',
      input: {
        ...{ name: 'Replace a broken lamp', domain: null, description: 'Ask for a photograph, then send another one.' },
        ...{ goals: ['the customer has light'], core_patterns: [], core_tools: [], core_concepts: [] },
        ...{ implementation_notes: [], tags: ['lamp'] },
      },
    },
  ],
  run: (context, { agent_id, source, ...content }, call) => stored(context, call, { agent_id, source }, content),
});

const activateProcedure = command({
  name: 'activate_procedure',
  kind: 'command',
  summary: 'Say that a procedure is being followed',
  scope,
  input: z.strictObject({ procedure_id }),
  output: ProcedureView,
  http: { method: 'POST', path: '/procedures/{procedure_id}/activate', tag },
  cli: 'procedures activate',
  problems,
  examples: [{ title: 'By id', input: { procedure_id: exampleId } }],
  run: (context, { procedure_id: id }, call) =>
    done(context, call, id, { type: 'ActivateProcedure', by: call.principal.actor }),
});

const recordOutcome = command({
  name: 'record_procedure_outcome',
  kind: 'command',
  summary: 'Say how it went when a procedure was followed',
  scope,
  input: z.strictObject({ procedure_id, outcome: ProcedureOutcome }),
  output: ProcedureView,
  http: { method: 'POST', path: '/procedures/{procedure_id}/outcome', tag },
  cli: 'procedures outcome',
  problems,
  examples: [{ title: 'It worked', input: { procedure_id: exampleId, outcome: 'success' } }],
  run: (context, { procedure_id: id, outcome }, call) =>
    done(context, call, id, { type: 'RecordProcedureOutcome', outcome, by: call.principal.actor }),
});

const ended = endingOperations(
  {
    ...{ noun: 'procedure', plural: 'procedures', id: procedure_id, view: ProcedureView, done },
    example: { id: exampleId, reason: 'lamps are no longer replaced' },
  },
  [
    {
      name: 'retire_procedure',
      verb: 'retire',
      asked: (why) => ({ type: 'RetireProcedure' as const, ...why }),
      summary: 'Recall a procedure no more; it is kept',
    },
    {
      name: 'forget_procedure',
      verb: 'forget',
      asked: (why) => ({ type: 'ForgetProcedure' as const, ...why }),
      summary: 'Forget a procedure: no read model holds what it said',
    },
  ],
);

export const procedureOperations = [storeProcedure, activateProcedure, recordOutcome, ...ended] as const;
