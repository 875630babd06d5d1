import type { Kysely } from 'kysely';
import { censorsMax } from '../../domain/censor/censor.caps.ts';
import type { Embeddings, Memory, Recollection, VectorIndex } from '../../ports.ts';
import { inForce } from '../../projections/censors/in-force.ts';
import type { Project } from '../../projections/project.ts';
import type { ReadModels } from '../../projections/queries.ts';
import { searching } from './channels.ts';
import { queryVectors } from './query.vectors.ts';

const name = 'memory_items';
/** Nobody waits longer for what was recorded a moment ago. */
const waitMsMax = 100;
/** A censor that was just made is waited for longer: a text is not let pass while it is not visible. */
const censorWaitMsMax = 5_000;

export interface RecallParts {
  readonly read: Pick<Project, 'ask' | 'reached' | 'served'>;
  readonly embeddings: Embeddings;
  readonly vectors: VectorIndex;
  /** Where the newest censor stands that was made or changed through this node. */
  readonly newestCensor: () => bigint | undefined;
  /** Aborted when the node ends. */
  readonly signal: AbortSignal;
}

/** The search over what is remembered, by meaning and by words: see the port `Memory`. */
export const recalling = ({ read, embeddings, vectors, newestCensor, signal: ending }: RecallParts): Memory => {
  const ask = <T>(question: (db: Kysely<ReadModels>) => Promise<T>): Promise<T> => read.ask<ReadModels, T>(question);
  const vectorOf = queryVectors(embeddings, ending);
  const search = searching({ ask, embeddings, vectors });
  const { model } = embeddings;

  return {
    recall: async (query, signal): Promise<Recollection> => {
      const { at_least, text } = query;
      if (at_least !== undefined) await read.reached(name, at_least, { wait_ms: waitMsMax, signal });
      const position = read.served(name)?.position ?? -1n;
      const asked = vectorOf(text);
      const found = await search(query, asked);
      const vector = await asked;
      return { ...found, without: vector.ok ? [] : [{ name: 'vector', why: vector.why }], position };
    },
    near: async ({ tenant, agent_id, kinds, text, limit, threshold }) => {
      const asked = await vectorOf(text);
      if (!asked.ok) return [];
      const exact = kinds.includes('censor') ? ({ exact: true } as const) : {};
      const scope = { tenant, agent_id, kinds, ...exact };
      const found = await vectors.nearest(scope, model, asked.vector, Math.min(limit, censorsMax));
      return found.flatMap(({ kind, id, score }) => (score > threshold ? [{ kind, id, similarity: score }] : []));
    },
    censors: async (of) => {
      const made = newestCensor();
      if (made !== undefined && !(await read.reached('censors', made, { wait_ms: censorWaitMsMax })).reached)
        throw new Error('a censor that was made is not visible yet');
      const found = await inForce(ask, { ...of, limit: censorsMax + 1 });
      if (found.length > censorsMax) throw new Error(`more than ${censorsMax} censors are in force: lift some of them`);
      return found;
    },
  };
};
