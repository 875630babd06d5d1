import * as E from 'fp-ts/lib/Either.js';
import { agent } from '../../domain/agent/agent.decider.ts';
import type { AgentProfile } from '../../domain/agent/agent.events.ts';
import { digest } from '../../domain/kernel/digest.ts';
import { streamOf } from '../../domain/kernel/ids.ts';
import type { Failure } from '../../domain/kernel/process.ts';
import { planContext, requestOf } from '../../domain/session/context.ts';
import type { Reply, Stage } from '../../domain/session/session.commands.ts';
import {
  sessionProcess,
  type ContextEffect,
  type ModelEffect,
  type PostTurnEffect,
} from '../../domain/session/session.process.ts';
import type { Model, ModelOutcome, ModelReply, Telemetry } from '../../ports.ts';
import type { Engine } from '../execute.ts';
import type { Performed } from '../flights.ts';
import { kind, type Kind } from '../kind.ts';
import { throughOutages } from '../outage.ts';
import type { Output } from '../output.ts';
import { recall } from '../recall.ts';
import { halted, resting, unreadable, watchAgent } from './agent-watch.ts';

/** A string in an event is at most so long; what is cut is marked as cut (design 3, rule 6). */
export const replyBytesMax = 64 * 1024;
/** Written as JSON, a text may take six times its bytes (control characters do); so much is sure to fit an event. */
const replyJsonBytesMax = 128 * 1024;
const jsonBytesPerByteMax = 6;
const toolUseBytesMax = 32 * 1024;

/** What runs after a turn, in order. Later systems add their stages here: assessment of a turn, learning from it. */
export type PostTurn = Readonly<Record<string, (effect: PostTurnEffect) => Promise<void>>>;

interface Speaking {
  readonly profile: AgentProfile;
  readonly revision: number;
}

const refused = (code: string, message: string): { readonly ok: false; readonly failure: Failure } => ({
  ok: false,
  failure: { code, message, retryable: false },
});

const speaking = async (engine: Engine, agent_id: string): Promise<Speaking | Performed> => {
  const { log, catalogue, remembered } = engine;
  const found = await recall(log, catalogue, remembered, agent, streamOf('agent', agent_id));
  if (E.isLeft(found)) return { ok: false, failure: unreadable(found.left) };
  const { state, tail } = found.right;
  if (state.profile === null) return refused('unknown_agent', `there is no agent ${agent_id}`);
  if (state.phase !== 'active') return { ok: false, failure: resting(state.phase) };
  return { profile: state.profile, revision: tail.revision };
};

/** The agent as it was when the context was laid out: a call that is made again says the same. */
const profileAt = async (
  { log, catalogue }: Engine,
  agent_id: string,
  revision: number,
): Promise<AgentProfile | null> => {
  let state = agent.initial;
  for await (const page of log.read(streamOf('agent', agent_id), { from: 0, limit: revision + 1 }))
    for (const stored of page) {
      const event = catalogue.read(stored);
      if (E.isRight(event)) state = agent.evolve(state, event.right as never);
    }
  return state.profile;
};

const head = (text: string, bytesMax: number): string =>
  Buffer.from(text)
    .subarray(0, bytesMax)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');

const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

const cut = (text: string): { readonly text: string; readonly truncated: boolean } => {
  const short = Buffer.byteLength(text) <= replyBytesMax ? text : head(text, replyBytesMax);
  const kept = jsonBytes(short) <= replyJsonBytesMax ? short : head(short, replyJsonBytesMax / jsonBytesPerByteMax);
  return { text: kept, truncated: kept.length < text.length };
};

/** What is recorded of an answer. Tool calls whose arguments are too large to record are left out, and the answer is marked as cut. */
const replyOf = ({ blocks, ...reply }: ModelReply): Reply => {
  const { text, truncated } = cut(blocks.map((block) => (block.type === 'text' ? block.text : '')).join(''));
  const tool_uses = blocks.flatMap((block) =>
    block.type === 'tool_use' ? [{ id: block.id, name: block.name, input: block.input }] : [],
  );
  const kept = jsonBytes(tool_uses) <= toolUseBytesMax ? tool_uses : [];
  return { ...reply, text, truncated: truncated || kept.length < tool_uses.length, tool_uses: kept };
};

const contextOf =
  (engine: Engine) =>
  async (
    { agent_id, history, text }: ContextEffect,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<Performed> => {
    const found = await throughOutages(() => speaking(engine, agent_id), signal);
    if (!('profile' in found)) return found;
    const plan = planContext({ ...found.profile, revision: found.revision }, history, text);
    if (plan === undefined)
      return refused(
        'context_too_large',
        `the message and the identity prompt exceed ${found.profile.context_tokens} tokens`,
      );
    return { ok: true, result: plan };
  };

/** Numbers about a call: how it ended, and what it took. Never ids, never text (requirements D122). */
const measured = (telemetry: Telemetry, provider: string, outcome: ModelOutcome): void => {
  telemetry.count('acta_model_calls_total', { provider, outcome: outcome.ok ? 'ok' : outcome.fault });
  if (!outcome.ok) return;
  const { usage, cost_micros, latency_ms } = outcome.reply;
  telemetry.observe('acta_model_call_duration_seconds', latency_ms / 1_000, { provider });
  telemetry.count('acta_model_tokens_total', { provider, kind: 'input' }, usage.input_tokens);
  telemetry.count('acta_model_tokens_total', { provider, kind: 'output' }, usage.output_tokens);
  if (cost_micros !== null) telemetry.count('acta_model_cost_micros_total', { provider }, cost_micros);
};

const replied = (outcome: ModelOutcome): Performed => {
  if (outcome.ok) return { ok: true, result: replyOf(outcome.reply) };
  const { fault, message, retryable, retry_after_ms } = outcome;
  return {
    ok: false,
    failure: { code: fault, message, retryable, ...(retry_after_ms === undefined ? {} : { retry_after_ms }) },
  };
};

/** Calls while the agent may work: not before it is known that it may, no longer than it may, and to no effect where it might not. */
const whileAtWork = async (
  engine: Engine,
  agent_id: string,
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<ModelOutcome>,
): Promise<Performed> => {
  const halt = new AbortController();
  const unwatch = watchAgent(engine, agent_id, () => halt.abort());
  const inTheWay = () => throughOutages(() => halted(engine, agent_id), signal);
  try {
    const before = await inTheWay();
    if (before !== undefined) return { ok: false, failure: before };
    const outcome = await call(AbortSignal.any([signal, halt.signal]));
    const since = await inTheWay();
    return since === undefined ? replied(outcome) : { ok: false, failure: since };
  } finally {
    unwatch();
  }
};

const modelCall =
  (engine: Engine, model: Model, spoken: Output) =>
  async (effect: ModelEffect, { signal }: { readonly signal: AbortSignal }): Promise<Performed> => {
    const { agent_id, turn_id, plan, history, text } = effect;
    const profile = await throughOutages(() => profileAt(engine, agent_id, plan.agent_revision), signal);
    if (profile === null) return refused('unknown_agent', `there is no agent ${agent_id}`);
    const quoted = plan.sections.flatMap(({ turn_ids }) => turn_ids);
    const request = requestOf(profile.identity_prompt, history, quoted, text);
    if (digest({ ...request, model: plan.model, max_tokens: plan.max_tokens }) !== plan.request_digest)
      return refused('context_changed', 'the request that the log leads to is not the one that was planned');
    return await whileAtWork(engine, agent_id, signal, async (dropped) => {
      spoken.restart(turn_id);
      const outcome = await model.complete(
        { ...request, model: plan.model ?? model.default_model, max_tokens: plan.max_tokens },
        // A call that is dropped may still be talking; by then the turn has ended, and nobody would forget what it says.
        { signal: dropped, onText: (delta) => void (dropped.aborted || spoken.say(turn_id, delta)) },
      );
      measured(engine.telemetry, model.provider, outcome);
      return outcome;
    });
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
  { model, spoken, stages }: { readonly model: Model; readonly spoken: Output; readonly stages: PostTurn },
): Kind =>
  kind('session', 'session', sessionProcess, {
    context: contextOf(engine),
    model: modelCall(engine, model, spoken),
    post_turn: afterTurn(engine, stages, spoken),
  });
