import type { Kysely } from 'kysely';
import type {
  Embeddings,
  MemoryKind,
  RecallQuery,
  Recollection,
  SearchScope,
  VectorIndex,
} from '../../ports.memory.ts';
import { fused, floorOf, type Channel } from '../../projections/memory/fusion.ts';
import { matching } from '../../projections/memory/search.ts';
import type { ReadModels } from '../../projections/queries.ts';
import type { QueryVector } from './query.vectors.ts';

/** Each channel offers so many times what is asked for (requirements N32). */
const candidatesPerItem = 3;
/** More is found by no search. */
export const limitMax = 100;

type Ask = <T>(question: (db: Kysely<ReadModels>) => Promise<T>) => Promise<T>;

interface Parts {
  readonly ask: Ask;
  readonly embeddings: Pick<Embeddings, 'model'>;
  readonly vectors: Pick<VectorIndex, 'nearest'>;
}

type Found = Pick<Recollection, 'items' | 'excluded'>;

/** What of the channels' matches is of these kinds. */
const among = (channels: readonly Channel[], kinds: readonly MemoryKind[]): readonly Channel[] =>
  channels.map((channel) => ({ ...channel, matches: channel.matches.filter(({ kind }) => kinds.includes(kind)) }));

/**
 * Searches by meaning and by words at once, and makes one list of what both found: of all kinds together, or, where so many of
 * `each` are asked for, of each kind by itself; by one statement a channel either way.
 */
export const searching = ({ ask, embeddings: { model }, vectors }: Parts) => {
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

  return async (query: RecallQuery, asked: Promise<QueryVector>): Promise<Found> => {
    const { tenant, agent_id, kinds, text, ids, as_of, ended, each } = query;
    const limit = Math.min(query.limit, limitMax);
    const scope = {
      ...{ tenant, agent_id, kinds },
      ...(ids === undefined ? {} : { ids }),
      ...(as_of === undefined ? {} : { as_of }),
      ...(each === true ? { each } : {}),
    };
    const [channels, past] = await Promise.all([
      searched(scope, text, asked, limit * candidatesPerItem),
      ended === true ? searched({ ...scope, ended }, text, asked, limit) : [],
    ]);
    const groups = each === true ? kinds.map((kind) => [kind]) : [kinds];
    const found = groups.map((group) => fused(among(channels, group), among(past, group), limit));
    return { items: found.flatMap(({ items }) => items), excluded: found.flatMap(({ excluded }) => excluded) };
  };
};
