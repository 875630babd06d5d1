import { sql, type Kysely } from 'kysely';

/**
 * Vectors by model and by the digest of their text. No rebuild drops them, so no text is paid for twice. Without a vector, a
 * row is a claim: until then somebody is at it. Everything is stored in line, for a search reads every row: out of line
 * it takes three times as long. Where pgvector is found, `postgres/vectors.ts` changes the column's type, and with it the
 * cast of every row of every search goes.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
    create table acta.embeddings (
      model text not null,
      content_digest text not null,
      embedding real[],
      claimed_until int8,
      primary key (model, content_digest)
    )`.execute(db);
  await sql`
    alter table acta.embeddings
      alter column model set storage plain,
      alter column content_digest set storage plain,
      alter column embedding set storage main`.execute(db);
};
