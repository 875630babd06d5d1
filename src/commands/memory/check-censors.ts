import * as E from 'fp-ts/lib/Either.js';
import { censor, type CensorState, type TriggerCensor } from '../../domain/censor/censor.decider.ts';
import { looked, similarityMin, strike, type Struck, type Watched } from '../../domain/censor/censor.match.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import type { Memory } from '../../ports.ts';
import { execute, type Engine } from '../execute.ts';
import { recall } from '../recall.ts';
import type { Provenance } from '../record.ts';

/** So many of an agent's censors are looked at, the newest first. */
export const censorsMax = 500;
const nearMax = 100;
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
  readonly memory: Pick<Memory, 'active' | 'near'>;
}

/** Censors as the log has them: the read model says only where to look. */
const watched = async (
  { engine: { log, catalogue, remembered } }: Parts,
  ids: readonly string[],
  tenant: string,
): Promise<readonly Watched[]> => {
  const found: Watched[] = [];
  for (const id of ids) {
    const read = await recall<CensorState, never>(log, catalogue, remembered, censor, streamOf('censor', id));
    if (E.isLeft(read)) continue;
    const { state, last } = read.right;
    if (last === undefined || tenantOf(last) !== tenant || state.phase !== 'active') continue;
    const { censor_id, trigger, why: reason, action, domain } = state;
    found.push({ censor_id, trigger, reason, action, domain });
  }
  return found;
};

/** How near the text is to censors, by their ids; none where nothing can be embedded. */
const nearness = async ({ memory }: Parts, { tenant, agent_id, text }: CensorQuestion) => {
  const asked = { tenant, agent_id, text: looked(text), kinds: ['censor'] as const };
  const near = await memory.near(
    { ...asked, limit: nearMax, threshold: similarityMin },
    AbortSignal.timeout(nearWaitMsMax),
  );
  return new Map(near.map(({ id, similarity }) => [id, similarity]));
};

/**
 * What of an agent's censors strikes at a text, the strongest first; each hit is recorded and counted, and a warning that
 * struck often enough becomes a block (requirements N87, N88). The answer tells the action as it was when the censor struck.
 * The commands are derived from the caller's: asking again under the same command counts nothing twice.
 * Throws where the log or the read models are out of reach: nothing is let pass that nobody looked at.
 */
export const checkCensors = async (
  parts: Parts,
  question: CensorQuestion,
  provenance: Provenance,
): Promise<{ readonly hits: readonly CensorHit[] }> => {
  const { agent_id, tenant, session_id, turn_id } = question;
  const ids = await parts.memory.active({ tenant, agent_id, kind: 'censor', limit: censorsMax });
  if (ids.length === 0) return { hits: [] };
  const struck = strike(await watched(parts, ids, tenant), question, await nearness(parts, question));
  const hits: CensorHit[] = [];
  for (const { matched, ...hit } of struck) {
    const asked: TriggerCensor = { type: 'TriggerCensor', matched, session_id, turn_id, by: provenance.actor };
    const command_id = derived('censor_check', provenance.command_id, hit.censor_id);
    const stream = streamOf('censor', hit.censor_id);
    const done = await execute(parts.engine, censor, stream, asked, { ...provenance, command_id });
    // One that was lifted in between strikes no more; a hit that could not be counted is a hit nevertheless.
    if (E.isLeft(done) && done.left.reason === 'OutOfLifecycle') continue;
    const escalated = E.isRight(done) && done.right.events.some(({ type }) => type === 'CensorEscalated');
    hits.push({ ...hit, activations: E.isRight(done) ? done.right.state.activations : 0, escalated });
  }
  return { hits };
};
