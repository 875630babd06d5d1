import type { AgentCommand } from '../../../src/domain/agent/agent.commands.ts';
import type { SessionCommand } from '../../../src/domain/session/session.commands.ts';
import * as Log from '../checker/log.invariants.ts';
import { inLifecycle } from '../checker/lifecycle.invariant.ts';
import * as Session from '../checker/session.invariants.ts';
import { handOf, type Hand } from '../world/hand.ts';
import type { Stage } from '../world/stage.ts';
import type { Generation } from '../world/world.ts';
import type { Scenario } from './scenario.ts';
import { sessionNode, type Answer } from './session.node.ts';

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

/** An actor's way to tell an aggregate something, and to be sure of it. */
const telling = (stage: Stage, hand: Hand) => {
  const { chance } = stage.world;
  return async (stream: string, command: AgentCommand | SessionCommand): Promise<Answer> => {
    const command_id = chance.id();
    for (;;) {
      const answer = (await hand.surely({ stream, command, command_id })) as Answer;
      if (answer.ok && answer.events > 0)
        stage.history.acknowledged.push({ command_id, stream, revision: answer.revision });
      if (answer.ok || !['Conflict', 'TurnRunning'].includes(answer.reason)) return answer;
      if (command.type === 'CloseSession') return answer;
      await hand.rest(200, 3_000);
    }
  };
};

const turnsMax = 4;

/** Somebody who talks: opens a session, says something, waits or cancels, says something else, and perhaps leaves. */
const talks =
  (stage: Stage, session_id: string, agent_id: string) =>
  async (life: Generation): Promise<void> => {
    const { chance } = stage.world;
    const hand = handOf(stage, life);
    const tell = telling(stage, hand);
    const stream = `session-${session_id}`;
    await hand.rest(0, 5_000);
    await tell(stream, { type: 'OpenSession', session_id, agent_id, title: null });
    for (let turns = chance.between(1, turnsMax); turns > 0 && !stage.weather.healed; turns -= 1) {
      const turn_id = chance.id();
      const long = chance.happens(0.1) ? ' and so on'.repeat(chance.below(1_200)) : '';
      const said = await tell(stream, { type: 'ReceiveTurn', turn_id, text: `turn ${turn_id}${long}` });
      if (!said.ok) return;
      if (chance.happens(0.25)) {
        await hand.rest(0, 4_000);
        await tell(stream, { type: 'CancelTurn', turn_id: chance.happens(0.5) ? turn_id : null, reason: 'enough' });
      }
      await hand.rest(0, 12_000);
    }
    if (chance.happens(0.3))
      await tell(stream, { type: 'CloseSession', reason: 'done', reflects: chance.happens(0.5) });
  };

/** Somebody who watches over an agent: pauses it, revises it, and perhaps stops it for good. */
const minds =
  (stage: Stage, agent_id: string, sessions: readonly string[], healAtMs: number) =>
  async (life: Generation): Promise<void> => {
    const { chance } = stage.world;
    const hand = handOf(stage, life);
    const tell = telling(stage, hand);
    const stream = `agent-${agent_id}`;
    await tell(stream, { type: 'RegisterAgent', agent_id, profile });
    while (!stage.weather.healed) {
      await hand.rest(2_000, healAtMs);
      const reason = 'as it pleases';
      const running_session_ids = chance.some(sessions, 0.6);
      const commands: readonly AgentCommand[] = [
        { type: 'ReviseAgent', changes: { identity_prompt: `You are Iris, ${chance.below(100)}.` } },
        { type: 'PauseAgent', reason },
        { type: 'ResumeAgent', reason },
        { type: 'ResumeAgent', reason },
        { type: 'StopAgent', reason, running_session_ids },
        { type: 'RetireAgent', reason, running_session_ids },
      ];
      await tell(stream, chance.pick(commands));
    }
  };

/** Two of these at one agent lose races to each other all the time. */
const storms =
  (stage: Stage, agent_id: string) =>
  async (life: Generation): Promise<void> => {
    const { chance } = stage.world;
    const hand = handOf(stage, life);
    const tell = telling(stage, hand);
    for (let left = 30; left > 0 && !stage.weather.healed; left -= 1) {
      await tell(`agent-${agent_id}`, { type: 'ReviseAgent', changes: { max_tokens: chance.between(1, 64_000) } });
      await hand.rest(1, 40);
    }
  };

const faultyForMs = 60_000;

/** Sessions and turns: several nodes drive them, clients talk and cancel, operators stop agents under them. */
export const sessions: Scenario = {
  name: 'sessions',
  cast: (stage) => {
    const { chance } = stage.world;
    const nodes = chance.between(1, 3);
    for (let n = 1; n <= nodes; n += 1) stage.node(`node${n}`, sessionNode(stage));
    const agents = Array.from({ length: chance.between(1, 2) }, chance.id);
    const talk = Array.from({ length: chance.between(2, 4) }, () => ({
      session_id: chance.id(),
      agent_id: chance.happens(0.05) ? chance.id() : chance.pick(agents),
    }));
    for (const [n, { session_id, agent_id }] of talk.entries())
      stage.actor(`client${n}`, talks(stage, session_id, agent_id));
    for (const [n, agent_id] of agents.entries()) {
      const theirs = talk.filter((each) => each.agent_id === agent_id).map(({ session_id }) => session_id);
      stage.actor(`operator${n}`, minds(stage, agent_id, theirs, faultyForMs));
    }
    if (stage.weather.swarm.storms)
      for (const n of [1, 2, 3]) stage.actor(`storm${n}`, storms(stage, chance.pick(agents)));
  },
  invariants: [
    Log.ordered,
    Log.linked,
    Log.once,
    Log.kept,
    inLifecycle,
    Session.oneOutcome,
    Session.noNeedlessCall,
    Session.noNeedlessReflection,
    Session.stopHolds,
    Session.everyTurnEnds,
  ],
  sometimes: [
    ...['ContextAssembled', 'ModelCalled', 'ModelReplied', 'TurnAssessed', 'TurnCompleted', 'TurnReceived'].map(
      (type) => `lost_ack.${type}`,
    ),
    ...['SessionOpened', 'TurnCancelRequested', 'TurnCanceled', 'AgentRevised'].map((type) => `lost_ack.${type}`),
    ...['ContextRefused', 'ModelFailed', 'ModelRetryScheduled', 'SessionClosed', 'TurnFailed'].map(
      (type) => `event.${type}`,
    ),
    ...['AgentPaused', 'AgentResumed', 'AgentStopped', 'AgentRetired'].map((type) => `event.${type}`),
    ...['append', 'read', 'subscribe', 'head'].flatMap((each) => [
      `died_before.log.${each}`,
      `died_after.log.${each}`,
      `lost_answer.log.${each}`,
    ]),
    ...['claim', 'claim_due', 'release', 'wake', 'renew', 'held', 'position'].map(
      (each) => `lost_answer.roster.${each}`,
    ),
    ...['claim', 'release', 'wake'].map((each) => `died_after.roster.${each}`),
    ...['busy', 'hangs', 'cut', 'hostile', 'refuses', 'down', 'no_answer'].map((each) => `model_${each}`),
    ...['outage.log', 'outage.roster', 'outage.model', 'clogged.log', 'clogged.roster'],
    ...['clock_ahead', 'clock_back', 'clock_drifted', 'subscription_cut', 'subscription_again'],
    ...['restart.node', 'node_held', 'stopped_gracefully', 'conflict', 'zombie_refused', 'late.applied'],
    ...['process_yielded', 'lease_lost', 'log_out_of_reach', 'process_interrupted', 'reaction_refused'].map(
      (each) => `journal.${each}`,
    ),
    ...['client_answer_lost', 'client_asked_again', 'command_done_before', 'refused.Conflict', 'refused.TurnRunning'],
  ],
};
