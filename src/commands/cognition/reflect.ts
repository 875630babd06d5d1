import { reflectionPrompt } from '../../domain/cognition/reflection.ts';
import { estimatedTokens } from '../../domain/cognition/sections.ts';
import { requestOf } from '../../domain/session/context.ts';
import type { ReflectEffect } from '../../domain/session/session.effects.ts';
import type { Exchange } from '../../domain/session/session.history.ts';
import type { Model } from '../../ports.ts';
import { refused, type Perform } from '../flights.ts';
import { throughOutages } from '../outage.ts';
import { askedModel } from '../sessions/asked-model.ts';
import { profileAt, whileAtWork } from '../sessions/perform-model-call.ts';
import { withinBudgets } from '../sessions/within-budgets.ts';
import type { Mind } from './mind.ts';

/** The newest turns that fit an agent's context; a conversation longer than that is reflected upon from its end. */
const quotedOf = (history: readonly Exchange[], tokens: number): readonly string[] => {
  const turn_ids: string[] = [];
  let left = tokens;
  for (const { turn_id, text, reply } of history.toReversed()) {
    left -= estimatedTokens(text) + estimatedTokens(reply);
    if (left < 0) break;
    turn_ids.unshift(turn_id);
  }
  return turn_ids;
};

/** Asks the model what the session taught (requirements N136): as itself, with the talk before it and no tools in reach. */
export const reflectUpon =
  ({ engine, gate }: Mind, model: Model): Perform<ReflectEffect> =>
  async ({ agent_id, session_id, key, history }, { signal, tenant, matter }) => {
    const profile = await throughOutages(() => profileAt(engine, agent_id), signal);
    if (profile === null) return refused('unknown_agent', `there is no agent ${agent_id}`);
    const { identity_prompt, context_tokens, max_tokens } = profile;
    const room = context_tokens - estimatedTokens(identity_prompt) - estimatedTokens(reflectionPrompt);
    const quoted = quotedOf(history, room);
    if (quoted.length === 0) return refused('context_too_large', 'nothing that was said fits beside the question');
    const request = {
      ...requestOf(identity_prompt, history, quoted, reflectionPrompt),
      model: profile.model ?? model.default_model,
      max_tokens,
    };
    const about = { agent_id, key, about: `the end of session ${session_id}` };
    return await whileAtWork(engine, agent_id, signal, (dropped) =>
      withinBudgets(gate, model, about, { tenant, matter }, request, () =>
        askedModel(engine, model, request, { signal: dropped }),
      ),
    );
  };
