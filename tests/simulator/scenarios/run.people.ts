import { policyStream } from '../../../src/commands/gate/policy-in-force.ts';
import { capabilityKey, capabilityStream } from '../../../src/commands/gate/registry.ts';
import { digest } from '../../../src/domain/kernel/digest.ts';
import { capabilityIds, specOf } from '../world/capabilities.ts';
import { handOf } from '../world/hand.ts';
import type { Stage } from '../world/stage.ts';
import { at, changePolicy, dataOf, reason, teller, type Data, type Main } from './run.founding.ts';
import { contentOf, principalOf } from './run.plans.ts';

/** Wants things done: drafts, proposes, withdraws, proposes again. */
export const wants =
  (stage: Stage, agents: readonly string[], agent_ids: readonly string[]): Main =>
  async (life) => {
    const { chance } = stage.world;
    const hand = handOf(stage, life);
    const { send, tell } = teller(stage, hand);
    await hand.rest(stage.world.chance.happens(0.2) ? 0 : 3_000, 8_000);
    for (let left = chance.between(2, 6); left > 0 && !stage.weather.healed; left -= 1) {
      const agent_id = chance.pick(agents);
      const directive_id = chance.id();
      const principal = principalOf(chance.happens(0.98) ? agent_id : chance.pick(agent_ids));
      const content = contentOf(chance, agent_id);
      const propose = chance.happens(0.7);
      await send({ ask: 'draft', directive_id, content, propose, principal, command_id: chance.id() });
      if (!propose) {
        await hand.rest(100, 3_000);
        if (chance.happens(0.3))
          await tell(`directive-${directive_id}`, {
            type: 'ReviseDirective',
            content: contentOf(chance, agent_id),
            by: 'key:owner',
          });
        if (chance.happens(0.9)) await send({ ask: 'propose', directive_id, principal, command_id: chance.id() });
      }
      if (chance.happens(0.15)) {
        await hand.rest(0, 1_500);
        await tell(`directive-${directive_id}`, { type: 'BlockDirective', reason, at });
        if (chance.happens(0.6)) {
          await hand.rest(0, 1_500);
          await send({ ask: 'propose', directive_id, principal, command_id: chance.id() });
        }
      }
      await hand.rest(300, 8_000);
    }
  };

const openApprovals = ({ history }: Stage): readonly Data[] =>
  [...history.streams].flatMap(([stream, events]) =>
    stream.startsWith('approval-') &&
    events[0] !== undefined &&
    events.every(({ type }) => type === 'ApprovalRequested' || type === 'ApprovalVoteCast')
      ? [dataOf(events[0])]
      : [],
  );

/** Answers what people are asked: agrees, refuses, agrees twice, too late, without the right to, or gives other arguments. */
export const approves =
  (stage: Stage, name: string): Main =>
  async (life) => {
    const { chance } = stage.world;
    const hand = handOf(stage, life);
    const { send, tell } = teller(stage, hand);
    while (!stage.weather.healed) {
      await hand.rest(500, chance.happens(0.05) ? 120_000 : 3_000);
      const open = openApprovals(stage);
      if (open.length === 0) continue;
      const { approval_id, paper } = chance.pick(open) as Data & { paper: Data };
      const { action_digest, subject, requested_by } = paper as unknown as {
        action_digest: string;
        subject: { kind: string; run_id?: string; directive_id: string; step_id: string };
        requested_by: { chain: readonly string[] };
      };
      if (chance.happens(0.1)) {
        const change = { step_id: subject.step_id, args: { amount: chance.below(60) }, by: name };
        if (subject.kind === 'run') await tell(`run-${subject.run_id}`, { type: 'AmendStep', ...change, reason, at });
        else await send({ ask: 'amend', directive_id: subject.directive_id, ...change, command_id: chance.id() });
        continue;
      }
      const own = chance.happens(0.1);
      const vote = {
        type: 'CastVote',
        by: own ? chance.pick(requested_by.chain) : name,
        roles: chance.happens(0.92) ? ['lead'] : ['guest'],
        vote: chance.happens(0.85) ? 'approve' : chance.pick(['deny', 'request_changes']),
        reason,
        action_digest: chance.happens(0.97) ? action_digest : digest('something else'),
        at,
        proven: true,
        over_mcp: null,
      };
      await tell(`approval-${String(approval_id)}`, vote);
      if (chance.happens(0.2)) await tell(`approval-${String(approval_id)}`, vote);
      if (chance.happens(0.06)) await tell(`approval-${String(approval_id)}`, { type: 'WithdrawApproval', reason, at });
    }
  };

/** Changes the rules while others act. */
export const rules =
  (stage: Stage): Main =>
  async (life) => {
    const { chance } = stage.world;
    const hand = handOf(stage, life);
    const { tell } = teller(stage, hand);
    while (!stage.weather.healed) {
      await hand.rest(4_000, 40_000);
      const id = chance.pick(capabilityIds);
      const stream = capabilityStream(id);
      const what = chance.next();
      if (what < 0.35) await changePolicy(stage, tell);
      else if (what < 0.55)
        await tell(stream, {
          type: 'OfferCapability',
          capability_key: capabilityKey(id),
          offer: { spec: specOf(id, `1.${chance.below(9)}.0`), source: 'example', pin: null },
          unavailable: null,
        });
      else if (what < 0.7) {
        await tell(stream, { type: 'DisableCapability', reason });
        await hand.rest(1_000, 8_000);
        await tell(stream, { type: 'EnableCapability', reason });
      } else if (what < 0.75) {
        await tell(policyStream('default'), { type: 'SuspendPolicy', reason });
        await hand.rest(500, 5_000);
        await changePolicy(stage, tell);
      }
    }
  };

const unknownSteps = (stage: Stage): readonly (readonly [string, string])[] =>
  [...stage.history.streams].flatMap(([stream, events]) => {
    if (!stream.startsWith('run-')) return [];
    const open = new Set<string>();
    for (const event of events) {
      const step_id = String(dataOf(event)['step_id']);
      if (event.type === 'StepOutcomeUnknown') open.add(step_id);
      if (event.type === 'StepOutcomeResolved') open.delete(step_id);
    }
    return [...open].map((step_id) => [stream, step_id] as const);
  });

/** Looks after what runs: says what became of calls, cancels, pauses, stops agents. */
export const minds =
  (stage: Stage, agents: readonly string[]): Main =>
  async (life) => {
    const { chance } = stage.world;
    const hand = handOf(stage, life);
    const { tell } = teller(stage, hand);
    while (!stage.weather.healed) {
      await hand.rest(1_000, 12_000);
      const [unknown] = unknownSteps(stage);
      if (unknown !== undefined && chance.happens(0.8)) {
        const answer = chance.pick(['done', 'not_done', 'retry']);
        await tell(unknown[0], {
          type: 'ResolveOutcome',
          step_id: unknown[1],
          answer,
          result: null,
          by: 'user:ann',
          reason,
          at,
        });
        continue;
      }
      const runs = [...stage.history.streams.keys()].filter((stream) => stream.startsWith('run-'));
      const agent = `agent-${chance.pick(agents)}`;
      const what = chance.next();
      if (what < 0.12 && runs.length > 0)
        await tell(chance.pick(runs), { type: 'CancelRun', reason, rollback: chance.happens(0.8), at });
      else if (what < 0.3 && runs.length > 0) {
        const run = chance.pick(runs);
        await tell(run, { type: 'PauseRun', reason, at });
        await hand.rest(500, 8_000);
        await tell(run, { type: 'ResumeRun', reason, at });
      } else if (what < 0.36) {
        await tell(agent, { type: 'PauseAgent', reason });
        await hand.rest(300, 4_000);
        await tell(agent, { type: 'ResumeAgent', reason });
        for (const run of runs) if (chance.happens(0.7)) await tell(run, { type: 'ResumeRun', reason, at });
      } else if (what < 0.375) await tell(agent, { type: 'StopAgent', reason, running_session_ids: [] });
    }
  };
