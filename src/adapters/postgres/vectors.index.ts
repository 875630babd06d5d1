import { createHash } from 'node:crypto';
import { sql, type Kysely } from 'kysely';
import type { Lasting } from '../../schema.ts';

/** How many neighbours a search visits: at 100 it finds nine tenths of the nearest in the worst case, all in the usual one. */
const visitedMin = 100;
/** A model's dimensions that pgvector can index. */
const dimensionsMax = 2_000;

const nameOf = (model: string): string =>
  `embeddings_near_${createHash('sha256').update(model).digest('hex').slice(0, 16)}`;

/**
 * An approximate index (HNSW) for each model that has grown large, over the vectors of that model alone. Its neighbours are
 * filtered by whose they are, so a search goes on until it has enough of them (`iterative_scan`).
 */
export const nearnessIndex = (db: Kysely<Lasting>, fromRows: number) => {
  const built = new Map<string, number>();
  return {
    /** The dimensions under which a model is indexed; undefined where every vector is compared. */
    of: (model: string): { readonly dimensions: number | undefined } => ({ dimensions: built.get(model) }),
    /** For the rest of a transaction. */
    widen: async (trx: Kysely<Lasting>): Promise<void> => {
      await sql`
        select set_config('hnsw.ef_search', ${String(visitedMin)}, true),
          set_config('hnsw.iterative_scan', 'relaxed_order', true)`.execute(trx);
    },
    /** Makes the index where it pays and is not there; answers whether there is one. */
    build: async (model: string, dimensions: number): Promise<boolean> => {
      if (built.has(model)) return true;
      if (fromRows === Infinity || dimensions > dimensionsMax) return false;
      const { rows } = await sql<{ readonly count: number }>`
        select count(*)::int as count from
          (select from acta.embeddings where model = ${model} and embedding is not null limit ${fromRows}) as few`.execute(
        db,
      );
      if ((rows[0]?.count ?? 0) < fromRows) return false;
      const typed = sql.raw(`(embedding::vector(${dimensions}))`);
      await sql`
        create index if not exists ${sql.id(nameOf(model))} on acta.embeddings
        using hnsw (${typed} vector_ip_ops) where model = ${sql.lit(model)}`.execute(db);
      built.set(model, dimensions);
      return true;
    },
  };
};
export type NearnessIndex = ReturnType<typeof nearnessIndex>;
