import type { Kysely } from 'kysely';
import type {
  Embeddings,
  Memory,
  MemoryKind,
  RecallQuery,
  Recollection,
  SearchScope,
  VectorIndex,
} from '../../ports.ts';
import { fused, floorOf, type Channel } from '../../projections/memory/fusion.ts';
import { inForce } from '../../projections/censors/in-force.ts';
import { matching } from '../../projections/memory/search.ts';
import { censorsMax } from '../../domain/censor/censor.caps.ts';
import type { Project } from '../../projections/project.ts';
import type { ReadModels } from '../../projections/queries.ts';
import { queryVectors, type QueryVector } from './query.vectors.ts';

const name = 'memory_items';
/** Each channel offers so many times what is asked for (requirements N32). */
const candidatesPerItem = 3;
const limitMax = 100;
const nearMax = censorsMax;
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
  const { model } = embeddings;
  const floor = floorOf(model);

  const searched = async (
    scope: SearchScope,
    text: string,
    asked: Promise<QueryVector>,
    limit: number,
  ): Promise<readonly Channel[]> => {
    const byMeaning = async (): Promise<readonly Channel[]> => {
      const found = await asked;
      if (!found.ok) return [];
      return [{ name: 'vector', floor, matches: await vectors.nearest(scope, model, found.vector, limit) }];
    };
    const byWords = async (): Promise<Channel> => ({ name: 'text', matches: await matching(ask, scope, text, limit) });
    const [meaning, words] = await Promise.all([byMeaning(), byWords()]);
    return [...meaning, words];
  };

  const among = async (query: RecallQuery, kinds: readonly MemoryKind[], asked: Promise<QueryVector>) => {
    const { tenant, agent_id, text, ids, as_of, ended } = query;
    const limit = Math.min(query.limit, limitMax);
    const scope = {
      ...{ tenant, agent_id, kinds },
      ...(ids === undefined ? {} : { ids }),
      ...(as_of === undefined ? {} : { as_of }),
    };
    const [channels, past] = await Promise.all([
      searched(scope, text, asked, limit * candidatesPerItem),
      ended === true ? searched({ ...scope, ended }, text, asked, limit) : [],
    ]);
    return fused(channels, past, limit);
  };

  return {
    recall: async (query, signal): Promise<Recollection> => {
      const { at_least, each, kinds, text } = query;
      if (at_least !== undefined) await read.reached(name, at_least, { wait_ms: waitMsMax, signal });
      const position = read.served(name)?.position ?? -1n;
      const asked = vectorOf(text);
      const groups = each === true ? kinds.map((kind) => [kind]) : [kinds];
      const found = await Promise.all(groups.map((group) => among(query, group, asked)));
      const vector = await asked;
      return {
        items: found.flatMap(({ items }) => items),
        excluded: found.flatMap(({ excluded }) => excluded),
        without: vector.ok ? [] : [{ name: 'vector', why: vector.why }],
        position,
      };
    },
    near: async ({ tenant, agent_id, kinds, text, limit, threshold }) => {
      const asked = await vectorOf(text);
      if (!asked.ok) return [];
      const exact = kinds.includes('censor') ? ({ exact: true } as const) : {};
      const scope = { tenant, agent_id, kinds, ...exact };
      const found = await vectors.nearest(scope, model, asked.vector, Math.min(limit, nearMax));
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
