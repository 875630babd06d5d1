import * as E from 'fp-ts/lib/Either.js';
import { fact, type FactState, type LearnFact } from '../../domain/fact/fact.decider.ts';
import { digest } from '../../domain/kernel/digest.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import type { Memory, Near } from '../../ports.memory.ts';
import { execute, type Engine, type Receipt } from '../execute.ts';
import { recall, type Recollection } from '../recall.ts';
import type { Provenance } from '../record.ts';
import type { Refusal } from '../refusals.ts';

/** Above this cosine similarity two facts say the same (requirements N75). */
const sameMin = 0.95;
/** Above this they speak of the same, and whoever learns is told (requirements N81). */
const likeMin = 0.85;
const nearMax = 5;
const nearWaitMsMax = 5_000;
/** How often the same words can be learned again after they held no more; from then on each command learns them anew. */
const livesMax = 16;
const attemptsMax = 5;

export type FactInput = Omit<LearnFact, 'type' | 'fact_id' | 'by' | 'contradiction_of' | 'supersedes'> &
  Partial<Pick<LearnFact, 'contradiction_of' | 'supersedes'>>;

/** It names the fact that is nearly the same and repeats nothing of it: an answer is kept longer than a fact may be. */
export interface Warning {
  readonly existing_fact_id: string;
  readonly similarity: number;
  readonly message: string;
}

export interface Learned {
  readonly fact_id: string;
  /** It was known already: the fact that says so was confirmed, and none was learned. */
  readonly confirmed: boolean;
  readonly warning: Warning | null;
  readonly state: FactState;
  readonly revision: number;
  readonly position: bigint;
}

/** Where something that is learned belongs: to a fact that says it already, or in a stream of its own. */
export interface Place {
  readonly fact_id: string;
  readonly held: boolean;
  readonly warning: Warning | null;
}

interface Parts {
  readonly engine: Engine;
  readonly memory: Pick<Memory, 'near'>;
}

/** The facts nearby; none where the read models are out of reach, for then one learns without comparing (requirements C41). */
const nearby = async (
  { memory }: Parts,
  { agent_id, content: text }: FactInput,
  tenant: string,
): Promise<readonly Near[]> => {
  const asked = { tenant, agent_id, text, kinds: ['fact'] as const, limit: nearMax, threshold: likeMin };
  try {
    return await memory.near(asked, AbortSignal.timeout(nearWaitMsMax));
  } catch {
    return [];
  }
};

/** A fact as the log has it, undefined where there is none of this tenant's, or it cannot be read. */
const inLog = async (
  { engine: { log, catalogue, remembered } }: Parts,
  id: string,
  tenant: string,
): Promise<Recollection<FactState> | undefined> => {
  const read = await recall<FactState, never>(log, catalogue, remembered, fact, streamOf('fact', id));
  if (E.isLeft(read)) return undefined;
  const { last } = read.right;
  return last !== undefined && tenantOf(last) === tenant ? read.right : undefined;
};

const warningOf = (existing_fact_id: string, similarity: number): Warning => ({
  existing_fact_id,
  similarity,
  message: 'A fact that is nearly the same is held to be true: see whether they contradict each other.',
});

const apartFrom = ({ contradiction_of = null, supersedes = null }: FactInput): ReadonlySet<string | null> =>
  new Set([contradiction_of, supersedes]);

/**
 * The stream of these very words: its name follows from them, so that whoever says them a moment later, or at the same time,
 * meets the fact in the log itself, before any read model or vector knows it. Words that hold no more begin another life.
 */
const ownPlace = async (
  parts: Parts,
  input: FactInput,
  { tenant, command_id }: Pick<Provenance, 'tenant' | 'command_id'>,
): Promise<Omit<Place, 'warning'>> => {
  const { agent_id, content, subject } = input;
  const words = digest({ content, subject });
  const apart = apartFrom(input);
  for (let life = 0; life < livesMax; life += 1) {
    const fact_id = derived('fact', tenant, agent_id, words, life);
    const known = await inLog(parts, fact_id, tenant);
    if (known === undefined) return { fact_id, held: false };
    const again = known.done.has(command_id);
    if (again || (known.state.active && !apart.has(fact_id))) return { fact_id, held: true };
  }
  return { fact_id: derived('fact', command_id), held: false };
};

/**
 * Where a fact belongs: to the one that the same agent holds already in the same words, or in such that mean the same (cosine
 * similarity above 0.95); else in a stream of its own, with a warning where one is nearly the same. The facts that the new
 * one contradicts or supersedes are not compared with it. Throws the log's errors.
 */
export const placeOf = async (
  parts: Parts,
  input: FactInput,
  provenance: Pick<Provenance, 'tenant' | 'command_id'>,
): Promise<Place> => {
  const own = await ownPlace(parts, input, provenance);
  if (own.held) return { ...own, warning: null };
  const apart = apartFrom(input);
  let warning: Warning | null = null;
  for (const { id, similarity } of await nearby(parts, input, provenance.tenant)) {
    if (apart.has(id)) continue;
    const known = await inLog(parts, id, provenance.tenant);
    if (known?.state.active !== true) continue;
    if (similarity > sameMin) return { fact_id: id, held: true, warning: null };
    warning ??= warningOf(id, similarity);
  }
  return { ...own, warning };
};

/** Learns a fact in its place, or confirms the one that is there. Throws the log's errors. */
const learnAt = async (
  { engine }: Parts,
  { fact_id, held, warning }: Place,
  input: FactInput,
  provenance: Provenance,
): Promise<E.Either<Refusal, Learned>> => {
  const { actor: by } = provenance;
  const { contradiction_of = null, supersedes = null, source } = input;
  const learn: LearnFact = { ...input, type: 'LearnFact', fact_id, contradiction_of, supersedes, by };
  const asked = held ? ({ type: 'ConfirmFact', by, source } as const) : learn;
  const done = await execute(engine, fact, streamOf('fact', fact_id), asked, provenance);
  if (E.isLeft(done)) return done;
  const { state, revision, position, events }: Receipt<FactState> = done.right;
  const confirmed = events.some(({ type }) => type === 'FactConfirmed');
  return E.right({ fact_id, confirmed, warning, state, revision, position });
};

/** As `learnAt`, where the place is settled: a fact that somebody else learned there meanwhile, in the same words, is confirmed. */
export const learnOrConfirm = async (
  parts: Parts,
  place: Place,
  input: FactInput,
  provenance: Provenance,
): Promise<E.Either<Refusal, Learned>> => {
  const done = await learnAt(parts, place, input, provenance);
  const taken = E.isLeft(done) && done.left.reason === 'OutOfLifecycle' && !place.held;
  return taken ? await learnAt(parts, { ...place, held: true }, input, provenance) : done;
};

/**
 * Learns a fact, unless the same agent holds one already that says the same: then that one is confirmed. Asked again under
 * the same command it is done once; two that say the same at once make one fact. Throws the log's errors.
 */
export const learnFact = async (
  parts: Parts,
  input: FactInput,
  provenance: Provenance,
): Promise<E.Either<Refusal, Learned>> => {
  for (let attempt = 1; ; attempt += 1) {
    const done = await learnAt(parts, await placeOf(parts, input, provenance), input, provenance);
    // Somebody said it, or ended it, between the look and the word: the place is another one now.
    const elsewhere = E.isLeft(done) && done.left.reason === 'OutOfLifecycle';
    if (!elsewhere || attempt === attemptsMax) return done;
  }
};
