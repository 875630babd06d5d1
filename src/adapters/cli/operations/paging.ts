import { z } from 'zod';
import type { Answered } from '../connection/client.ts';
import { Failure, exits } from '../exits.ts';
import type { Occasion } from '../occasion.ts';
import { rowsIn } from '../terminal/render.ts';

type Input = Readonly<Record<string, unknown>>;

const pagesMax = 10_000;
/** More rows than a person reads or a document should hold; lines have no such limit. */
const rowsMax = 100_000;

const Page = z.looseObject({ page: z.record(z.string(), z.unknown()) });

/** What to ask for the next page: `next` is a cursor, `next_revision` is where to go on from. Undefined at the end. */
const nextIn = (body: unknown): Input | undefined => {
  const { success, data } = Page.safeParse(body);
  if (!success) return undefined;
  const [name, value] = Object.entries(data.page).find(([key]) => key.startsWith('next')) ?? [];
  if (name === undefined || value === null || value === undefined) return undefined;
  return name === 'next' ? { cursor: value } : { [name.replace(/^next/, 'from')]: value };
};

const written = (next: Input): string =>
  Object.entries(next)
    .map(([name, value]) => `--${name.replaceAll('_', '-')} ${String(value)}`)
    .join(' ');

/**
 * The answers to one question: the first, with a hint when there are more pages; or with `--all` each page as it comes,
 * joined into one where the form is one document.
 */
export const answersOf = async function* (
  ask: (input: Input) => Promise<Answered>,
  input: Input,
  { flags, terminal }: Occasion,
): AsyncGenerator<Answered> {
  let answer = await ask(input);
  let next = nextIn(answer.body);
  if (flags['all'] !== true) {
    yield answer;
    if (next !== undefined)
      terminal.note(terminal.tint('dim', `there is more: repeat with ${written(next)}, or with --all`));
    return;
  }
  const byLine = terminal.form === 'ndjson' || terminal.form === 'plain';
  const rows: unknown[] = [];
  for (let page = 1; ; page += 1) {
    if (byLine) yield answer;
    else rows.push(...(rowsIn(answer.body) ?? []));
    if (next === undefined) break;
    if (page >= pagesMax || rows.length > rowsMax)
      throw new Failure(exits.incomplete, `there are more than ${rows.length} rows; use --ndjson for so many`);
    answer = await ask({ ...input, ...next });
    next = nextIn(answer.body);
  }
  if (!byLine) yield { ...answer, body: { data: rows } };
};
