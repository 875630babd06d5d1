import type { Kysely } from 'kysely';
import type { Lasting } from '../../schema.ts';
import type { Column } from './columns.ts';
import { ProjectionFault } from '../fault.ts';
import type { ChangedRow } from './fold.ts';
import type { FoldedRow, Projection } from '../projection.ts';
import type { RowKey } from './row.key.ts';
import { ask, quoted } from './raw.ts';
import type { Known } from './rows.ts';
import { storableRow } from './values.ts';

/** Where a table lives: `read` is what readers see, in `shadow` its successor is built. */
export type Schema = 'read' | 'shadow';

/** One statement carries at most so many characters of rows. */
const rowsCharsMax = 4 * 1024 * 1024;

const names = (columns: readonly Column[]): string => columns.map(({ name }) => quoted(name)).join(', ');
const typed = (columns: readonly Column[]): string =>
  columns.map(({ name, sqlType }) => `${quoted(name)} ${sqlType}`).join(', ');
const paired = (columns: readonly Column[], a: string, b: string): string =>
  columns.map(({ name }) => `${a}.${quoted(name)} = ${b}.${quoted(name)}`).join(' and ');

export const tableName = (schema: Schema, { name }: Projection): string => `${quoted(schema)}.${quoted(name)}`;

interface Statements {
  readonly load: string;
  readonly upsert: string;
  readonly remove: string;
}

const compiled = (schema: Schema, projection: Projection): Statements => {
  const { columns, key } = projection;
  const table = tableName(schema, projection);
  const rest = columns.filter((column) => !key.includes(column));
  const change = rest.map(({ name }) => `${quoted(name)} = excluded.${quoted(name)}`).join(', ');
  const keys = `json_to_recordset($1::json) as k(${typed(key)})`;
  return {
    load: `select ${columns.map(({ name }) => `t.${quoted(name)}`).join(', ')} from ${keys} join ${table} as t on ${paired(key, 't', 'k')}`,
    upsert:
      `insert into ${table} (${names(columns)}) select ${names(columns)} from json_to_recordset($1::json) as r(${typed(columns)}) ` +
      `on conflict (${names(key)}) do ${rest.length === 0 ? 'nothing' : `update set ${change}`}`,
    remove: `delete from ${table} as t using ${keys} where ${paired(key, 't', 'k')}`,
  };
};

const known = new WeakMap<Projection, Partial<Record<Schema, Statements>>>();

const statements = (schema: Schema, projection: Projection): Statements => {
  const before = known.get(projection) ?? {};
  const found = before[schema] ?? compiled(schema, projection);
  known.set(projection, { ...before, [schema]: found });
  return found;
};

/** Values by column as JSON says them; 64-bit numbers as their digits. */
const said = (columns: readonly Column[], value: (column: Column, index: number) => unknown): string => {
  const wire: Record<string, unknown> = {};
  for (const [index, column] of columns.entries()) {
    const given = value(column, index);
    wire[column.name] = typeof given === 'bigint' ? String(given) : given;
  }
  return JSON.stringify(wire);
};

/** Rows by the text of their keys, those of these keys that there are. One query, however many. */
export const loadRows = async (
  db: Kysely<Lasting>,
  schema: Schema,
  projection: Projection,
  keys: readonly RowKey[],
): Promise<ReadonlyMap<string, FoldedRow>> => {
  const wanted = `[${keys.map(({ values }) => said(projection.key, (_, index) => values[index])).join(',')}]`;
  const rows = await ask<FoldedRow>(db, statements(schema, projection).load, [wanted]);
  return new Map(rows.map((row) => [keyText(projection, row), Object.freeze(row)]));
};

const keyText = ({ key }: Projection, row: FoldedRow): string =>
  key.length === 1 ? String(row[key[0]?.name ?? '']) : JSON.stringify(key.map(({ name }) => String(row[name])));

/** Changed rows as the statements take them, made before the transaction begins. */
export interface Writing {
  readonly upserts: readonly string[];
  readonly removals: readonly string[];
  /** What will be in the table, by key. */
  readonly known: ReadonlyMap<string, Known>;
}

/** What these rows are in JSON; a row that JSON cannot say throws `unwritable`. */
export const writing = (projection: Projection, changed: Iterable<ChangedRow>): Writing => {
  const upserts: string[] = [];
  const removals: string[] = [];
  const known = new Map<string, Known>();
  let rows: string[] = [];
  let chars = 0;
  const full = (): void => {
    if (rows.length > 0) upserts.push(`[${rows.join(',')}]`);
    rows = [];
    chars = 0;
  };
  for (const { key, row } of changed) {
    try {
      if (row === null) {
        removals.push(said(projection.key, (_, index) => key.values[index]));
        known.set(key.text, { row: undefined, chars: 0 });
        continue;
      }
      const folded = said(projection.columns, ({ name }) => row[name]);
      const storable = storableRow(row, folded);
      const text = storable === row ? folded : said(projection.columns, ({ name }) => storable[name]);
      known.set(key.text, { row: storable, chars: text.length });
      if (chars + text.length > rowsCharsMax) full();
      rows.push(text);
      chars += text.length;
    } catch (error) {
      throw new ProjectionFault('unwritable', `${projection.name} ${key.text}: ${String(error)}`, { cause: error });
    }
  }
  full();
  return { upserts, removals, known };
};

/** Writes what `writing` made of the rows: as few statements as their size allows. */
export const writeRows = async (
  trx: Kysely<Lasting>,
  schema: Schema,
  projection: Projection,
  { upserts, removals }: Writing,
  sent?: () => void,
): Promise<void> => {
  const { upsert, remove } = statements(schema, projection);
  for (const rows of upserts) {
    const asked = ask(trx, upsert, [rows]);
    sent?.();
    await asked;
  }
  if (removals.length > 0) await ask(trx, remove, [`[${removals.join(',')}]`]);
};
