import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Match, SearchScope } from '../../ports.ts';
import type { ReadModels } from '../queries.ts';

/** So many different words of a question are looked for. */
const wordsMax = 64;

type Ask = <T>(question: (db: Kysely<ReadModels>) => Promise<T>) => Promise<T>;

const within = ({ tenant, agent_id, kinds, ids, as_of, ended }: SearchScope): RawBuilder<boolean> => {
  const known =
    as_of === undefined ? sql`m.active` : sql`(m.ended_position is null or m.ended_position > ${as_of}::int8)`;
  const learned = as_of === undefined ? sql`` : sql`and m.learned_position <= ${as_of}::int8`;
  const named = ids === undefined ? sql`` : sql`and m.item_id = any(${[...ids]}::uuid[])`;
  return sql<boolean>`m.tenant = ${tenant} and m.agent_id = ${agent_id} and m.kind = any(${[...kinds]}::text[])
    and ${ended === true ? sql`not ${known}` : known} ${learned} ${named}`;
};

/**
 * The items of a scope that share words with a text, the best first: any of its words will do. A word counts by how rare it is
 * beside the commonest of them, for Postgres' own rank knows no rarity; where two have the same words, that rank decides
 * (`ts_rank_cd`, which sees how near to each other they stand), then the id.
 */
export const matching = (ask: Ask, scope: SearchScope, text: string, limit: number): Promise<readonly Match[]> =>
  ask(async (db) => {
    // Postgres has no word for the character 0.
    const said = text.replaceAll('\0', ' ').toWellFormed();
    const { rows } = await sql<Match>`
      with asked as materialized (
        select lexeme, ('''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || '''')::tsquery as word
        from unnest(tsvector_to_array(to_tsvector('english', ${said}))) lexeme limit ${wordsMax}),
      hits as materialized (
        select m.kind, m.item_id, count(*) over (partition by a.lexeme) as items
        from asked a cross join lateral
          (select kind, item_id from read.memory_items m
           where to_tsvector('english', m.text) @@ a.word and ${within(scope)} offset 0) m),
      weighed as (
        select kind, item_id, ln(1 + (max(items) over ())::float8 / items) as weight from hits),
      best as materialized (
        select kind, item_id, sum(weight) as weight from weighed group by kind, item_id order by weight desc, item_id
        limit ${limit * 2}),
      either as (select string_agg(word::text, ' | ')::tsquery as query from asked)
      select m.kind, m.item_id as id, m.revision, m.title, m.ended_why, best.weight::float8 as score
      from best join read.memory_items m using (kind, item_id) cross join either
      order by best.weight desc, ts_rank_cd(to_tsvector('english', m.text), either.query) desc, m.item_id
      limit ${limit}`.execute(db);
    return rows;
  });
