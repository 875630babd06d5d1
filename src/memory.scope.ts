import { sql, type RawBuilder } from 'kysely';
import type { SearchScope } from './ports.memory.ts';

/**
 * The rows of `memory_items` that a scope means, under the alias `m`: written once, for whose an item is must not depend on how it
 * is searched. What was known at a position may have been said otherwise since.
 */
export const within = ({ tenant, agent_id, kinds, ids, as_of, ended }: SearchScope): RawBuilder<boolean> => {
  const known =
    as_of === undefined ? sql`m.active` : sql`(m.ended_position is null or m.ended_position > ${as_of}::int8)`;
  const learned = as_of === undefined ? sql`` : sql`and m.learned_position <= ${as_of}::int8`;
  const named = ids === undefined ? sql`` : sql`and m.item_id = any(${[...ids]}::uuid[])`;
  return sql<boolean>`m.tenant = ${tenant} and m.agent_id = ${agent_id} and m.kind = any(${[...kinds]}::text[])
    and ${ended === true ? sql`not ${known}` : known} ${learned} ${named}`;
};
