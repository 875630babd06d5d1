import { sql, type Kysely } from 'kysely';
import type { Match, SearchScope } from '../../ports.memory.ts';
import { within } from '../../memory.scope.ts';
import type { ReadModels } from '../queries.ts';

/** So many different words of a question are looked for. */
const wordsMax = 64;

type Ask = <T>(question: (db: Kysely<ReadModels>) => Promise<T>) => Promise<T>;

/**
 * The items of a scope that share words with a text, the best first: any of its words will do. A word counts by how rare it is
 * beside the commonest of them, for Postgres' own rank knows no rarity; where two have the same words, that rank decides
 * (`ts_rank_cd`, which sees how near to each other they stand), then the id. Where so many of each kind are asked for, each
 * kind is searched as if it were alone, and all by one statement. Whose items they are is asked after their words: a planner that
 * knows nothing of the table yet would take them all apart otherwise, for each word (`bench/turn.ts`).
 */
export const matching = (ask: Ask, scope: SearchScope, text: string, limit: number): Promise<readonly Match[]> =>
  ask(async (db) => {
    // Postgres has no word for the character 0.
    const said = text.replaceAll('\0', ' ').toWellFormed();
    const group = scope.each === true ? sql`m.kind` : sql`true`;
    const { rows } = await sql<Match>`
      with asked as materialized (
        select lexeme, ('''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || '''')::tsquery as word
        from unnest(tsvector_to_array(to_tsvector('english', ${said}))) lexeme limit ${wordsMax}),
      hits as materialized (
        select m.kind, m.item_id, m.within, count(*) over (partition by m.within, a.lexeme) as items
        from asked a cross join lateral
          (select m.kind, m.item_id, ${group}::text as within from
            (select m.kind, m.item_id, m.tenant, m.agent_id, m.active, m.learned_position, m.ended_position
             from read.memory_items m where to_tsvector('english', m.text) @@ a.word offset 0) m
           where ${within(scope)} offset 0) m),
      weighed as (
        select kind, item_id, within, ln(1 + (max(items) over (partition by within))::float8 / items) as weight from hits),
      summed as (
        select kind, item_id, within, sum(weight) as weight from weighed group by kind, item_id, within),
      placed as (
        select *, row_number() over (partition by within order by weight desc, item_id) as place from summed),
      best as materialized (select * from placed where place <= ${limit * 2}),
      either as (select string_agg(word::text, ' | ')::tsquery as query from asked),
      ranked as (
        select m.kind, m.item_id as id, m.revision, m.title, m.ended_why, best.weight::float8 as score,
          row_number() over (partition by best.within order by
            best.weight desc, ts_rank_cd(to_tsvector('english', m.text), either.query) desc, m.item_id) as place
        from best join read.memory_items m using (kind, item_id) cross join either)
      select kind, id, revision, title, ended_why, score from ranked where place <= ${limit} order by place, kind`.execute(
      db,
    );
    return rows;
  });
