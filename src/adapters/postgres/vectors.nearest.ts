import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Match, SearchScope } from '../../ports.ts';
import type { Lasting } from '../../schema.ts';
import type { NearnessIndex } from './vectors.index.ts';

/** The items that a scope means, under the alias `m`. What was known at a position may have been said otherwise since. */
export const within = ({ tenant, agent_id, kinds, ids, as_of, ended }: SearchScope): RawBuilder<boolean> => {
  const known =
    as_of === undefined ? sql`m.active` : sql`(m.ended_position is null or m.ended_position > ${as_of}::int8)`;
  const learned = as_of === undefined ? sql`` : sql`and m.learned_position <= ${as_of}::int8`;
  const named = ids === undefined ? sql`` : sql`and m.item_id = any(${[...ids]}::uuid[])`;
  return sql<boolean>`m.tenant = ${tenant} and m.agent_id = ${agent_id} and m.kind = any(${[...kinds]}::text[])
    and ${ended === true ? sql`not ${known}` : known} ${learned} ${named}`;
};

/** As pgvector reads it. */
export const written = (vector: Float32Array): string => `[${vector.join(',')}]`;

/** The items of a scope, each with how near it is; `place` is what else is asked of them. */
const items = (scope: SearchScope, model: string, distance: RawBuilder<unknown>, place: RawBuilder<unknown>) => sql`
  select m.kind, m.item_id as id, m.revision, m.title, m.ended_why, -(${distance}) as score, ${place} as place
  from read.memory_items m join acta.embeddings e on e.content_digest = m.content_digest
  where e.model = ${sql.lit(model)} and e.embedding is not null and ${within(scope)}`;

/** The nearest items by pgvector: all compared, or by the model's index where there is one. */
export const nearestIn = (db: Kysely<Lasting>, index: NearnessIndex) => {
  const dimensionsOf = ({ exact }: SearchScope, model: string): number | undefined =>
    exact === true ? undefined : index.of(model).dimensions;

  const searched = async (
    scope: SearchScope,
    model: string,
    vector: Float32Array,
    limit: number,
  ): Promise<readonly Match[]> => {
    const asked = sql`${written(vector)}::vector`;
    const dimensions = dimensionsOf(scope, model);
    if (dimensions !== undefined) {
      const distance = sql`e.embedding::vector(${sql.lit(dimensions)}) <#> ${asked}`;
      return await db.transaction().execute(async (trx) => {
        await index.widen(trx);
        const near = items(scope, model, distance, sql`null`);
        return (await sql<Match>`${near} order by ${distance} limit ${limit}`.execute(trx)).rows;
      });
    }
    const distance = sql`e.embedding <#> ${asked}`;
    const order = sql`${distance}, m.item_id`;
    if (scope.each === true) {
      const place = sql`row_number() over (partition by m.kind order by ${order})`;
      const near = items(scope, model, distance, place);
      return (await sql<Match>`select * from (${near}) as found where place <= ${limit}`.execute(db)).rows;
    }
    const near = items(scope, model, distance, sql`null`);
    return (await sql<Match>`${near} order by ${order} limit ${limit}`.execute(db)).rows;
  };

  /** Of each kind so many, by one search for all of them where every vector is compared anyway. */
  return async (scope: SearchScope, model: string, vector: Float32Array, limit: number): Promise<readonly Match[]> => {
    if (scope.each !== true || dimensionsOf(scope, model) === undefined)
      return await searched(scope, model, vector, limit);
    const { each: _, kinds, ...rest } = scope;
    const found = await Promise.all(kinds.map((kind) => searched({ ...rest, kinds: [kind] }, model, vector, limit)));
    return found.flat();
  };
};
