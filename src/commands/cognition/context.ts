import * as E from 'fp-ts/lib/Either.js';
import { agent } from '../../domain/agent/agent.decider.ts';
import { streamOf } from '../../domain/kernel/ids.ts';
import type { ContextPlan } from '../../domain/session/plan.ts';
import type { ContextEffect } from '../../domain/session/session.effects.ts';
import { refused, type Perform, type Performed } from '../flights.ts';
import { throughOutages } from '../outage.ts';
import { recall } from '../recall.ts';
import { inheritedExchanges } from '../sessions/inherited.ts';
import { resting, unreadable } from '../sessions/agent-watch.ts';
import { offeredTools } from '../sessions/tools.ts';
import type { Mind } from './mind.ts';
import { begun, deliberated, focused, framed, laidOut, remembering, type Speaking } from './pre-turn.ts';
import { stageReport } from './stages.ts';
import type { PromptCache } from './system-prompt.ts';
import { stoppedBy, watchedOver } from './watch.ts';

const speaking = async ({ engine }: Mind, agent_id: string): Promise<Speaking | Performed> => {
  const { log, catalogue, remembered } = engine;
  const found = await recall(log, catalogue, remembered, agent, streamOf('agent', agent_id));
  if (E.isLeft(found)) return { ok: false, failure: unreadable(found.left) };
  const { state, tail } = found.right;
  if (state.profile === null) return refused('unknown_agent', `there is no agent ${agent_id}`);
  if (state.phase !== 'active') return { ok: false, failure: resting(state.phase) };
  return { profile: state.profile, revision: tail.revision };
};

/**
 * What happens before a model speaks (requirements N128): the frame, what memory has for it, and what is put on the record of
 * the turn, in this order. A message that meets a censor which blocks goes no further, nor does one that nobody could hold against
 * them. Whatever else fails is reported in the plan; beside these only an agent that may not speak, and a message too large for
 * it, end the turn here.
 */
export const contextOf =
  (mind: Mind, prompts: PromptCache): Perform<ContextEffect> =>
  async (effect, { signal, tenant, matter }): Promise<Performed> => {
    const { agent_id, text, inherited } = effect;
    const found = await throughOutages(() => speaking(mind, agent_id), signal);
    if (!('profile' in found)) return found;
    const report = stageReport(signal);
    const occurring = { agent_id, tenant, matter, effect, report, signal };
    const chosen = framed(found.profile, text);
    // What is only read is read at once: a message that is stopped has cost a search, one that is not has waited for none.
    const [watch, tools, before, memory] = await Promise.all([
      watchedOver(mind, occurring),
      throughOutages(() => offeredTools(mind.gate.registry, found.profile.capabilities), signal),
      throughOutages(() => inheritedExchanges(mind.engine, inherited), signal),
      remembering(mind, occurring, chosen),
    ]);
    const stopped = stoppedBy(watch);
    if (watch === undefined || stopped !== undefined) return stopped as Performed;
    const laid = laidOut(found, [...before, ...effect.history], text, tools, chosen, watch.inForce, memory);
    if (laid === undefined)
      return refused(
        'context_too_large',
        `the message and the identity prompt exceed ${found.profile.context_tokens} tokens`,
      );
    prompts.keep(laid.plan.request_digest, laid.system);
    const { frame, selection } = chosen;
    // Three records of three streams: begun in the order of the rows, and waited for together.
    const [decision_id, episode_id] = await Promise.all([
      report.run('deliberation', null, () => deliberated(mind, occurring, frame)),
      report.run('episode', null, () => begun(mind, occurring, frame)),
      report.run('focus', undefined, () => focused(mind, occurring, frame)),
    ]);
    const plan: ContextPlan = {
      ...laid.plan,
      frame: selection,
      censors: watch.met,
      calibration: memory.calibration,
      decision_id,
      episode_id,
      position: memory.position === null || memory.position < 0n ? null : String(memory.position),
      stages: [...report.stages()],
    };
    return { ok: true, result: plan };
  };
