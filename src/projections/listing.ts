import { sql, type Kysely } from 'kysely';
import { z } from 'zod';
import type { Operation, Toolset } from '../domain/kernel/operation.ts';
import { pageInput, pageOf, paged, startOf, type SortKey } from './page.ts';
import { missing, query, type QueryContext, type ReadModels } from './queries.ts';

/** What every question about a noun says of itself. */
interface Said {
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  readonly scope: string;
  readonly path: string;
  readonly tag: string;
  readonly cli: string;
  /** The read model that answers. */
  readonly reads: string;
  readonly example: { readonly title: string; readonly input: Readonly<Record<string, unknown>> };
  /** Its tool, and the list that shows it; no list does where this is left out. */
  readonly mcp?: { readonly tool: string; readonly toolset: Toolset };
}

const surfaces = ({ name, summary, description, scope, path, tag, cli, reads, mcp }: Said) => ({
  name,
  kind: 'query' as const,
  summary,
  ...(description === undefined ? {} : { description }),
  scope,
  reads,
  http: { method: 'GET' as const, path, tag },
  cli,
  mcp: { ...(mcp ?? { tool: name }), read_only: true, destructive: false, idempotent: true },
});

/** Where a page begins, how long it may be, and whose rows it shows. */
export interface Asked {
  readonly tenant: string;
  readonly start: readonly string[] | undefined;
  /** One more than the page shows: the surplus row tells that there is a next one. */
  readonly limit: number;
}

interface Listing<Filter extends z.ZodRawShape, Row, Item> extends Said {
  readonly filter: Filter;
  readonly item: z.ZodType<Item>;
  readonly sort: readonly SortKey[];
  /** A row's place in the sort order. */
  readonly place: (row: Row) => readonly string[];
  readonly view: (row: Row) => Item;
  readonly rows: (
    db: Kysely<ReadModels>,
    filter: z.output<z.ZodObject<Filter>>,
    asked: Asked,
  ) => Promise<readonly Row[]>;
}

interface Paged {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** A question for a page of rows. */
export const listing = <Filter extends z.ZodRawShape, Row, Item>(
  said: Listing<Filter, Row, Item>,
): Operation<Paged, unknown, QueryContext> => {
  const { name, filter, item, sort, place, view, rows, example } = said;
  const input = z.strictObject({ ...pageInput, ...filter }) as unknown as z.ZodType<Paged>;
  return query<Paged, unknown>({
    ...surfaces(said),
    input,
    output: pageOf(item),
    examples: [{ title: example.title, input: { limit: 50, ...example.input } }],
    run: async (context, { limit, cursor, ...given }, { principal }) => {
      const start = startOf(name, given, cursor, sort);
      if (start !== undefined && 'code' in start) return start;
      const asked = { tenant: principal.tenant, start, limit: limit + 1 };
      const found = await context.ask((db) => rows(db, given as z.output<z.ZodObject<Filter>>, asked));
      return { output: paged(name, given, limit, found, place, view) };
    },
  });
};

interface Single<Input extends z.ZodRawShape, Row, Item> extends Said {
  readonly noun: string;
  readonly input: Input;
  readonly output: z.ZodType<Item>;
  readonly find: (
    db: Kysely<ReadModels>,
    input: z.output<z.ZodObject<Input>>,
    tenant: string,
  ) => Promise<Row | undefined>;
  readonly view: (row: Row) => Item;
}

const revisionOf = (row: object): number | undefined =>
  'revision' in row && typeof row.revision === 'number' ? row.revision : undefined;

/** A question for one row; its revision, where it has one, is the answer's ETag. */
export const single = <Input extends z.ZodRawShape, Row extends object, Item>(
  said: Single<Input, Row, Item>,
): Operation<Readonly<Record<string, unknown>>, Item, QueryContext> => {
  const { noun, input, output, find, view, example } = said;
  return query<Readonly<Record<string, unknown>>, Item>({
    ...surfaces(said),
    input: z.strictObject(input),
    output,
    examples: [example],
    run: async (context, given, { principal }) => {
      const found = await context.ask((db) => find(db, given as z.output<z.ZodObject<Input>>, principal.tenant));
      if (found === undefined) return missing(noun, String(Object.values(given)[0]));
      const revision = revisionOf(found);
      return { output: view(found), ...(revision === undefined ? {} : { revision }) };
    },
  });
};

const always = sql<boolean>`true`;

/** Only rows behind the place where the page before ended, in a list from the newest to the oldest. */
export const olderThan = (start: readonly string[] | undefined, at: string, id: string) =>
  start === undefined
    ? always
    : sql<boolean>`(${sql.ref(at)}, ${sql.ref(id)}) < (${start[0]}::timestamptz, ${start[1]}::uuid)`;

/** Only rows with this value, where one is asked for. */
export const equals = (column: string, value: string | undefined) =>
  value === undefined ? always : sql<boolean>`${sql.ref(column)} = ${value}`;

/** Only rows with one of these values, where some are asked for. */
export const oneOf = (column: string, values: readonly string[] | undefined) =>
  values === undefined || values.length === 0 ? always : sql<boolean>`${sql.ref(column)} in (${sql.join(values)})`;
