import type { Kysely } from 'kysely';
import { censorsMax } from '../../domain/censor/censor.caps.ts';
import type { Embeddings, Memory, Recollection, VectorIndex } from '../../ports.memory.ts';
import type { Project } from '../../projections/project.ts';
import type { ReadModels } from '../../projections/queries.ts';
import { searching } from './channels.ts';
import { queryVectors } from './query.vectors.ts';

const name = 'memory_items';
/** Nobody waits longer for what was recorded a moment ago. */
const waitMsMax = 100;

export interface RecallParts {
  readonly read: Pick<Project, 'ask' | 'reached' | 'served'>;
  readonly embeddings: Embeddings;
  readonly vectors: VectorIndex;
  readonly censors: Memory['censors'];
  /** Aborted when the node ends. */
  readonly signal: AbortSignal;
}

/** The search over what is remembered, by meaning and by words: see the port `Memory`. */
export const recalling = ({ read, embeddings, vectors, censors, signal: ending }: RecallParts): Memory => {
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
    censors,
  };
};
