import * as E from 'fp-ts/lib/Either.js';
import { fact, type FactState, type LearnFact } from '../../domain/fact/fact.decider.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import type { Memory, Near } from '../../ports.ts';
import { execute, type Engine } from '../execute.ts';
import { recall } from '../recall.ts';
import type { Provenance } from '../record.ts';
import type { Refusal } from '../refusals.ts';

/** Above this cosine similarity two facts say the same (requirements N75). */
const sameMin = 0.95;
/** Above this they speak of the same, and whoever learns is told (requirements N81). */
const likeMin = 0.85;
const nearMax = 5;
const nearWaitMsMax = 5_000;

export type FactInput = Omit<LearnFact, 'type' | 'fact_id' | 'by' | 'contradiction_of' | 'supersedes'> &
  Partial<Pick<LearnFact, 'contradiction_of' | 'supersedes'>>;

export interface Warning {
  readonly existing_fact_id: string;
  readonly existing_content: string;
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

/** A fact as the log has it, where it holds. */
const holding = async ({ engine }: Parts, id: string, tenant: string): Promise<FactState | undefined> => {
  const { log, catalogue, remembered } = engine;
  const read = await recall<FactState, never>(log, catalogue, remembered, fact, streamOf('fact', id));
  if (E.isLeft(read)) return undefined;
  const { state, last } = read.right;
  return last !== undefined && tenantOf(last) === tenant && state.active ? state : undefined;
};

const warningOf = ({ fact_id, content }: FactState, similarity: number): Warning => ({
  existing_fact_id: fact_id,
  existing_content: content,
  similarity,
  message: 'A fact that is nearly the same is held to be true: see whether they contradict each other.',
});

/**
 * Learns a fact, unless the same agent holds one already that says the same (cosine similarity above 0.95): then that one is
 * confirmed. The facts that the new one contradicts or supersedes are not compared with it. The id of a new fact is derived
 * from the command's, so that asking again is the same fact. Throws the log's errors.
 */
export const learnFact = async (
  parts: Parts,
  input: FactInput,
  provenance: Provenance,
): Promise<E.Either<Refusal, Learned>> => {
  const { tenant, actor: by, command_id } = provenance;
  const fact_id = derived('fact', command_id);
  const { contradiction_of = null, supersedes = null } = input;
  const confirm = { type: 'ConfirmFact', by, source: input.source } as const;
  const apart = new Set([fact_id, contradiction_of, supersedes]);
  // Asked again, what was learned the first time is near itself: it is not compared.
  const again = (await holding(parts, fact_id, tenant)) !== undefined;
  const near = again ? [] : (await nearby(parts, input, tenant)).filter(({ id }) => !apart.has(id));
  let warning: Warning | null = null;
  for (const { id, similarity } of near) {
    const held = await holding(parts, id, tenant);
    if (held === undefined) continue;
    if (similarity > sameMin) {
      const done = await execute(parts.engine, fact, streamOf('fact', id), confirm, provenance);
      if (E.isRight(done)) return E.right({ ...done.right, fact_id: id, confirmed: true, warning: null });
    } else warning ??= warningOf(held, similarity);
  }
  const learn: LearnFact = { ...input, type: 'LearnFact', fact_id, contradiction_of, supersedes, by };
  const done = await execute(parts.engine, fact, streamOf('fact', fact_id), learn, provenance);
  return E.isLeft(done) ? done : E.right({ ...done.right, fact_id, confirmed: false, warning });
};
