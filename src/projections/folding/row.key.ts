import type { Key, Projection } from '../projection.ts';

/** A B-tree holds no longer keys (PostgreSQL: a third of a page); what is longer is no key but a text. */
const keyCharsMax = 500;

/** A key in the form in which rows are found: its values in the order of the key's columns, and one text for them. */
export interface RowKey {
  /** As the projection said it. */
  readonly said: Key;
  readonly text: string;
  readonly values: readonly unknown[];
}

const unboundedKey = ({ key: columns, name }: Projection, key: Key): Omit<RowKey, 'said'> => {
  const [first] = columns;
  if (columns.length === 1 && first !== undefined && typeof key !== 'object') {
    const value = first.read(key);
    return { text: String(value), values: [value] };
  }
  if (typeof key !== 'object') throw new TypeError(`${name}: its key has ${columns.length} columns`);
  const values = columns.map((column) => {
    const value = key[column.name];
    if (value === undefined) throw new TypeError(`${name}.${column.name}: the key says nothing of it`);
    return column.read(value);
  });
  return { text: columns.length === 1 ? String(values[0]) : JSON.stringify(values.map(String)), values };
};

/** A key of an event; one that does not fit the key's columns throws. */
export const rowKey = (projection: Projection, key: Key): RowKey => {
  const { text, values } = unboundedKey(projection, key);
  if (text.length > keyCharsMax)
    throw new RangeError(`${projection.name}: a key has at most ${keyCharsMax} characters`);
  return { said: key, text, values };
};
