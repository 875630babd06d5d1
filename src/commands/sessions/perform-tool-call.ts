import * as E from 'fp-ts/lib/Either.js';
import { agent } from '../../domain/agent/agent.decider.ts';
import { directive } from '../../domain/directive/directive.decider.ts';
import { Plan } from '../../domain/gate/plan.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import { textsIn } from '../../domain/kernel/texts.ts';
import type { Proposed } from '../../domain/session/session.commands.ts';
import type { ProposeEffect } from '../../domain/session/session.effects.ts';
import { execute, type Engine } from '../execute.ts';
import type { Mind } from '../cognition/mind.ts';
import { provenanceOf } from '../cognition/note.ts';
import { refused, type Occasion, type Perform, type Performed } from '../flights.ts';
import { checkCensors } from '../memory/check-censors.ts';
import { proposalOf, type Gate } from '../gate/propose.ts';
import { throughOutages } from '../outage.ts';
import { recall } from '../recall.ts';

const unproven = 'user:local';

interface Asker {
  readonly actor: string;
  readonly correlation_id: string;
  readonly event_id: string;
  readonly traceparent?: string;
}

/** Who said what the turn answers: they had a hand in whatever it asks for. */
const whoSpoke = async ({ log }: Engine, stream: string, turn_id: string): Promise<Asker | undefined> => {
  for await (const page of log.read(stream, { direction: 'backward', from: 'end' }))
    for (const { type, data, metadata, id } of page) {
      if (type !== 'TurnReceived' || (data as { readonly turn_id?: string }).turn_id !== turn_id) continue;
      const { actor = unproven, $correlationId: correlation_id = id, traceparent } = metadata;
      return { actor, correlation_id, event_id: id, ...(traceparent === undefined ? {} : { traceparent }) };
    }
  return undefined;
};

const scopeOf = async ({ log, catalogue, remembered }: Engine, agent_id: string): Promise<string> => {
  const found = await recall(log, catalogue, remembered, agent, streamOf('agent', agent_id));
  return E.isRight(found) ? (found.right.state.profile?.scope ?? 'development') : 'development';
};

const planOf = (step: { readonly capability_id: string; readonly args: unknown }) =>
  Plan.safeParse({ steps: [{ kind: 'action', step_id: 'call', ...step }] });

const proposed = async (
  gate: Gate,
  { agent_id, session_id, turn_id, directive_id, call }: ProposeEffect,
  stream: string,
  tenant: string,
): Promise<Performed> => {
  const { engine } = gate;
  const { tool_use_id, capability_id, args } = call;
  const plan = planOf({ capability_id, args });
  if (!plan.success) return refused('invalid_arguments', plan.error.issues.map(({ message }) => message).join('; '));
  const asker = await whoSpoke(engine, stream, turn_id);
  const chain = [`agent:${agent_id}`, ...(asker === undefined || asker.actor === unproven ? [] : [asker.actor])];
  const principal = { type: 'agent' as const, id: agent_id, roles: [], permissions: [], chain };
  const scope = await scopeOf(engine, agent_id);
  const content = {
    objective: `A tool call of a turn: ${capability_id}`,
    agent_id,
    scope,
    plan: plan.data,
    constraints: null,
    success_metrics: null,
  };
  const command = {
    type: 'DraftDirective',
    directive_id,
    content,
    origin: { kind: 'turn', session_id, turn_id, tool_use_id },
    issued_by: `agent:${agent_id}`,
    proposal: await proposalOf(gate, tenant, principal, content),
  } as const;
  const outcome = await execute(engine, directive, streamOf('directive', directive_id), command, {
    command_id: derived('tool call', directive_id),
    actor: `agent:${agent_id}`,
    tenant,
    correlation_id: asker?.correlation_id ?? turn_id,
    ...(asker === undefined ? {} : { causation_id: asker.event_id }),
    ...(asker?.traceparent === undefined ? {} : { traceparent: asker.traceparent }),
  });
  if (E.isLeft(outcome)) {
    const { reason, message = '' } = outcome.left as { readonly reason: string; readonly message?: string };
    return refused(reason === 'ArgumentsInvalid' ? 'invalid_arguments' : reason, message);
  }
  const { state, events } = outcome.right;
  const blocked = events.find(({ type }) => type === 'DirectiveBlocked')?.data as
    { readonly reasons?: readonly string[] } | undefined;
  const result: Proposed = {
    directive_id,
    blocked: state.phase === 'blocked',
    approval_id: state.phase === 'proposed' ? (state.asked?.approval_id ?? null) : null,
    reasons: blocked?.reasons ?? [],
  };
  return { ok: true, result };
};

/** The censor that blocks a call, by what it asks for; undefined where there is none. That it struck is on its own record. */
const censorOfCall = async (
  { engine, memory }: Mind,
  { agent_id, session_id, turn_id, call }: ProposeEffect,
  { tenant, matter }: Pick<Occasion, 'tenant' | 'matter'>,
): Promise<string | undefined> => {
  // As it is sent, and each text in it as it was meant: JSON writes a quotation mark in two characters.
  const text = [`${call.capability_id} ${JSON.stringify(call.args)}`, ...textsIn(call.args)].join('\n');
  const { hits } = await checkCensors(
    { engine, memory },
    { agent_id, tenant, text, domain: null, session_id, turn_id },
    provenanceOf({ agent_id, tenant, matter }, 'censors', turn_id, call.tool_use_id),
  );
  return hits.find(({ action }) => action !== 'warn')?.censor_id;
};

/** Makes a directive of a tool call: text has no authority, so what the model wants is proposed like anything else. */
export const proposeFor =
  (mind: Mind): Perform<ProposeEffect> =>
  async (effect, { stream, tenant, matter, signal }) => {
    const censored = await throughOutages(() => censorOfCall(mind, effect, { tenant, matter }), signal);
    if (censored !== undefined) return refused('censored', `the call meets the censor ${censored}`);
    return await throughOutages(() => proposed(mind.gate, effect, stream, tenant), signal);
  };
