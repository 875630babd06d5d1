import { z } from 'zod';
import { digest } from '../domain/kernel/digest.ts';
import { isUuid } from '../domain/kernel/ids.ts';
import type { Problem } from '../domain/kernel/operation.ts';
import { problem } from '../problems.ts';

export const limitMax = 200;
const limitDefault = 50;
const cursorCharsMax = 1_000;

/** The members that every paged question takes beside its own. */
export const pageInput = {
  limit: z.int().min(1).max(limitMax).default(limitDefault).meta({ description: 'How many, at most.' }),
  cursor: z.string().max(cursorCharsMax).optional().meta({ description: 'Where the page before this one ended.' }),
};

/** The answer to a paged question. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    data: z.array(item),
    page: z.object({ next: z.string().nullable(), limit: z.int() }),
  });

/** What a sort key is made of: each text in a cursor must have its column's form, for it goes into a statement as it is. */
const forms = {
  position: (text: string) => /^\d{1,18}$/.test(text),
  ordinal: (text: string) => /^\d{1,9}$/.test(text),
  instant: (text: string) =>
    /^[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}Z$/.test(text) && !Number.isNaN(Date.parse(text)),
  uuid: isUuid,
} as const;
export type SortKey = keyof typeof forms;

const Cursor = z.strictObject({
  /** Which question it belongs to. */
  of: z.string(),
  /** The sort key of the last row, as text. */
  after: z.array(z.string()).min(1).max(4),
});

/** Which question a cursor belongs to: the operation and its filter. */
const fingerprint = (question: string, filter: unknown): string => digest([question, filter]).slice(7, 23);

/**
 * Where a page begins: after a row with this sort key, or undefined for the first page. A cursor of another question, or
 * one that nobody here made, is a problem.
 */
export const startOf = (
  question: string,
  filter: object,
  cursor: string | undefined,
  keys: readonly SortKey[],
): readonly string[] | undefined | Problem => {
  if (cursor === undefined) return undefined;
  const mismatch = problem('cursor_mismatch', 'this cursor was not given for this question with this filter');
  let said: unknown;
  try {
    said = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return mismatch;
  }
  const read = Cursor.safeParse(said);
  if (!read.success || read.data.of !== fingerprint(question, filter)) return mismatch;
  const { after } = read.data;
  const fits = after.length === keys.length && keys.every((key, n) => forms[key](after[n] ?? ''));
  return fits ? after : mismatch;
};

/**
 * A page of rows that were asked for with one more than the limit: the surplus row tells that there is a next page.
 * `keyOf` names a row's place in the sort order.
 */
export const paged = <Row, Item>(
  question: string,
  filter: object,
  limit: number,
  rows: readonly Row[],
  keyOf: (row: Row) => readonly string[],
  view: (row: Row) => Item,
): { readonly data: Item[]; readonly page: { readonly next: string | null; readonly limit: number } } => {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  const next = more
    ? Buffer.from(JSON.stringify({ of: fingerprint(question, filter), after: keyOf(last) })).toString('base64url')
    : null;
  return { data: shown.map(view), page: { next, limit } };
};
