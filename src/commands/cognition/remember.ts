import * as E from 'fp-ts/lib/Either.js';
import type { z } from 'zod';
import { notedMax } from '../../domain/censor/censor.caps.ts';
import { censor } from '../../domain/censor/censor.decider.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import type { Source } from '../../domain/memory/source.ts';
import type { RememberEffect } from '../../domain/session/session.effects.ts';
import type { MemoryTool } from '../../domain/session/session.tools.ts';
import { refused, type Perform, type Performed } from '../flights.ts';
import { learnFact } from '../memory/learn-fact.ts';
import { throughOutages } from '../outage.ts';
import { cite } from './cite.ts';
import { decide } from './decide.ts';
import type { Mind } from './mind.ts';
import { must, note, provenanceOf, type Writer } from './note.ts';
import { memoryToolInputs } from './tool.specs.ts';

type Input<Tool extends MemoryTool> = z.output<(typeof memoryToolInputs)[Tool]>;

interface Asked extends Writer {
  readonly effect: RememberEffect;
  readonly signal: AbortSignal;
}

const issuesMax = 5;
/** What a model says of how sure it is counts this much at most: as much as what a reflection taught. */
const ownWordMax = 0.7;

const sourceOf = ({ session_id, turn_id, episode_id }: RememberEffect): Source => ({
  kind: 'tool',
  label: null,
  session_id,
  turn_id,
  episode_id,
  decision_id: null,
});

/** One call of a tool is one command: a model may use an id again in another round. */
const callOf = ({ turn_id, round, call }: RememberEffect): readonly string[] => [
  turn_id,
  String(round),
  call.tool_use_id,
];

/** The decision that a call of the tool records. */
const decisionOfCall = (effect: RememberEffect): string => derived('decision', ...callOf(effect));

const recordDecision = (
  { engine }: Mind,
  { effect, signal: _, ...writer }: Asked,
  content: Input<'record_decision'>,
): Promise<unknown> => {
  const { session_id } = effect;
  return decide(engine, { decision_id: decisionOfCall(effect), session_id, content }, writer);
};

const learn = async (
  { engine, memory }: Mind,
  { effect, signal: _, ...writer }: Asked,
  said: Input<'learn_fact'>,
): Promise<unknown> => {
  const { agent_id } = effect;
  const confidence = Math.min(said.confidence, ownWordMax);
  const about = { source: sourceOf(effect), contradiction_of: null, supersedes: null };
  const input = { agent_id, ...said, confidence, ...about };
  const provenance = provenanceOf(writer, 'learn_fact', ...callOf(effect));
  const outcome = await learnFact({ engine, memory }, input, provenance);
  if (E.isLeft(outcome)) throw new Error(`the fact was refused: ${outcome.left.reason}`);
  const { fact_id, confirmed, warning } = outcome.right;
  return { fact_id, confirmed, warning };
};

const lookUp = async (
  { engine, memory }: Mind,
  { effect: { agent_id }, tenant, signal }: Asked,
  { query: text, kinds, limit }: Input<'recall'>,
): Promise<unknown> => {
  const wanted = kinds.length > 0 ? kinds : (['decision', 'fact', 'procedure', 'episode'] as const);
  const { items } = await memory.recall({ tenant, agent_id, text, kinds: wanted, limit }, signal);
  const cited = await Promise.all(items.map(async (each) => ({ each, said: await cite(engine, tenant, each) })));
  return {
    items: cited.flatMap(({ each: { kind, id, score }, said }) =>
      said?.active ? [{ kind, id, score, says: said.line.replace(/^- /, '') }] : [],
    ),
  };
};

const createCensor = async (
  { engine, memory }: Mind,
  { effect, signal: _, ...writer }: Asked,
  said: Input<'create_censor'>,
): Promise<unknown> => {
  const { agent_id } = effect;
  const inForce = await memory.censors({ tenant: writer.tenant, agent_id });
  const own = inForce.filter(({ origin }) => origin === 'agent').length;
  if (own >= notedMax) throw new Error(`you have noted ${own} already: somebody has to lift some of them first`);
  const censor_id = derived('censor', ...callOf(effect));
  const asked = {
    type: 'CreateCensor',
    ...{ censor_id, agent_id, ...said },
    origin: 'agent',
    escalation_threshold: 3,
    source: sourceOf(effect),
    by: `agent:${agent_id}`,
  } as const;
  const { state } = must(await note(engine, censor, streamOf('censor', censor_id), asked, writer, ...callOf(effect)));
  return { censor_id, action: state.action };
};

const tools: { readonly [Tool in MemoryTool]: (mind: Mind, asked: Asked, input: Input<Tool>) => Promise<unknown> } = {
  record_decision: recordDecision,
  learn_fact: learn,
  recall: lookUp,
  create_censor: createCensor,
};

/**
 * Does what the model wants of its memory, as a command of the agent's: it changes nothing but what the agent remembers, so it
 * is no directive (requirements N153). What the model is told is JSON; what its arguments lack, it is told too.
 */
export const remember =
  (mind: Mind): Perform<RememberEffect> =>
  async (effect, { signal, tenant, matter }): Promise<Performed> => {
    const { call, agent_id } = effect;
    const name = call.capability_id as MemoryTool;
    const input = memoryToolInputs[name].safeParse(call.args);
    if (!input.success) {
      const said = input.error.issues.slice(0, issuesMax).map(({ path, message }) => `${path.join('.')}: ${message}`);
      return refused('invalid_arguments', said.join('; '));
    }
    const asked = { effect, agent_id, tenant, matter, signal };
    const result = await throughOutages(() => tools[name](mind, asked, input.data as never), signal);
    return { ok: true, result: JSON.stringify(result) };
  };
