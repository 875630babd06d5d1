import { cellOf, columnsIn, table, tabbed } from './table.ts';
import type { Terminal } from './terminal.ts';

type Members = Readonly<Record<string, unknown>>;

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The rows of a list as it is answered: `{ data: [...], page: … }`. */
export const rowsIn = (body: unknown): readonly Members[] | undefined =>
  isMembers(body) && Array.isArray(body['data']) && body['data'].every(isMembers) ? body['data'] : undefined;

const indent = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`);

/** Text of several lines keeps them; other control characters go. */
const paragraphs = (text: string): readonly string[] => text.split(/\r\n|\n/).map(cellOf);

const described = (value: Members, terminal: Terminal): readonly string[] => {
  const names = Object.keys(value);
  const width = Math.max(0, ...names.map((name) => name.length));
  return names.flatMap((name) => {
    const member = value[name];
    const label = terminal.paint('bold', name.padEnd(width));
    if (isMembers(member) && Object.keys(member).length > 0)
      return [terminal.paint('bold', name), ...indent(described(member, terminal))];
    if (Array.isArray(member) && member.length > 0 && member.every(isMembers))
      return [terminal.paint('bold', name), ...indent(table(member, columnsIn(member), terminal).lines)];
    if (Array.isArray(member)) return [`${label}  ${member.map(cellOf).join(', ')}`];
    const lines = typeof member === 'string' ? paragraphs(member) : [cellOf(member)];
    return lines.length === 1
      ? [`${label}  ${lines[0] ?? ''}`.trimEnd()]
      : [terminal.paint('bold', name), ...indent(lines)];
  });
};

/** A result for a person: a table of a list, names and values of an object. */
const forPeople = (body: unknown, columns: readonly string[], terminal: Terminal): readonly string[] => {
  const rows = rowsIn(body);
  if (rows === undefined) return isMembers(body) ? described(body, terminal) : [cellOf(body)];
  if (rows.length === 0) {
    terminal.note('nothing found');
    return [];
  }
  const { lines, left_out } = table(rows, columns.length > 0 ? columns : columnsIn(rows), terminal);
  if (left_out.length > 0) terminal.note(terminal.tint('dim', `not shown: ${left_out.join(', ')} (--json shows all)`));
  return lines;
};

const forTools = (body: unknown, columns: readonly string[]): readonly string[] => {
  const rows = rowsIn(body);
  if (rows !== undefined) return tabbed(rows, columns.length > 0 ? columns : columnsIn(rows));
  return isMembers(body) ? Object.entries(body).map(([name, value]) => `${name}\t${cellOf(value)}`) : [cellOf(body)];
};

/** Writes a result in the form that was asked for. */
export const render = async (body: unknown, columns: readonly string[], terminal: Terminal): Promise<void> => {
  const lines = ((): readonly string[] => {
    switch (terminal.form) {
      case 'json':
        return [JSON.stringify(body ?? null, null, 2)];
      case 'ndjson':
        return (rowsIn(body) ?? [body ?? null]).map((row) => JSON.stringify(row));
      case 'plain':
        return forTools(body, columns);
      case 'human':
        return body === undefined ? [] : forPeople(body, columns, terminal);
    }
  })();
  if (lines.length > 0) await terminal.print(lines.join('\n'));
};
