import { sql, type Kysely } from 'kysely';
import type { Learned, MemoryKind, Unembedded, VectorIndex } from '../../ports.memory.ts';
import type { Database, Lasting } from '../../schema.ts';
import { exactSearch, nearestFirst, vectorOf } from './vectors.exact.ts';
import { nearnessIndex } from './vectors.index.ts';
import { nearestIn, written } from './vectors.nearest.ts';
import { within } from '../../memory.scope.ts';

/** From how many vectors of a model on an approximate index pays: below, every vector is compared, and none is missed. */
export interface VectorLimits {
  readonly indexedFromRows: number;
}
export const serverLimits: VectorLimits = { indexedFromRows: 20_000 };
/** Building one takes PGlite's only session for a minute, in which nothing else is answered: it compares every vector. */
export const embeddedLimits: VectorLimits = { indexedFromRows: Infinity };

/** A column of pgvector's type spares every search a cast of every row, which takes as long as the search itself. */
const asVectors = async (db: Kysely<Lasting>): Promise<void> => {
  const { rows } = await sql<{ readonly type: string }>`
    select format_type(atttypid, null) as type from pg_attribute
    where attrelid = 'acta.embeddings'::regclass and attname = 'embedding'`.execute(db);
  if (rows[0]?.type === 'vector') return;
  await sql`
    alter table acta.embeddings
      alter column embedding type vector using embedding::vector,
      alter column embedding set storage main`.execute(db);
};

/** Takes what nobody else has; of two who want the same text one gets it, for the row of the claim is one. */
const claimed = async (
  db: Kysely<Lasting>,
  model: string,
  now: number,
  until: number,
  limit: number,
  after: bigint | undefined,
): Promise<readonly Unembedded[]> => {
  const changed = after === undefined ? sql`` : sql`and m.position > ${after}::int8`;
  const { rows } = await sql<Unembedded>`
    with wanted as (
      select distinct m.content_digest from read.memory_items m
      left join acta.embeddings e on e.model = ${model} and e.content_digest = m.content_digest
      where m.active and m.text <> '' ${changed}
        and (e.content_digest is null or (e.embedding is null and e.claimed_until <= ${now}))
      order by m.content_digest limit ${limit}),
    taken as (
      insert into acta.embeddings as held (model, content_digest, claimed_until)
      select ${model}, content_digest, ${until}::int8 from wanted order by content_digest
      on conflict (model, content_digest) do update set claimed_until = excluded.claimed_until
      where held.embedding is null and held.claimed_until <= ${now}
      returning content_digest)
    select distinct on (m.content_digest) m.content_digest, m.text
    from taken join read.memory_items m using (content_digest) order by m.content_digest`.execute(db);
  return rows;
};

const learnedAfter = async (
  db: Kysely<Lasting>,
  model: string,
  kind: MemoryKind,
  after: bigint,
  limit: number,
): Promise<readonly Learned[]> => {
  const { rows } = await sql<Omit<Learned, 'vector'> & { readonly embedding: string | null }>`
    select m.item_id as id, m.tenant, m.agent_id, m.learned_position as position, e.embedding::text as embedding
    from read.memory_items m
    left join acta.embeddings e on e.model = ${model} and e.content_digest = m.content_digest
    where m.kind = ${kind} and m.active and m.learned_position > ${after}::int8
    order by m.learned_position limit ${limit}`.execute(db);
  return rows.map(({ embedding, ...item }) => ({ ...item, vector: embedding === null ? null : vectorOf(embedding) }));
};

/** Asks again once where the read model was swapped at this very moment (assurance F08). */
const again =
  ({ faultOf }: Database) =>
  async <T>(question: () => Promise<T>): Promise<T> => {
    try {
      return await question();
    } catch (error) {
      if (faultOf(error) !== 'undefined_table') throw error;
      return await question();
    }
  };

/**
 * The vectors in `acta.embeddings`, searched beside the served memory items: with pgvector by one statement, without it in
 * this process. What is said about one text is said about all items that have it.
 */
export const postgresVectors = async (
  database: Database,
  limits: VectorLimits = database.kind === 'pglite' ? embeddedLimits : serverLimits,
): Promise<VectorIndex> => {
  const { db, background, vector: extension } = database;
  if (extension) await database.inTransaction(asVectors);
  const once = again(database);
  const exact = exactSearch(db);
  const index = nearnessIndex(background, limits.indexedFromRows);
  const nearest = nearestIn(db, index);

  return {
    nearest: (scope, model, vector, limit) =>
      once(async () => {
        if (!extension) return await exact(within(scope), model, vector, scope.each === true ? scope.kinds : [], limit);
        return [...(await nearest(scope, model, vector, limit))].toSorted(nearestFirst);
      }),
    learned: (model, kind, after, limit) => once(() => learnedAfter(background, model, kind, after, limit)),
    claim: (model, now, until, limit, after) => once(() => claimed(background, model, now, until, limit, after)),
    keep: async (model, vectors) => {
      if (vectors.length === 0) return;
      const type = sql.raw(extension ? 'vector' : 'real[]');
      const rows = vectors.map(({ content_digest, vector }) => {
        const text = extension ? written(vector) : `{${vector.join(',')}}`;
        return sql`(${content_digest}::text, ${text}::${type})`;
      });
      await sql`
        update acta.embeddings e set embedding = kept.embedding, claimed_until = null
        from (values ${sql.join(rows)}) as kept (content_digest, embedding)
        where e.model = ${model} and e.content_digest = kept.content_digest and e.embedding is null`.execute(
        background,
      );
    },
    release: async (model, content_digests, from) => {
      await sql`
        update acta.embeddings set claimed_until = ${from}::int8
        where model = ${model} and content_digest = any(${[...content_digests]}::text[]) and embedding is null`.execute(
        background,
      );
    },
    forget: () =>
      once(async () => {
        const { numAffectedRows = 0n } = await sql`
          delete from acta.embeddings e where not exists
            (select from read.memory_items m where m.content_digest = e.content_digest)`.execute(background);
        return Number(numAffectedRows);
      }),
    tend: async (model, dimensions) => extension && (await index.build(model, dimensions)),
  };
};
