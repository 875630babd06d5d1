import { CompiledQuery, type Kysely } from 'kysely';
import type { Lasting } from '../../schema.ts';

/** A name as SQL takes it, whatever is in it. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Runs a statement that was put together from names; values only ever travel beside it. */
export const ask = async <Row>(
  db: Kysely<Lasting>,
  statement: string,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> => (await db.executeQuery<Row>(CompiledQuery.raw(statement, [...values]))).rows;
