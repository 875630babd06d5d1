import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type Compilable,
  type CreateIndexBuilder,
  type CreateTableBuilder,
} from 'kysely';
import type { Event, Recorded } from '../domain/kernel/event.ts';
import { shapeOf, type Shape } from './folding/columns.ts';

/** What names a row: the value of its one key column, or the values of all of them by name. */
export type KeyValue = string | number | bigint | boolean;
export type Key = KeyValue | Readonly<Record<string, KeyValue>>;

/**
 * How one event changes one row. The row is undefined where there is none; the answer is the row as it is now (columns
 * left out are null), or null where there is to be none. The same row given back means that nothing changed. The key says
 * which row it is, where an event concerns several.
 */
export type Fold<Row, E extends Event> = (row: Row | undefined, event: Recorded<E>, key: Key) => Row | null;

interface Written<E extends Event> {
  readonly name: string;
  /** Raise it when the table or a fold changes: the new table is then built beside the old one. */
  readonly version: number;
  /** The table's columns, one of them or a constraint being the primary key. */
  readonly table: (table: CreateTableBuilder<string>) => CreateTableBuilder<string, string>;
  /** Further indexes, by what follows the table's name in theirs. */
  readonly indexes?: Readonly<Record<string, (index: CreateIndexBuilder) => Compilable>>;
  /** The row or rows that an event concerns; null or an empty list where it concerns none. */
  readonly key: (event: Recorded<E>) => Key | readonly Key[] | null;
  /** No fold looks at the row it is given, so none need be loaded: for tables with a row for each event. */
  readonly blind?: true;
}

/** By type: only these are decoded, in today's shape, and an event of them that cannot be decoded is parked and shown. */
interface Typed<Row, E extends Event> extends Written<E> {
  readonly on: { readonly [Type in E['type']]?: Fold<Row, Extract<E, { readonly type: Type }>> };
}

/** Every event but the log's own (`$…`), undecoded, whether this build knows it or not. */
interface Untyped<Row, E extends Event> extends Written<E> {
  readonly every: Fold<Row, Event>;
}

export type FoldedRow = Readonly<Record<string, unknown>>;

/** A projection as the engine knows it. */
export interface Projection extends Shape {
  readonly name: string;
  readonly version: number;
  /** The event types it folds, or `every` one. */
  readonly types: ReadonlySet<string> | 'every';
  readonly blind: boolean;
  readonly keys: (event: Recorded) => readonly Key[];
  readonly fold: (row: FoldedRow | undefined, event: Recorded, key: Key) => FoldedRow | null;
  /** The statement that creates its table in a schema. */
  readonly createTable: (schema: string) => string;
  /** The statements that create its indexes there. */
  readonly createIndexes: (schema: string) => readonly string[];
}

/** Words for tables without a database: definitions are values, and are checked when their module is loaded. */
const words = new Kysely<unknown>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

const nameForm = /^[a-z][a-z0-9_]{0,47}$/;

/**
 * Defines a read model: a table, and the pure folds that fill it (design 6). Which events it wants is read from `on`,
 * typed by the union of events given; `key` says which rows an event concerns.
 *
 * ```ts
 * export const agents = projection<AgentRow, AgentEvent>({
 *   name: 'agents',
 *   version: 1,
 *   table: (t) => t.addColumn('agent_id', 'uuid', (c) => c.primaryKey()).addColumn('name', 'text', (c) => c.notNull()),
 *   indexes: { by_name: (i) => i.column('name') },
 *   key: ({ data }) => data.agent_id,
 *   on: {
 *     AgentRegistered: (_, { data }) => ({ agent_id: data.agent_id, name: data.name }),
 *     AgentRetired: () => null,
 *   },
 * });
 * ```
 *
 * A fold reads nothing but its row and its event. The table has a primary key, no defaults (a row is always whole) and
 * only types that are written in `values.ts`; whatever else is said here throws when the module is loaded.
 */
export const projection = <Row extends object, E extends Event = Event>(
  definition: Typed<Row, E> | Untyped<Row, E>,
): Projection => {
  const { name, version, table, indexes = {}, blind = false } = definition;
  if (!nameForm.test(name)) throw new Error(`${name}: a projection is named like a table, in at most 48 characters`);
  if (!Number.isInteger(version) || version < 1) throw new Error(`${name}: versions are counted from 1`);
  const shape = shapeOf(name, table(words.schema.createTable(name)).toOperationNode());
  const folds = 'every' in definition ? undefined : new Map<string, unknown>(Object.entries(definition.on));
  const foldOf = (type: string) =>
    (folds === undefined ? (definition as Untyped<Row, E>).every : folds.get(type)) as Projection['fold'] | undefined;
  const keyOf = definition.key as (event: Recorded) => Key | readonly Key[] | null;
  return Object.freeze({
    ...shape,
    name,
    version,
    types: folds === undefined ? ('every' as const) : new Set(folds.keys()),
    blind,
    keys: (event: Recorded) => {
      const keys = keyOf(event);
      return keys === null ? [] : Array.isArray(keys) ? (keys as readonly Key[]) : [keys as Key];
    },
    fold: (row: FoldedRow | undefined, event: Recorded, key: Key) => {
      const fold = foldOf(event.type);
      if (fold === undefined) throw new Error(`${name} does not fold ${event.type}`);
      return fold(row, event, key);
    },
    createTable: (schema: string) => table(words.schema.withSchema(schema).createTable(name)).compile().sql,
    createIndexes: (schema: string) =>
      Object.entries(indexes).map(([suffix, build]) => {
        const index = words.schema.withSchema(schema).createIndex(`${name}_${suffix}`).ifNotExists().on(name);
        const { sql } = build(index).compile();
        // What was written is found at once: a list of what is to be sorted in later is read from end to end by every search.
        return sql.includes(' using gin ') ? `${sql} with (fastupdate = off)` : sql;
      }),
  });
};

/** Whether a projection has anything to do with an event of this type. */
export const wants = ({ types }: Projection, type: string): boolean => types === 'every' || types.has(type);
