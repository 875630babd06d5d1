import { policyIdOf, policyStream } from '../../../src/commands/gate/policy-in-force.ts';
import { capabilityKey, capabilityStream } from '../../../src/commands/gate/registry.ts';
import { digest } from '../../../src/domain/kernel/digest.ts';
import type { StoredEvent } from '../../../src/ports.ts';
import { capabilityIds, specOf } from '../world/capabilities.ts';
import { handOf, type Hand } from '../world/hand.ts';
import type { Stage } from '../world/stage.ts';
import type { Generation } from '../world/world.ts';
import type { RunRequest } from './run.node.ts';
import { policyOf } from './run.plans.ts';
import type { Answer } from './session.node.ts';

export type Data = Readonly<Record<string, unknown>>;
export type Main = (life: Generation) => Promise<void>;
/** Filled in by the node that is asked: its own clock. */
export const at = '';
export const reason = 'as it pleases';

export const dataOf = ({ data }: StoredEvent): Data => data as Data;

/** Tells a node something, and is sure of it. */
export const teller = (stage: Stage, hand: Hand) => {
  const { chance } = stage.world;
  const send = async (request: RunRequest): Promise<Answer> => {
    for (;;) {
      const answer = (await hand.surely(request)) as Answer;
      if (answer.ok && answer.events > 0 && request.ask === undefined)
        stage.history.acknowledged.push({
          command_id: request.command_id,
          stream: request.stream,
          revision: answer.revision,
        });
      if (answer.ok || answer.reason !== 'Conflict') return answer;
      await hand.rest(200, 3_000);
    }
  };
  const tell = (stream: string, command: object): Promise<Answer> =>
    send({ stream, command: command as { type: string }, command_id: chance.id() });
  return { send, tell };
};

const profile = {
  name: 'Iris',
  description: '',
  identity_prompt: 'You are Iris.',
  model: null,
  max_tokens: 1_000,
  context_tokens: 2_000,
  capabilities: [],
  scope: 'development',
};

/** What there must be before anybody can act. */
export const founds =
  (stage: Stage, agents: readonly string[], budget_id: string, grants: readonly string[]): Main =>
  async (life) => {
    const { chance, now } = stage.world;
    const { tell } = teller(stage, handOf(stage, life));
    for (const agent_id of agents) await tell(`agent-${agent_id}`, { type: 'RegisterAgent', agent_id, profile });
    for (const id of capabilityIds)
      await tell(capabilityStream(id), {
        type: 'OfferCapability',
        capability_key: capabilityKey(id),
        offer: { spec: specOf(id), source: 'example', pin: null },
        unavailable: null,
      });
    await changePolicy(stage, tell);
    const limit_micros = chance.pick([200, 400, 2_000]);
    const on_breach = chance.pick(['refuse', 'pause_agent']);
    const limits = { limit_micros, limit_tokens: null, on_breach };
    if (chance.happens(0.7))
      await tell(`budget-${budget_id}`, {
        type: 'SetBudget',
        budget_id,
        scope: { kind: 'tenant' },
        period: 'total',
        at: new Date(now()).toISOString(),
        ...limits,
      });
    for (const grant_id of grants)
      await tell(`grant-${grant_id}`, {
        type: 'IssueGrant',
        grant_id,
        terms: {
          capability: chance.pick(['sim.mail', 'sim.order', 'sim.*']),
          principals: ['agent:*'],
          scopes: ['development'],
          constraints: [],
          uses_max: chance.between(1, 3),
          expires_at: new Date(now() + chance.between(20_000, 300_000)).toISOString(),
        },
        reason,
        issued_by: 'key:owner',
        issuer_roles: ['*'],
        approval_id: null,
      });
  };

export const changePolicy = async (stage: Stage, tell: ReturnType<typeof teller>['tell']): Promise<void> => {
  const document = policyOf(stage.world.chance, 'of the world');
  const stream = policyStream('default');
  await tell(stream, { type: 'DraftPolicy', policy_id: policyIdOf('default'), document, note: '' });
  const drafts = (stage.history.streams.get(stream) ?? []).filter(({ type }) => type === 'PolicyDrafted');
  const newest = drafts.at(-1);
  const version = newest === undefined ? 1 : Number(dataOf(newest)['version']);
  const read = newest === undefined ? document : dataOf(newest)['document'];
  await tell(stream, { type: 'ActivatePolicy', version, digest: digest(read), reason });
};
