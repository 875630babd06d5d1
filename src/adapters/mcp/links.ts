import type { ContentBlock } from '@modelcontextprotocol/server';
import { mcpLimits } from './limits.ts';

/** The nouns that are resources, by the field that names one. */
const nouns: Readonly<Record<string, string>> = {
  run_id: 'runs',
  approval_id: 'approvals',
  decision_id: 'decisions',
  agent_id: 'agents',
  event_id: 'events',
};

type Row = Readonly<Record<string, unknown>>;
const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value);

const linkTo = (noun: string, id: string): ContentBlock => ({
  type: 'resource_link',
  uri: `acta://${noun}/${id}`,
  name: `${noun}/${id}`,
  mimeType: 'application/json',
});

const linksIn = (row: Row, fields: readonly string[]): readonly ContentBlock[] =>
  fields.flatMap((field) => {
    const { [field]: id } = row;
    return typeof id === 'string' ? [linkTo(nouns[field] ?? '', id)] : [];
  });

/** What a list is a list of: the id that its rows begin with. */
const ownIdOf = (row: Row): string | undefined => Object.keys(row).find((field) => field in nouns);

/** Links to whatever an output names that is a resource: all of one thing, or each row of a list by its own id. */
export const linksOf = (output: unknown): readonly ContentBlock[] => {
  if (!isRow(output)) return [];
  const { data } = output;
  if (!Array.isArray(data)) return linksIn(output, Object.keys(nouns)).slice(0, mcpLimits.linksMax);
  const rows: readonly unknown[] = data;
  return rows
    .filter(isRow)
    .flatMap((row) => {
      const own = ownIdOf(row);
      return own === undefined ? [] : linksIn(row, [own]);
    })
    .slice(0, mcpLimits.linksMax);
};
