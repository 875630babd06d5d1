import type { CallToolResult } from '@modelcontextprotocol/server';
import { mcpLimits } from './limits.ts';
import { linksOf } from './links.ts';
import type { Answered } from '../../ports.ts';

type Members = Record<string, unknown>;

/** A result in words: what was said, where somebody spoke; small JSON as it is; of more, how much there is. */
const textOf = (output: Members): string => {
  if (typeof output['response'] === 'string' && output['response'] !== '') return output['response'];
  const text = JSON.stringify(output);
  if (Buffer.byteLength(text) <= mcpLimits.textBytesMax) return text;
  const { data } = output;
  if (Array.isArray(data)) return `${data.length} rows; they are in the structured content.`;
  return `${Object.keys(output).join(', ')}: in the structured content.`;
};

/** The members of a JSON answer; what is no object would be a bug of the operation. */
export const membersOf = (body: string): Members => {
  const parsed: unknown = body === '' ? {} : JSON.parse(body);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new TypeError('an operation that is a tool answers an object');
  return parsed as Members;
};

/** The revisions of the protocol as the library tells them apart: before and since 2026-07-28. */
export type Era = 'legacy' | 'modern';

/**
 * A problem that the model can read and mend. The clients of the older era hold whatever is structured against the tool's
 * output schema, be it an error or not: they get the document as text.
 */
export const refusedWith = (problem: Members, era: Era): CallToolResult =>
  era === 'legacy'
    ? { isError: true, content: [{ type: 'text', text: JSON.stringify(problem) }] }
    : {
        isError: true,
        content: [{ type: 'text', text: `${String(problem['code'])}: ${String(problem['detail'])}` }],
        structuredContent: problem,
      };

/** What the server answered as the result of a tool. `position` is where the read model stood that answered, if one did. */
export const resultOf = ({ status, headers, body }: Answered, position: string | null, era: Era): CallToolResult => {
  const members = membersOf(body);
  if (status >= 400) return refusedWith(members, era);
  const output = { ...members, as_of_position: headers['acta-position'] ?? position };
  return { content: [{ type: 'text', text: textOf(output) }, ...linksOf(output)], structuredContent: output };
};
