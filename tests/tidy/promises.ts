import { existsSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { nodesBelow, parsed, read, repository } from './tree.ts';

/** What a row of docs/promises.md cites: a test file and the title of a test or a describe in it. */
export interface Citation {
  readonly line: number;
  readonly file: string;
  readonly title: string;
}

const citation = /`(?<file>tests\/[^`]+\.test\.ts)`\s*(?<title>.*)/;
const plain = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll(/[`“”]/g, '').trim();

/**
 * Reads a table whose last cell is `` `tests/….test.ts` title of the test ``, several of them separated by `<br>`;
 * a title may be a path, as in `the log › keeps what it acknowledged`.
 * Answers the citations, and the rows that cite nothing.
 */
export const citationsIn = (markdown: string): { citations: readonly Citation[]; bare: readonly number[] } => {
  const citations: Citation[] = [];
  const bare: number[] = [];
  const lines = markdown.split('\n');
  for (const [index, line] of lines.entries()) {
    const isRow =
      line.startsWith('|') && !/^\|[\s:|-]+\|$/.test(line) && !/^\|[\s:|-]+\|$/.test(lines[index + 1] ?? '');
    if (!isRow) continue;
    const cell =
      line
        .replace(/\|\s*$/, '')
        .split(/(?<!\\)\|/)
        .at(-1) ?? '';
    const found = cell.split('<br>').flatMap((part) => {
      const { file, title } = citation.exec(part)?.groups ?? {};
      return file === undefined || title === undefined || plain(title) === ''
        ? []
        : [{ line: index + 1, file, title: plain(title) }];
    });
    citations.push(...found);
    if (found.length === 0) bare.push(index + 1);
  }
  return { citations, bare };
};

const titlesIn = (file: string): ReadonlySet<string> =>
  new Set(
    [...nodesBelow(parsed(read(file)))]
      .filter(ts.isCallExpression)
      .filter(({ expression }) => /^(?:it|test|describe)\b/.test(expression.getText()))
      .map((call) => call.arguments[0])
      .filter((title) => title !== undefined && (ts.isStringLiteralLike(title) || ts.isTemplateExpression(title)))
      .map((title) => plain(ts.isStringLiteralLike(title) ? title.text : title.getText())),
  );

/** Why a citation does not hold, or undefined when it does. */
export const faultOf = ({ line, file, title }: Citation): string | undefined => {
  if (!existsSync(path.join(repository, file))) return `docs/promises.md:${line}: there is no ${file}`;
  const titles = titlesIn(file);
  const missing = title.split(' › ').find((part) => !titles.has(part));
  return missing === undefined ? undefined : `docs/promises.md:${line}: ${file} has no test "${missing}"`;
};
