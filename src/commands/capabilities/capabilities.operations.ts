import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import type { CapabilityCommand } from '../../domain/capability/capability.commands.ts';
import { capability } from '../../domain/capability/capability.decider.ts';
import { CapabilityId } from '../../domain/capability/capability.spec.ts';
import { Action } from '../../domain/gate/action.ts';
import { judge } from '../../domain/gate/judge.ts';
import { Step, type ActionStep } from '../../domain/gate/plan.ts';
import { Verdict } from '../../domain/gate/verdict.ts';
import { idInput } from '../../domain/kernel/id.input.ts';
import type { Answer, Call, Problem } from '../../domain/kernel/operation.ts';
import { ask, command, type CommandContext } from '../context.ts';
import { askerOf } from '../gate/asker.ts';
import { materialsOf } from '../gate/materials.ts';
import { capabilityStream } from '../gate/registry.ts';
import { problem } from '../../problems.ts';

const tag = 'capabilities';
const scope = 'capabilities:admin';
const problems = ['not_found', 'invalid_transition', 'revision_conflict'];
const reason = z.string().max(2_000).default('');

const CapabilityView = z.object({
  capability_id: z.string(),
  status: z.enum(['enabled', 'disabled', 'suspended', 'retired']),
  spec_digest: z.string(),
  revision: z.int(),
});

const told = async (
  context: CommandContext,
  call: Call,
  capability_id: string,
  asked: CapabilityCommand,
): Promise<Answer<z.infer<typeof CapabilityView>> | Problem> => {
  const outcome = await ask(context, call, capability, capabilityStream(capability_id), asked, { guarded: true });
  if (E.isLeft(outcome)) return outcome.left;
  const { state, revision, position } = outcome.right;
  const { phase, described } = state;
  if (phase === 'unregistered' || described === null) throw new Error('a capability that was commanded is registered');
  return { output: { capability_id, status: phase, spec_digest: described.spec_digest, revision }, revision, position };
};

const turned = (
  verb: 'disable' | 'enable',
  type: 'DisableCapability' | 'EnableCapability',
  summary: string,
  example: { readonly title: string; readonly reason: string },
) =>
  command({
    name: `${verb}_capability`,
    kind: 'command',
    summary,
    scope,
    input: z.strictObject({ capability_id: CapabilityId, reason }),
    output: CapabilityView,
    http: { method: 'POST', path: `/capabilities/{capability_id}/${verb}`, tag },
    cli: `capabilities ${verb}`,
    problems,
    examples: [{ title: example.title, input: { capability_id: 'net.http.post', reason: example.reason } }],
    run: (context, { capability_id, reason: why }, call) => told(context, call, capability_id, { type, reason: why }),
  });

export const disableCapability = turned(
  'disable',
  'DisableCapability',
  'Let nobody call a capability until it is enabled again',
  { title: 'While it misbehaves', reason: 'the other side is down' },
);
export const enableCapability = turned('enable', 'EnableCapability', 'Let a capability be called again', {
  title: 'It is mended',
  reason: 'it is mended',
});

export const acceptCapability = command({
  name: 'accept_capability',
  kind: 'command',
  summary: 'Accept what an outside source says of a capability now',
  description:
    'A capability whose source has changed its description is suspended. `spec_digest` names what you have read.',
  scope,
  input: z.strictObject({ capability_id: CapabilityId, spec_digest: z.string().max(100), reason }),
  output: CapabilityView,
  http: { method: 'POST', path: '/capabilities/{capability_id}/accept', tag },
  cli: 'capabilities accept',
  problems: [...problems, 'action_changed'],
  examples: [
    {
      title: 'It was read',
      input: { capability_id: 'mcp.shop.orders', spec_digest: `sha256:${'00'.repeat(32)}`, reason: 'a new field' },
    },
  ],
  run: (context, { capability_id, spec_digest, reason: why }, call) =>
    told(context, call, capability_id, { type: 'AcceptCapability', spec_digest, reason: why }),
});

export const retireCapability = command({
  name: 'retire_capability',
  kind: 'command',
  summary: 'Take a capability out of the registry for good',
  scope,
  input: z.strictObject({ capability_id: CapabilityId, reason }),
  output: CapabilityView,
  http: { method: 'DELETE', path: '/capabilities/{capability_id}', tag },
  cli: 'capabilities retire',
  problems,
  examples: [{ title: 'Nobody uses it', input: { capability_id: 'net.http.put', reason: 'nobody uses it' } }],
  run: (context, { capability_id, reason: why }, call) =>
    told(context, call, capability_id, { type: 'RetireCapability', reason: why }),
});

export const checkCapability = command({
  name: 'check_capability',
  kind: 'command',
  summary: 'What the gate would say of a call now; nothing is done and nothing is recorded',
  scope: 'capabilities:read',
  input: z.strictObject({
    capability_id: CapabilityId,
    args: z.record(z.string(), z.json()).default({}),
    agent_id: idInput('agent').nullable().default(null),
    scope: z.string().min(1).max(200).default('development'),
  }),
  output: z.object({ verdict: Verdict, action: Action.nullable(), standing: z.string() }),
  http: { method: 'POST', path: '/capabilities/{capability_id}/check', tag },
  cli: 'capabilities check',
  mcp: { tool: 'capability_check', toolset: 'ops', read_only: true, destructive: false, idempotent: true },
  problems: ['validation_failed'],
  examples: [
    {
      title: 'Writing a note',
      input: {
        capability_id: 'io.fs.write_file',
        args: { path: 'note.txt', content: 'hello' },
        agent_id: null,
        scope: 'development',
      },
    },
  ],
  run: async (context, input, call) => {
    const { capability_id, args, agent_id } = input;
    const step = Step.parse({ kind: 'action', step_id: 'check', capability_id, args }) as ActionStep;
    const principal = askerOf(call.principal, agent_id);
    const { gate } = context;
    const asked = { tenant: call.principal.tenant, principal, scope: input.scope, environment: gate.environment };
    const materials = await materialsOf(gate, asked, step, args, false);
    const fault = materials.called?.fault;
    if (fault != null)
      return problem('validation_failed', fault, { more: { errors: [{ pointer: '#/args', message: fault }] } });
    const { principal: who, scope: where, environment } = asked;
    const { verdict, action } = judge(
      { principal: who, scope: where, environment, budget_micros: null, stakes: null },
      step,
      materials,
    );
    return { output: { verdict, action, standing: materials.standing } };
  },
});

export const capabilityOperations = [
  disableCapability,
  enableCapability,
  acceptCapability,
  retireCapability,
  checkCapability,
] as const;
