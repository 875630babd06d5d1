import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Match, SearchScope } from '../../ports.memory.ts';
import { within } from '../../memory.scope.ts';
import type { Lasting } from '../../schema.ts';
import type { NearnessIndex } from './vectors.index.ts';

/** As pgvector reads it. */
export const written = (vector: Float32Array): string => `[${vector.join(',')}]`;

/** The nearest of a scope by pgvector, a kind at a time: a short list of each is kept while all of it is looked at once. */
const nearestOfEach = (scope: SearchScope, model: string, vector: Float32Array, limit: number) => sql<Match>`
  select m.kind, m.item_id as id, m.revision, m.title, m.ended_why, -near.distance as score
  from unnest(${[...scope.kinds]}::text[]) as wanted (kind) cross join lateral (
    select m.item_id, e.embedding <#> ${written(vector)}::vector as distance
    from read.memory_items m join acta.embeddings e on e.content_digest = m.content_digest
    where e.model = ${sql.lit(model)} and e.embedding is not null and m.kind = wanted.kind and ${within(scope)}
    order by distance, m.item_id limit ${limit}) as near
  join read.memory_items m on m.kind = wanted.kind and m.item_id = near.item_id`;

/** The nearest of a scope in the order of a distance, which is the one that the index was made for, or any. */
const nearestOfAll = (
  scope: SearchScope,
  model: string,
  {
    distance,
    order,
    limit,
  }: { readonly distance: RawBuilder<unknown>; readonly order: RawBuilder<unknown>; readonly limit: number },
) => sql<Match>`
  select m.kind, m.item_id as id, m.revision, m.title, m.ended_why, -(${distance}) as score
  from read.memory_items m join acta.embeddings e on e.content_digest = m.content_digest
  where e.model = ${sql.lit(model)} and e.embedding is not null and ${within(scope)}
  order by ${order} limit ${limit}`;

/** The nearest items by pgvector: all compared, or by the model's index where there is one. */
export const nearestIn = (db: Kysely<Lasting>, index: NearnessIndex) => {
  const byIndex = (scope: SearchScope, model: string, vector: Float32Array, limit: number, dimensions: number) =>
    db.transaction().execute(async (trx) => {
      await index.widen(trx);
      const distance = sql`e.embedding::vector(${sql.lit(dimensions)}) <#> ${written(vector)}::vector`;
      return (await nearestOfAll(scope, model, { distance, order: distance, limit }).execute(trx)).rows;
    });

  /** Of each kind so many, by one search for all of them where every vector is compared anyway. */
  return async (scope: SearchScope, model: string, vector: Float32Array, limit: number): Promise<readonly Match[]> => {
    const dimensions = scope.exact === true ? undefined : index.of(model).dimensions;
    if (dimensions !== undefined) {
      const groups = scope.each === true ? scope.kinds.map((kind) => [kind]) : [scope.kinds];
      const found = await Promise.all(
        groups.map((kinds) => byIndex({ ...scope, kinds }, model, vector, limit, dimensions)),
      );
      return found.flat();
    }
    if (scope.each === true) return (await nearestOfEach(scope, model, vector, limit).execute(db)).rows;
    const distance = sql`e.embedding <#> ${written(vector)}::vector`;
    return (await nearestOfAll(scope, model, { distance, order: sql`${distance}, m.item_id`, limit }).execute(db)).rows;
  };
};
