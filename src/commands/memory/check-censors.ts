import * as E from 'fp-ts/lib/Either.js';
import { censor, type TriggerCensor } from '../../domain/censor/censor.decider.ts';
import { similarityMin, strike, type Struck, type Watched } from '../../domain/censor/censor.match.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import type { Memory } from '../../ports.memory.ts';
import { execute, type Engine } from '../execute.ts';
import type { Provenance } from '../record.ts';

const nearWaitMsMax = 5_000;

export interface CensorQuestion {
  readonly agent_id: string;
  readonly tenant: string;
  readonly text: string;
  readonly domain: string | null;
  readonly session_id: string | null;
  readonly turn_id: string | null;
}

export interface CensorHit extends Omit<Struck, 'matched'> {
  readonly activations: number;
  readonly escalated: boolean;
}

interface Parts {
  readonly engine: Engine;
  readonly memory: Pick<Memory, 'censors' | 'near'>;
}

/** How near the text is to censors, by their ids; none where nothing can be embedded. */
const nearness = async ({ memory }: Parts, { tenant, agent_id, text }: CensorQuestion, limit: number) => {
  const near = await memory.near(
    { tenant, agent_id, text, kinds: ['censor'], limit, threshold: similarityMin },
    AbortSignal.timeout(nearWaitMsMax),
  );
  return new Map(near.map(({ id, similarity }) => [id, similarity]));
};

/** A hit on the record of its censor; undefined where that was lifted in between: then it strikes no more. */
const counted = async (
  { engine }: Parts,
  { matched, ...hit }: Struck,
  { session_id, turn_id }: CensorQuestion,
  provenance: Provenance,
): Promise<CensorHit | undefined> => {
  const asked: TriggerCensor = { type: 'TriggerCensor', matched, session_id, turn_id, by: provenance.actor };
  const command_id = derived('censor_check', provenance.command_id, hit.censor_id);
  const done = await execute(engine, censor, streamOf('censor', hit.censor_id), asked, { ...provenance, command_id });
  if (E.isLeft(done))
    // A hit that could not be counted is a hit nevertheless.
    return done.left.reason === 'OutOfLifecycle' ? undefined : { ...hit, activations: 0, escalated: false };
  const { events, state } = done.right;
  const escalated = events.some(({ type }) => type === 'CensorEscalated');
  // The log knows how strong it was when it struck; what was read may be a moment older.
  const struck = events.find(({ type }) => type === 'CensorTriggered')?.data as Pick<Struck, 'action'> | undefined;
  return { ...hit, ...(struck && { action: struck.action }), activations: state.activations, escalated };
};

/**
 * What of an agent's censors strikes at a text, the strongest first; each hit is recorded and counted, and a warning that
 * struck often enough becomes a block (requirements N87, N88). The answer tells the action as it was when the censor struck.
 * The commands are derived from the caller's: asking again under the same command counts nothing twice. `watched` are the
 * censors in force, where the caller has them already. Throws where the log or the read models are out of reach: nothing is let
 * pass that nobody looked at.
 */
export const checkCensors = async (
  parts: Parts,
  question: CensorQuestion,
  provenance: Provenance,
  watched?: readonly Watched[],
): Promise<{ readonly hits: readonly CensorHit[] }> => {
  const inForce = watched ?? (await parts.memory.censors(question));
  if (inForce.length === 0) return { hits: [] };
  const struck = strike(inForce, question, await nearness(parts, question, inForce.length));
  const hits: CensorHit[] = [];
  // One after the other: two of them may be one stream's, and the strongest is counted first.
  for (const one of struck) {
    const hit = await counted(parts, one, question, provenance);
    if (hit !== undefined) hits.push(hit);
  }
  return { hits };
};
