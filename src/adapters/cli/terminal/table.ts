import type { Terminal } from './terminal.ts';
import { marked } from './visible.ts';

type Row = Readonly<Record<string, unknown>>;

const cellCharsMax = 60;
const gap = '  ';

/** A value as one line of text: control characters could move a reader's cursor, so none is passed on; what turns text is shown. */
export const cellOf = (value: unknown): string => {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return marked(text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' '));
};

/** Cut on a screen, where a long cell would break the table; whole elsewhere. */
const cut = (text: string, screen: boolean): string =>
  screen && text.length > cellCharsMax ? `${text.slice(0, cellCharsMax - 1)}…` : text;

/** The columns of rows of which no schema speaks: their scalar members. */
export const columnsIn = (rows: readonly Row[]): readonly string[] => [
  ...new Set(
    rows.flatMap((row) => Object.keys(row).filter((name) => typeof row[name] !== 'object' || row[name] === null)),
  ),
];

interface Laid {
  readonly lines: readonly string[];
  /** Columns that did not fit on the screen. */
  readonly left_out: readonly string[];
}

/** Rows under a head, in columns as wide as they need; on a screen, as many columns as fit. */
export const table = (
  rows: readonly Row[],
  columns: readonly string[],
  { screen, columns: width, paint }: Terminal,
): Laid => {
  const texts = rows.map((row) => columns.map((name) => cut(cellOf(row[name]), screen)));
  const widths = columns.map((name, index) =>
    Math.max(name.length, ...texts.map((cells) => cells[index]?.length ?? 0)),
  );
  const lengthOf = (count: number): number =>
    widths.slice(0, count).reduce((sum, each) => sum + each + gap.length, -gap.length);
  const fitting = columns.findLastIndex((_, index) => lengthOf(index + 1) <= width) + 1;
  const shown = screen ? Math.max(1, fitting) : columns.length;
  const lay = (cells: readonly string[]): string =>
    cells
      .slice(0, shown)
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join(gap)
      .trimEnd();
  return { lines: [paint('bold', lay(columns)), ...texts.map(lay)], left_out: columns.slice(shown) };
};

/** Tab-separated, whole, without a head: for cut and awk. */
export const tabbed = (rows: readonly Row[], columns: readonly string[]): readonly string[] =>
  rows.map((row) => columns.map((name) => cellOf(row[name])).join('\t'));
