import type { CreateTableNode, OperationNode } from 'kysely';
import { readAs, type Reading } from './values.ts';

/** A column that folds write: its name, its SQL type, and how its values are said the same way everywhere. */
export interface Column {
  readonly name: string;
  readonly sqlType: string;
  readonly required: boolean;
  readonly read: Reading;
}

export interface Shape {
  /** Without the columns that the database computes itself. */
  readonly columns: readonly Column[];
  /** The primary key's columns, in the key's order. */
  readonly key: readonly Column[];
}

/** The SQL type as it was written: one of Kysely's words, or a raw piece of SQL such as sql`vector(384)`. */
const sqlTypeOf = (table: string, column: string, node: OperationNode): string => {
  if ('dataType' in node && typeof node.dataType === 'string') return node.dataType;
  if ('sqlFragments' in node && Array.isArray(node.sqlFragments)) return node.sqlFragments.join('');
  throw new Error(`${table}.${column}: its type is neither a word of SQL nor raw SQL`);
};

const keyOf = (node: CreateTableNode): readonly string[] => {
  for (const constraint of node.constraints ?? []) {
    if (constraint.kind !== 'PrimaryKeyConstraintNode' || !('columns' in constraint)) continue;
    return (constraint.columns as readonly { readonly column: { readonly name: string } }[]).map(
      ({ column }) => column.name,
    );
  }
  return node.columns.filter(({ primaryKey }) => primaryKey === true).map(({ column }) => column.column.name);
};

/** What a table's definition says of its columns. A table without a primary key, or with a type no fold can write, throws. */
export const shapeOf = (table: string, node: CreateTableNode): Shape => {
  const keyNames = keyOf(node);
  if (keyNames.length === 0) throw new Error(`${table}: a read model has a primary key`);
  const columns = node.columns
    .filter(({ generated, identity }) => generated === undefined && identity !== true)
    .map(({ column, dataType, notNull }): Column => {
      const { name } = column.column;
      const sqlType = sqlTypeOf(table, name, dataType);
      const read = readAs(sqlType);
      if (read === undefined) throw new Error(`${table}.${name}: a fold cannot write ${sqlType}`);
      return { name, sqlType, required: notNull === true || keyNames.includes(name), read };
    });
  const key = keyNames.map((name) => {
    const column = columns.find((candidate) => candidate.name === name);
    if (column === undefined) throw new Error(`${table}.${name}: the key is computed by the database`);
    return column;
  });
  return { columns, key };
};
