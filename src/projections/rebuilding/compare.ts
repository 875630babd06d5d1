import { sql, type Kysely } from 'kysely';
import type { Lasting } from '../../schema.ts';
import type { Projection } from '../projection.ts';
import { ask, quoted } from '../folding/raw.ts';
import { tableName } from '../folding/statements.ts';

/** Rows looked at in one statement. */
const chunkRowsMax = 5_000;
/** Differences that are looked at again with both tables standing still. More than that are no lag, but another table. */
const suspectsMax = 1_000;
const samplesMax = 20;

export type Difference = 'differs' | 'missing' | 'added';

/** A row that is not the same in both: `missing` in the new table, `added` by it, or with these columns differing. */
export interface Sample {
  readonly key: Readonly<Record<string, unknown>>;
  readonly is: Difference;
  readonly columns: readonly { readonly column: string; readonly before: unknown; readonly after: unknown }[];
}

/** The served table beside the one that is to take its place, over the columns that both have. */
export interface Comparison {
  readonly columns: readonly string[];
  readonly rows_before: number;
  readonly rows_after: number;
  readonly equal: number;
  readonly differing: number;
  readonly missing: number;
  readonly added: number;
  readonly samples: readonly Sample[];
}

interface Suspect {
  readonly key: Readonly<Record<string, unknown>>;
  readonly is: Difference;
}

interface Tables {
  readonly before: string;
  readonly after: string;
  readonly keys: string;
  /** The key's columns with their types, as a recordset names them. */
  readonly typedKeys: string;
  readonly shared: readonly string[];
  /** A row's shared columns, as one value. */
  readonly row: string;
}

/** The tables and the columns that both have, of the same type; undefined where nothing is served, or under another key. */
const tablesOf = async (db: Kysely<Lasting>, projection: Projection): Promise<Tables | undefined> => {
  const { rows } = await sql<{ readonly name: string; readonly type: string }>`
    select column_name as name, before.udt_name as type
    from information_schema.columns as before join information_schema.columns as after using (table_name, column_name, udt_name)
    where before.table_schema = 'read' and after.table_schema = 'shadow' and table_name = ${projection.name}`.execute(
    db,
  );
  const types = new Map(rows.map(({ name, type }) => [name, type]));
  if (projection.key.some(({ name }) => !types.has(name))) return undefined;
  const shared = projection.columns.map(({ name }) => name).filter((name) => types.has(name));
  return {
    before: tableName('read', projection),
    after: tableName('shadow', projection),
    keys: projection.key.map(({ name }) => quoted(name)).join(', '),
    typedKeys: projection.key.map(({ name, sqlType }) => `${quoted(name)} ${sqlType}`).join(', '),
    shared,
    // There is no equality of json, only of what it says.
    row: `row(${shared.map((name) => `t.${quoted(name)}${types.get(name) === 'json' ? '::jsonb' : ''}`).join(', ')})`,
  };
};

const kind = `case when after.there is null then 'missing' when before.there is null then 'added' else 'differs' end`;

/** Both tables side by side, each a range or a list of keys: what of each pair there is, and whether it is unequal. */
const compared = ({ keys, row }: Tables, before: string, after: string): string => {
  const side = (from: string): string => `select ${keys}, true as there, ${row} as row from ${from}`;
  return `with before as materialized (${side(before)}), after as materialized (${side(after)}), pairs as (
    select ${keys}, ${kind} as "is", before.there as old, after.there as young,
      before.there is null or after.there is null or before.row is distinct from after.row as unequal
    from before full join after using (${keys}))`;
};

/** Unequal pairs, as suspects. */
const unequal = ({ keys }: Tables, limit: string): string =>
  `select (select to_jsonb(k) from (select ${keys}) as k) as key, "is" from pairs where unequal ${limit}`;

interface Tally {
  readonly before: number;
  readonly after: number;
  readonly differs: number;
  readonly missing: number;
  readonly added: number;
  readonly suspects: readonly Suspect[];
}

const tallied = (tables: Tables): string =>
  `select count(old)::int4 as before, count(young)::int4 as after,
    count(*) filter (where unequal and "is" = 'differs')::int4 as differs,
    count(*) filter (where young is null)::int4 as missing, count(*) filter (where old is null)::int4 as added,
    coalesce((select jsonb_agg(to_jsonb(s)) from (${unequal(tables, `limit ${suspectsMax + 1}`)}) as s), '[]') as suspects
  from pairs`;

/** Where the next chunk ends: the key that both tables are past by so many rows, or undefined for the last chunk. */
const chunkEnd = async (
  db: Kysely<Lasting>,
  { before, after, keys }: Tables,
  range: string,
  start: readonly unknown[],
) => {
  const nth = (table: string): string =>
    `(select ${keys} from ${table} as t ${range} order by ${keys} offset ${chunkRowsMax - 1} limit 1)`;
  const [end] = await ask<Readonly<Record<string, unknown>>>(
    db,
    `select * from (${nth(before)} union all ${nth(after)}) u order by ${keys} limit 1`,
    start,
  );
  return end;
};

/** Goes through both tables by key, a chunk at a time; nobody is held up, so rows may differ only because they moved on. */
const pass = async (db: Kysely<Lasting>, projection: Projection, tables: Tables): Promise<readonly Tally[]> => {
  const tallies: Tally[] = [];
  const place = (offset: number): string =>
    `(${projection.key.map(({ sqlType }, index) => `$${offset + index + 1}::text::${sqlType}`).join(', ')})`;
  let start: readonly unknown[] = [];
  for (;;) {
    const after = start.length === 0 ? 'where true' : `where (${tables.keys}) > ${place(0)}`;
    const end = await chunkEnd(db, tables, after, start);
    const until = end === undefined ? '' : ` and (${tables.keys}) <= ${place(start.length)}`;
    const last = end === undefined ? [] : projection.key.map(({ name }) => String(end[name]));
    const statement = compared(
      tables,
      `${tables.before} as t ${after}${until}`,
      `${tables.after} as t ${after}${until}`,
    );
    tallies.push(...(await ask<Tally>(db, `${statement} ${tallied(tables)}`, [...start, ...last])));
    if (end === undefined) return tallies;
    start = last;
  }
};

/** What of the suspects remains different now; asked while both tables stand still. */
const confirmed = async (
  db: Kysely<Lasting>,
  tables: Tables,
  suspects: readonly Suspect[],
): Promise<readonly Suspect[]> => {
  const listed = (table: string): string =>
    `${table} as t join jsonb_to_recordset($1::jsonb) as k(${tables.typedKeys}) using (${tables.keys})`;
  return ask<Suspect>(db, `${compared(tables, listed(tables.before), listed(tables.after))} ${unequal(tables, '')}`, [
    JSON.stringify(suspects.map(({ key }) => key)),
  ]);
};

const sampled = async (
  db: Kysely<Lasting>,
  tables: Tables,
  suspects: readonly Suspect[],
): Promise<readonly Sample[]> => {
  const rows = (table: string): Promise<readonly { readonly key: unknown; readonly row: Record<string, unknown> }[]> =>
    ask(
      db,
      `select to_jsonb(k) as key, to_jsonb(t) as row from ${table} as t
       join jsonb_to_recordset($1::jsonb) as k(${tables.typedKeys}) using (${tables.keys})`,
      [JSON.stringify(suspects.map(({ key }) => key))],
    );
  const byKey = async (table: string) => new Map((await rows(table)).map(({ key, row }) => [JSON.stringify(key), row]));
  const [before, after] = [await byKey(tables.before), await byKey(tables.after)];
  return suspects.map(({ key, is }) => {
    const [old, young] = [before.get(JSON.stringify(key)), after.get(JSON.stringify(key))];
    const columns = tables.shared
      .filter((name) => JSON.stringify(old?.[name]) !== JSON.stringify(young?.[name]))
      .map((column) => ({ column, before: old?.[column] ?? null, after: young?.[column] ?? null }));
    return { key, is, columns };
  });
};

const count = (suspects: readonly Suspect[], is: Difference): number =>
  suspects.filter((suspect) => suspect.is === is).length;

/**
 * Compares the table that was built with the one that is served, in two passes: first everything, while both may move;
 * then, inside `still`, what looked different, while neither does. Undefined where there is nothing to compare with.
 */
export const compare = async (
  db: Kysely<Lasting>,
  projection: Projection,
  still: <T>(look: (trx: Kysely<Lasting>) => Promise<T>) => Promise<T>,
): Promise<Comparison | undefined> => {
  const tables = await tablesOf(db, projection);
  if (tables === undefined) return undefined;
  const tallies = await pass(db, projection, tables);
  const sum = (of: (tally: Tally) => number): number => tallies.reduce((total, tally) => total + of(tally), 0);
  const [before, after] = [sum((tally) => tally.before), sum((tally) => tally.after)];
  const found = sum(({ differs, missing, added }) => differs + missing + added);
  const suspects = tallies.flatMap((tally) => tally.suspects).slice(0, suspectsMax);
  const [standing, samples] = await still(async (trx) => {
    const real = await confirmed(trx, tables, suspects);
    return [real, await sampled(trx, tables, real.slice(0, samplesMax))] as const;
  });
  const all = found <= suspectsMax;
  const differing = all ? count(standing, 'differs') : sum(({ differs }) => differs);
  const missing = all ? count(standing, 'missing') : sum((tally) => tally.missing);
  const added = all ? count(standing, 'added') : sum((tally) => tally.added);
  return {
    columns: tables.shared,
    rows_before: before,
    rows_after: after,
    equal: Math.max(0, before - differing - missing),
    differing,
    missing,
    added,
    samples,
  };
};
