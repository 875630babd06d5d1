import * as E from 'fp-ts/lib/Either.js';
import { agent } from '../../domain/agent/agent.decider.ts';
import type { AgentProfile } from '../../domain/agent/agent.events.ts';
import { digest } from '../../domain/kernel/digest.ts';
import { streamOf } from '../../domain/kernel/ids.ts';
import { digestOfRequest, messagesOf, requestOf } from '../../domain/session/context.ts';
import type { Reply } from '../../domain/session/session.commands.ts';
import type { FailedCall, ModelCall } from '../../domain/session/model-call.ts';
import type { ModelEffect } from '../../domain/session/session.effects.ts';
import type { Model, ModelReply } from '../../ports.ts';
import type { Engine } from '../execute.ts';
import { refused, type Perform, type Performed } from '../flights.ts';
import type { Mind } from '../cognition/mind.ts';
import { systemPrompt, type PromptCache } from '../cognition/system-prompt.ts';
import { throughOutages } from '../outage.ts';
import type { Output } from '../output.ts';
import { askedModel, type Asked } from './asked-model.ts';
import { halted, watchAgent } from './agent-watch.ts';
import { inheritedExchanges } from './inherited.ts';
import { toolsOf } from './tools.ts';
import { withinBudgets } from './within-budgets.ts';

/** A string in an event is at most so long; what is cut is marked as cut (design 3, rule 6). */
export const replyBytesMax = 64 * 1024;
/** Written as JSON, a text may take six times its bytes (control characters do); so much is sure to fit an event. */
const replyJsonBytesMax = 128 * 1024;
const jsonBytesPerByteMax = 6;
const toolUseBytesMax = 32 * 1024;

/** The agent as it was at a revision, or as it is: a call that is made again says the same. */
export const profileAt = async (
  { log, catalogue }: Engine,
  agent_id: string,
  revision?: number,
): Promise<AgentProfile | null> => {
  let state = agent.initial;
  for await (const page of log.read(streamOf('agent', agent_id), {
    from: 0,
    ...(revision === undefined ? {} : { limit: revision + 1 }),
  }))
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

const idCharsMax = 24;

/** Of an answer it is known how long it took. */
const callAsked = ({ latency_ms: _, ...call }: FailedCall): ModelCall => call;

/**
 * The id of a call as it can stand in a key: as the provider gave it, or a name made from it where that is no plain word. The
 * provider is told of the call's end by the same name, since the talk is sent to it as it is recorded.
 */
const plainId = (id: string): string =>
  /^[\x21-\x7e]{1,200}$/.test(id) ? id : `call_${digest(id.toWellFormed()).slice(-idCharsMax)}`;

/** What is recorded of an answer. Tool calls whose arguments are too large to record are left out, and the answer is marked as cut. */
const replyOf = ({ blocks, ...reply }: ModelReply, asked: FailedCall | null): Reply => {
  const { text, truncated } = cut(blocks.map((block) => (block.type === 'text' ? block.text : '')).join(''));
  const tool_uses = blocks.flatMap((block) =>
    block.type === 'tool_use' ? [{ id: plainId(block.id), name: block.name, input: block.input }] : [],
  );
  const kept = jsonBytes(tool_uses) <= toolUseBytesMax ? tool_uses : [];
  const call = asked === null ? null : callAsked(asked);
  return { ...reply, text, truncated: truncated || kept.length < tool_uses.length, tool_uses: kept, call };
};

const replied = (outcome: Asked): Performed => {
  const { call } = outcome;
  if (outcome.ok) return { ok: true, result: replyOf(outcome.reply, call ?? null) };
  const { fault, message, retryable, retry_after_ms } = outcome;
  const wait = retry_after_ms === undefined ? {} : { retry_after_ms };
  const failure = { code: fault, message, retryable, ...wait, ...(call === undefined ? {} : { call }) };
  return { ok: false, failure };
};

/** Calls while the agent may work: not before it is known that it may, no longer than it may, and to no effect where it might not. */
export const whileAtWork = async (
  engine: Engine,
  agent_id: string,
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<Asked>,
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

/** Calls the model as the plan says, within the budgets, while the agent may work. */
export const modelCall =
  ({ engine, gate }: Mind, model: Model, spoken: Output, prompts: PromptCache): Perform<ModelEffect> =>
  async (effect, { signal, tenant, matter }) => {
    const { agent_id, turn_id, plan, text, rounds } = effect;
    const profile = await throughOutages(() => profileAt(engine, agent_id, plan.agent_revision), signal);
    if (profile === null) return refused('unknown_agent', `there is no agent ${agent_id}`);
    const quoted = plan.sections.flatMap(({ turn_ids }) => turn_ids);
    const system =
      prompts.get(plan.request_digest) ??
      (await throughOutages(() => systemPrompt(engine, tenant, profile, plan), signal));
    const before = await throughOutages(() => inheritedExchanges(engine, effect.inherited), signal);
    const first = requestOf(system, [...before, ...effect.history], quoted, text);
    const tools = await throughOutages(() => toolsOf(gate.registry, plan.tools), signal);
    if (tools === undefined || digestOfRequest(first, plan) !== plan.request_digest)
      return refused('context_changed', 'the request that the log leads to is not the one that was planned');
    const request = {
      ...first,
      messages: [...first.messages, ...messagesOf(rounds)],
      model: plan.model ?? model.default_model,
      max_tokens: plan.max_tokens,
      ...(tools.length === 0 ? {} : { tools }),
    };
    return await whileAtWork(engine, agent_id, signal, (dropped) =>
      withinBudgets(
        gate,
        model,
        { agent_id, key: effect.key, about: `turn ${turn_id}` },
        { tenant, matter },
        request,
        async () => {
          spoken.restart(turn_id);
          // A call that is dropped may still be talking; by then the turn has ended, and nobody would forget what it says.
          const onText = (delta: string): void => void (dropped.aborted || spoken.say(turn_id, delta));
          const onRestart = (): void => void (dropped.aborted || spoken.restart(turn_id));
          return await askedModel(engine, model, request, { signal: dropped, onText, onRestart });
        },
      ),
    );
  };
