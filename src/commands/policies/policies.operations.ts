import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { noPolicy } from '../../domain/gate/no-policy.ts';
import { Plan } from '../../domain/gate/plan.ts';
import type { PolicyDocument } from '../../domain/gate/policy.document.ts';
import type { ActivePolicy } from '../../domain/gate/question.ts';
import { digest } from '../../domain/kernel/digest.ts';
import { idInput } from '../../domain/kernel/id.input.ts';
import { isProblem, type Answer, type Call, type Problem } from '../../domain/kernel/operation.ts';
import {
  inForce,
  judgesNow,
  policy,
  type PolicyCommand,
  type PolicyState,
} from '../../domain/policy/policy.decider.ts';
import { problem } from '../../problems.ts';
import { ask, command, type CommandContext } from '../context.ts';
import { DirectiveView } from '../directives/directive.view.ts';
import { drafted } from '../directives/directives.operations.ts';
import { policyIdOf, policyStream } from '../gate/policy-in-force.ts';
import { recall } from '../recall.ts';
import { problemOf } from '../refusals.ts';
import { activationId } from './policy.activation.ts';
import { Written, documentOf } from './policy.written.ts';

const tag = 'policies';
const policy_id = idInput('policy');
const exampleId = '0198d7a0-0000-7000-8000-000000000016';
const note = z.string().max(2_000).default('');

const PolicyView = z.object({
  policy_id: z.uuid(),
  status: z.enum(['idle', 'in_force', 'retired']),
  newest_version: z.int(),
  active_version: z.int().nullable(),
  /** Of the newest version. */
  digest: z.string(),
  revision: z.int(),
});

/** The tenant's policy, where the id is its own; every other id is of no policy that there is. */
const ownPolicy = (id: string, { principal }: Call): Problem | undefined =>
  id === policyIdOf(principal.tenant) ? undefined : problem('not_found', `there is no policy ${id}`);

export const policyNow = async ({ engine }: CommandContext, tenant: string): Promise<PolicyState | Problem> => {
  const { log, catalogue, remembered } = engine;
  const found = await recall(log, catalogue, remembered, policy, policyStream(tenant));
  return E.isLeft(found) ? problemOf(found.left) : found.right.state;
};

const told = async (
  context: CommandContext,
  call: Call,
  asked: PolicyCommand,
): Promise<Answer<z.infer<typeof PolicyView>> | Problem> => {
  const outcome = await ask(context, call, policy, policyStream(call.principal.tenant), asked, { guarded: true });
  if (E.isLeft(outcome)) return outcome.left;
  const { state, revision, position } = outcome.right;
  const { phase, policy_id: id, newest, drafts } = state;
  if (phase === 'undrafted') throw new Error('a policy that was commanded was drafted');
  const active_version = inForce(state)?.version ?? null;
  const output = {
    policy_id: id,
    status: phase,
    newest_version: newest,
    active_version,
    digest: drafts.at(-1)?.digest ?? '',
    revision,
  };
  return { output, revision, position };
};

export const draftPolicy = command({
  name: 'draft_policy',
  kind: 'command',
  summary: 'Write a new version of the policy; it judges nothing until it is activated',
  scope: 'policies:write',
  input: z.strictObject({ policy_id: policy_id.optional(), ...Written, note }),
  output: PolicyView,
  http: { method: 'POST', path: '/policies', tag },
  aliases: [{ method: 'POST', path: '/policies/{policy_id}/versions' }],
  cli: 'policies draft',
  problems: ['not_found', 'revision_conflict'],
  examples: [{ title: 'From a file', input: { source: 'name: …', note: 'refunds need somebody' } }],
  run: async (context, { policy_id: id, note: why, ...written }, call) => {
    const strange = id === undefined ? undefined : ownPolicy(id, call);
    const document = strange ?? documentOf(written);
    if ('code' in document) return document;
    const own = policyIdOf(call.principal.tenant);
    const answer = await told(context, call, { type: 'DraftPolicy', policy_id: own, document, note: why });
    if (!('output' in answer)) return answer;
    return { ...answer, status: 201, location: `/policies/${own}/versions/${answer.output.newest_version}` };
  },
});

const Activated = z.object({ activated: z.boolean(), directive: DirectiveView.nullable() });

export const activatePolicy = command({
  name: 'activate_policy',
  kind: 'command',
  summary: 'Put a version in force; the policy that is in force judges that',
  description:
    'A directive that calls `policy.activate`: it may wait for an agreement, or be blocked. Only where no version has ever ' +
    'been in force, or the one that was is to be so again, is it done at once.',
  scope: 'policies:admin',
  input: z.strictObject({
    policy_id,
    policy_version: z.int().min(1),
    digest: z.string().max(100),
    reason: z.string().min(1).max(2_000),
    scope: z.string().min(1).max(200).default('development'),
  }),
  output: Activated,
  http: { method: 'POST', path: '/policies/{policy_id}/activate', tag },
  cli: 'policies activate',
  problems: ['not_found', 'action_changed'],
  examples: [
    {
      title: 'The second version',
      input: {
        policy_id: exampleId,
        policy_version: 2,
        digest: `sha256:${'00'.repeat(32)}`,
        reason: 'refunds need somebody',
        scope: 'development',
      },
    },
  ],
  run: async (context, { policy_id: id, policy_version: version, digest: named, reason, scope }, call) => {
    const strange = ownPolicy(id, call);
    if (strange !== undefined) return strange;
    const known = await policyNow(context, call.principal.tenant);
    if (isProblem(known)) return known;
    const draft = known.drafts.find((one) => one.version === version);
    if (draft === undefined) return problemOf({ reason: 'PolicyVersionUnknown', version, newest: known.newest });
    if (draft.digest !== named) return problemOf({ reason: 'PolicyDigestDiffers', version, digest: draft.digest });
    if (inForce(known) === null && (known.active === null || known.active.version === version)) {
      const answer = await told(context, call, { type: 'ActivatePolicy', version, digest: named, reason });
      return 'output' in answer ? { ...answer, output: { activated: true, directive: null } } : answer;
    }
    const steps = [
      { kind: 'action', step_id: 'activate', capability_id: activationId, args: { version, digest: named, reason } },
    ];
    const objective = `Put version ${version} of the policy in force: ${reason}`.slice(0, 2_000);
    const content = {
      objective,
      agent_id: null,
      scope,
      plan: Plan.parse({ steps }),
      constraints: null,
      success_metrics: null,
    };
    const answer = await drafted(context, call, content, 'proposed');
    return 'output' in answer ? { ...answer, output: { activated: false, directive: answer.output } } : answer;
  },
});

export const suspendPolicy = command({
  name: 'suspend_policy',
  kind: 'command',
  summary: 'Allow nothing any more, until the version that was in force is activated again',
  scope: 'policies:admin',
  input: z.strictObject({ policy_id, reason: z.string().min(1).max(2_000) }),
  output: PolicyView,
  http: { method: 'POST', path: '/policies/{policy_id}/suspend', tag },
  cli: 'policies suspend',
  problems: ['not_found', 'revision_conflict'],
  examples: [{ title: 'In an emergency', input: { policy_id: exampleId, reason: 'something acts up' } }],
  run: async (context, { policy_id: id, reason }, call) =>
    ownPolicy(id, call) ?? (await told(context, call, { type: 'SuspendPolicy', reason })),
});

/** The policy that is in force, or a draft of it, or one that was sent along. */
export const policyNamed = async (
  context: CommandContext,
  call: Call,
  named: {
    readonly policy_version?: number | undefined;
    readonly document?: PolicyDocument | undefined;
    readonly source?: string | undefined;
  },
): Promise<ActivePolicy | Problem> => {
  if (named.policy_version === undefined) {
    const document = documentOf(named);
    return 'code' in document ? document : { document, version: 0, digest: digest(document) };
  }
  const known = await policyNow(context, call.principal.tenant);
  if (isProblem(known)) return known;
  const draft = known.drafts.find(({ version }) => version === named.policy_version);
  return draft ?? problemOf({ reason: 'PolicyVersionUnknown', version: named.policy_version, newest: known.newest });
};

export const nowInForce = async (context: CommandContext, call: Call): Promise<ActivePolicy> => {
  const known = await policyNow(context, call.principal.tenant);
  return isProblem(known) ? noPolicy : judgesNow(known);
};

export const policyOperations = [draftPolicy, activatePolicy, suspendPolicy] as const;
