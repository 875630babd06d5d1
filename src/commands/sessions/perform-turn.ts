import * as E from 'fp-ts/lib/Either.js';
import { agent } from '../../domain/agent/agent.decider.ts';
import type { AgentProfile } from '../../domain/agent/agent.events.ts';
import { streamOf } from '../../domain/kernel/ids.ts';
import { planContext } from '../../domain/session/context.ts';
import type { Stage } from '../../domain/session/session.commands.ts';
import { sessionProcess, type ContextEffect, type PostTurnEffect } from '../../domain/session/session.process.ts';
import type { Model } from '../../ports.ts';
import type { Engine } from '../execute.ts';
import { refused, type Performed } from '../flights.ts';
import type { Gate } from '../gate/propose.ts';
import { kind, type Kind } from '../kind.ts';
import { throughOutages } from '../outage.ts';
import type { Output } from '../output.ts';
import { recall } from '../recall.ts';
import { modelCall } from './perform-model-call.ts';
import { proposeFor } from './perform-tool-call.ts';
import { cited, offeredSpecs } from './tools.ts';
import { resting, unreadable } from './agent-watch.ts';

/** What runs after a turn, in order. Later systems add their stages here: assessment of a turn, learning from it. */
export type PostTurn = Readonly<Record<string, (effect: PostTurnEffect) => Promise<void>>>;

interface Speaking {
  readonly profile: AgentProfile;
  readonly revision: number;
}

const speaking = async (engine: Engine, agent_id: string): Promise<Speaking | Performed> => {
  const { log, catalogue, remembered } = engine;
  const found = await recall(log, catalogue, remembered, agent, streamOf('agent', agent_id));
  if (E.isLeft(found)) return { ok: false, failure: unreadable(found.left) };
  const { state, tail } = found.right;
  if (state.profile === null) return refused('unknown_agent', `there is no agent ${agent_id}`);
  if (state.phase !== 'active') return { ok: false, failure: resting(state.phase) };
  return { profile: state.profile, revision: tail.revision };
};

const contextOf =
  (engine: Engine, gate: Gate) =>
  async (
    { agent_id, history, text }: ContextEffect,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<Performed> => {
    const found = await throughOutages(() => speaking(engine, agent_id), signal);
    if (!('profile' in found)) return found;
    const { profile, revision } = found;
    const tools = await throughOutages(() => offeredSpecs(gate.registry, profile.capabilities), signal);
    const plan = planContext({ ...profile, revision }, history, text, tools.map(cited));
    if (plan === undefined)
      return refused(
        'context_too_large',
        `the message and the identity prompt exceed ${profile.context_tokens} tokens`,
      );
    return { ok: true, result: plan };
  };

const afterTurn =
  ({ telemetry }: Engine, stages: PostTurn, spoken: Output) =>
  async (effect: PostTurnEffect): Promise<Performed> => {
    const { turn_id, cancel_reason, failure } = effect.turn;
    spoken.end(turn_id);
    const outcome = cancel_reason !== null ? 'canceled' : failure === null ? 'completed' : 'failed';
    telemetry.count('acta_turns_total', { outcome });
    const report: Stage[] = [];
    for (const [name, stage] of Object.entries(stages)) {
      const message = await stage(effect).then(
        () => null,
        (error: unknown) => String(error).slice(0, 500),
      );
      report.push({ name, ok: message === null, message });
    }
    return { ok: true, result: report };
  };

/** The session's process joined with what performs it. */
export const sessionKind = (
  engine: Engine,
  {
    model,
    spoken,
    stages,
    gate,
  }: { readonly model: Model; readonly spoken: Output; readonly stages: PostTurn; readonly gate: Gate },
): Kind =>
  kind('session', 'session', sessionProcess, {
    context: contextOf(engine, gate),
    model: modelCall(engine, model, spoken, gate),
    propose: proposeFor(gate),
    post_turn: afterTurn(engine, stages, spoken),
  });
