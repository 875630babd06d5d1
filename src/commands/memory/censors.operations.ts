import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { censor, escalationThresholdDefault, type CensorCommand } from '../../domain/censor/censor.decider.ts';
import { censorsMadeMax, isPerson } from '../../domain/censor/censor.caps.ts';
import { CensorAction, CensorContent, EscalationThreshold } from '../../domain/censor/censor.events.ts';
import { idInput } from '../../domain/kernel/id.input.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import type { Answer, Call, Problem } from '../../domain/kernel/operation.ts';
import { visible } from '../../domain/kernel/visible.ts';
import { problem } from '../../problems.ts';
import { ask, command, type CommandContext } from '../context.ts';
import { checkCensors } from './check-censors.ts';
import { endingOperations } from './endings.ts';
import { absentIn, problems, provenanceOf, scope, SourceInput, tag, taught, told } from './telling.ts';

const censor_id = idInput('censor');
const exampleId = '0198d7a0-0000-7000-8000-000000000024';
const textCharsMax = 100_000;

const CensorView = z.object({
  censor_id: z.uuid(),
  status: z.string(),
  action: CensorAction,
  activations: z.int(),
  false_positives: z.int(),
  revision: z.int(),
});

const done = async (
  context: CommandContext,
  call: Call,
  id: string,
  asked: CensorCommand,
): Promise<Answer<z.infer<typeof CensorView>> | Problem> => {
  const outcome = await ask(context, call, censor, streamOf('censor', id), asked, { guarded: true });
  if (E.isLeft(outcome)) return outcome.left;
  const { state, revision, position } = outcome.right;
  const { phase: status, action, activations, false_positives } = state;
  return { output: { censor_id: id, status, action, activations, false_positives, revision }, revision, position };
};

const createCensor = command({
  name: 'create_censor',
  kind: 'command',
  summary: 'Say what an agent must not do, and why',
  description:
    'It strikes where the trigger stands in a text, whatever the case, or where the text is near in meaning.',
  scope,
  input: z.strictObject({
    agent_id: idInput('agent').optional(),
    trigger: visible(CensorContent.shape.trigger),
    reason: visible(CensorContent.shape.reason),
    domain: CensorContent.shape.domain.default(null),
    action: CensorAction.default('warn'),
    escalation_threshold: EscalationThreshold.default(escalationThresholdDefault),
    source: SourceInput.optional(),
  }),
  output: CensorView,
  http: { method: 'POST', path: '/censors', tag },
  cli: 'censors create',
  problems: ['not_found', 'too_many_censors'],
  examples: [
    {
      title: 'No refund unseen',
      input: {
        ...{ trigger: 'refund without a photograph', reason: 'Such refunds were paid for lamps that were never sold.' },
        ...{ domain: null, action: 'warn', escalation_threshold: 3 },
      },
    },
  ],
  run: async (context, { agent_id = context.default_agent_id, source, ...said }, call) => {
    const absent = await absentIn(context, call, { agent_id, source });
    if (absent !== undefined) return absent;
    const id = derived('censor', call.command_id);
    const { actor: by } = call.principal;
    const about = { censor_id: id, agent_id, origin: isPerson(by) ? ('manual' as const) : ('agent' as const), by };
    const found = await told(async () =>
      E.right(await context.memory.censors({ tenant: call.principal.tenant, agent_id })),
    );
    if (E.isLeft(found)) return found.left;
    if (found.right.length >= censorsMadeMax)
      return problem('too_many_censors', `${found.right.length} censors of the agent are in force`, {
        more: { censors_max: censorsMadeMax },
      });
    const answer = await done(context, call, id, { type: 'CreateCensor', ...said, ...about, source: taught(source) });
    return 'output' in answer ? { ...answer, status: 201, location: `/censors/${id}` } : answer;
  },
});

const checkCensorsOperation = command({
  name: 'check_censors',
  kind: 'command',
  summary: 'What of an agent’s censors strikes at a text, the strongest first; each hit is recorded',
  scope,
  input: z.strictObject({
    agent_id: idInput('agent').optional(),
    text: z.string().min(1).max(textCharsMax),
    domain: z.string().min(1).max(100).nullable().default(null),
    session_id: idInput('session').nullable().default(null),
  }),
  output: z.object({
    hits: z.array(
      z.object({
        censor_id: z.uuid(),
        action: CensorAction,
        trigger: z.string(),
        reason: z.string(),
        similarity: z.number().nullable(),
        activations: z.int(),
        escalated: z.boolean(),
      }),
    ),
  }),
  http: { method: 'POST', path: '/censors/check', tag },
  cli: 'censors check',
  problems: ['not_found'],
  examples: [
    { title: 'A reply', input: { text: 'A refund without a photograph, please.', domain: null, session_id: null } },
  ],
  run: async (context, { agent_id = context.default_agent_id, ...said }, call) => {
    const absent = await absentIn(context, call, { agent_id, session_id: said.session_id });
    if (absent !== undefined) return absent;
    const question = { agent_id, tenant: call.principal.tenant, turn_id: null, ...said };
    const outcome = await told(async () => E.right(await checkCensors(context, question, provenanceOf(context, call))));
    return E.isLeft(outcome) ? outcome.left : { output: { hits: [...outcome.right.hits] } };
  },
});

const escalateCensor = command({
  name: 'escalate_censor',
  kind: 'command',
  summary: 'Make a censor stronger: a warning becomes a block, a block absolute; what is absolute stays so',
  scope,
  input: z.strictObject({ censor_id }),
  output: CensorView,
  http: { method: 'POST', path: '/censors/{censor_id}/escalate', tag },
  cli: 'censors escalate',
  problems: [...problems, 'person_needed'],
  examples: [{ title: 'By id', input: { censor_id: exampleId } }],
  run: (context, { censor_id: id }, call) =>
    done(context, call, id, { type: 'EscalateCensor', by: call.principal.actor }),
});

const markFalsePositive = command({
  name: 'mark_false_positive',
  kind: 'command',
  summary: 'Say that a censor struck wrongly',
  scope,
  input: z.strictObject({ censor_id, note: z.string().max(2_000).default('') }),
  output: CensorView,
  http: { method: 'POST', path: '/censors/{censor_id}/false-positive', tag },
  cli: 'censors false-positive',
  problems,
  examples: [{ title: 'By id', input: { censor_id: exampleId, note: 'the photograph was in the mail before' } }],
  run: (context, { censor_id: id, note }, call) =>
    done(context, call, id, { type: 'MarkFalsePositive', note, by: call.principal.actor }),
});

const ended = endingOperations(
  {
    ...{ noun: 'censor', plural: 'censors', id: censor_id, view: CensorView, done },
    example: { id: exampleId, reason: 'photographs are no longer asked for' },
  },
  [
    {
      name: 'lift_censor',
      verb: 'lift',
      asked: (why) => ({ type: 'LiftCensor' as const, ...why }),
      summary: 'Lift a censor: it strikes no more, and is kept',
    },
    {
      name: 'forget_censor',
      verb: 'forget',
      asked: (why) => ({ type: 'ForgetCensor' as const, ...why }),
      summary: 'Forget a censor: no read model holds what it said',
    },
  ],
);

export const censorOperations = [
  createCensor,
  checkCensorsOperation,
  escalateCensor,
  markFalsePositive,
  ...ended,
] as const;
