import type { Kysely } from 'kysely';
import type { Lasting } from '../../schema.ts';
import type { Projection } from '../projection.ts';
import { ask, quoted } from '../folding/raw.ts';
import { tableName, type Schema } from '../folding/statements.ts';

export interface TableDigest {
  readonly rows: number;
  readonly digest: string;
}

/** One word for a whole table, the same for the same rows: what a rebuild and an auditor compare (assurance P6). */
export const digestOf = async (db: Kysely<Lasting>, schema: Schema, projection: Projection): Promise<TableDigest> => {
  const keys = projection.key.map(({ name }) => `t.${quoted(name)}`).join(', ');
  const columns = projection.columns.map(({ name }) => `t.${quoted(name)}`).join(', ');
  const [found] = await ask<TableDigest>(
    db,
    `select count(*)::int4 as rows,
       md5(coalesce(string_agg(md5(row(${columns})::text), '' order by ${keys}), '')) as digest
     from ${tableName(schema, projection)} as t`,
  );
  if (found === undefined) throw new Error('an aggregate has one row');
  return found;
};
