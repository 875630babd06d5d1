import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Match, MemoryKind } from '../../ports.memory.ts';
import type { Lasting } from '../../schema.ts';

/** An agent that remembers more than this is searched in part: its newest items. */
const itemsMax = 50_000;
/** What is kept in memory of vectors that were read; the ones read first go first. */
const cacheBytesMax = 128 * 1024 * 1024;
const loadBatchMax = 1_000;

interface Candidate extends Omit<Match, 'score'> {
  readonly content_digest: string;
}

/** As Postgres writes it, as a vector or as an array. */
export const vectorOf = (text: string): Float32Array =>
  Float32Array.from(JSON.parse(`[${text.slice(1, -1)}]`) as readonly number[]);

const product = (one: Float32Array, other: Float32Array): number => {
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += (one[at] ?? 0) * (other[at] ?? 0);
  return sum;
};

/** By similarity, then by id: the same question has the same answer. */
export const nearestFirst = (one: Match, other: Match): number =>
  other.score - one.score || (one.id < other.id ? -1 : one.id > other.id ? 1 : 0);

/** Vectors as they were read, by model and digest: they never change, only go. */
const vectorCache = (db: Kysely<Lasting>) => {
  const kept = new Map<string, Float32Array>();
  let bytes = 0;
  const keep = (key: string, vector: Float32Array): void => {
    kept.set(key, vector);
    bytes += vector.byteLength;
    for (const [oldest, gone] of kept) {
      if (bytes <= cacheBytesMax) return;
      kept.delete(oldest);
      bytes -= gone.byteLength;
    }
  };
  return {
    load: async (model: string, digests: readonly string[]): Promise<ReadonlyMap<string, Float32Array>> => {
      const found = new Map<string, Float32Array>();
      const missing: string[] = [];
      for (const digest of digests) {
        const vector = kept.get(`${model} ${digest}`);
        if (vector === undefined) missing.push(digest);
        else found.set(digest, vector);
      }
      for (let at = 0; at < missing.length; at += loadBatchMax) {
        const { rows } = await sql<{ readonly content_digest: string; readonly embedding: string }>`
          select content_digest, embedding::text as embedding from acta.embeddings
          where model = ${model} and embedding is not null
            and content_digest = any(${missing.slice(at, at + loadBatchMax)}::text[])`.execute(db);
        for (const { content_digest, embedding } of rows) {
          const vector = vectorOf(embedding);
          found.set(content_digest, vector);
          keep(`${model} ${content_digest}`, vector);
        }
      }
      return found;
    },
  };
};

/** The nearest items without pgvector: every vector of the scope is compared, in this process; so many of
 * each kind, where kinds are given. Exact, like a scan with it. */
export const exactSearch = (db: Kysely<Lasting>) => {
  const cache = vectorCache(db);
  return async (
    within: RawBuilder<boolean>,
    model: string,
    vector: Float32Array,
    each: readonly MemoryKind[],
    limit: number,
  ): Promise<readonly Match[]> => {
    const { rows } = await sql<Candidate>`
      select m.kind, m.item_id as id, m.revision, m.title, m.ended_why, m.content_digest from read.memory_items m
      where ${within} order by m.learned_position desc limit ${itemsMax}`.execute(db);
    const vectors = await cache.load(model, [...new Set(rows.map(({ content_digest }) => content_digest))]);
    const found = rows
      .flatMap(({ content_digest, ...item }): readonly Match[] => {
        const known = vectors.get(content_digest);
        return known?.length === vector.length ? [{ ...item, score: product(known, vector) }] : [];
      })
      .toSorted(nearestFirst);
    if (each.length === 0) return found.slice(0, limit);
    return each.flatMap((kind) => found.filter((match) => match.kind === kind).slice(0, limit));
  };
};
