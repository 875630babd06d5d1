import type { Tool } from '@modelcontextprotocol/server';
import type { AnyOperation, Toolset } from '../../domain/kernel/operation.ts';
import { mcpLimits } from './limits.ts';
import { bareSchema, objectSchemaOf, withMembers, withoutMember, type ObjectSchema } from './tool.schema.ts';

/** What of an operation a tool is made of; who runs it is the server's business. */
export type McpOperation = Omit<AnyOperation<never>, 'run' | 'stream'> & { readonly stream?: unknown };

/** An operation as a tool: how it is shown, and what it is called with. */
export interface OperationTool {
  readonly operation: McpOperation;
  readonly shown: Tool;
  readonly input: ObjectSchema;
}

const key = {
  type: 'string',
  minLength: 1,
  maxLength: 255,
  description: 'Your own name for this one call: sent again with it, it is done once.',
} as const;
const revision = {
  type: 'integer',
  minimum: 0,
  description: 'The revision you have read; refused where it has changed since.',
} as const;
const minPosition = {
  type: 'string',
  pattern: String.raw`^\d{1,18}$`,
  description: 'Wait until this position of the log is visible: the as_of_position of an earlier result.',
} as const;
const asOfPosition = {
  type: ['string', 'null'],
  description: 'The position of the log that this reflects, at least.',
} as const;

/** The arguments of every tool of this kind, beside those of its operation: what HTTP says in headers. */
const inputOf = (operation: McpOperation, name: string): ObjectSchema => {
  const { input, kind, guarded, reads, stream } = operation;
  const own = objectSchemaOf(input, 'input', name);
  // An answer that comes in pieces is for those who show them; a tool has one result.
  const plain = stream === undefined ? own : withoutMember(own, 'stream');
  if (kind === 'command')
    return withMembers(
      plain,
      { ...(guarded === true ? { revision } : {}), idempotency_key: key },
      guarded === true ? ['revision'] : [],
    );
  return reads === undefined ? plain : withMembers(plain, { min_position: minPosition });
};

/** Summary and description, as many whole sentences of them as there is room for. */
export const describedIn = (charsMax: number, summary: string, description = ''): string => {
  const sentences = [`${summary}.`, ...description.split(/(?<=[.!?]) +/)].filter((sentence) => sentence !== '');
  let text = '';
  for (const sentence of sentences) {
    const longer = text === '' ? sentence : `${text} ${sentence}`;
    if (longer.length > charsMax) break;
    text = longer;
  }
  return text === '' ? `${summary.slice(0, charsMax - 1)}…` : text;
};

const toolOf = (operation: McpOperation, mcp: NonNullable<McpOperation['mcp']>): OperationTool => {
  const input = inputOf(operation, mcp.tool);
  const output = withMembers(
    bareSchema(objectSchemaOf(operation.output, 'output', mcp.tool)) as ObjectSchema,
    { as_of_position: asOfPosition },
    ['as_of_position'],
  );
  const { summary, description } = operation;
  return {
    operation,
    input,
    shown: {
      name: mcp.tool,
      title: summary,
      description: describedIn(mcpLimits.descriptionCharsMax, summary, description),
      inputSchema: input as Tool['inputSchema'],
      outputSchema: output,
      annotations: {
        readOnlyHint: mcp.read_only,
        destructiveHint: mcp.destructive,
        idempotentHint: mcp.idempotent,
        openWorldHint: mcp.open_world === true,
      },
    },
  };
};

/** The tools of one list, sorted by name: the same list every time, so that what a client keeps of it stays good. */
export const toolsOf = (operations: readonly McpOperation[], toolset: Toolset): readonly OperationTool[] =>
  operations
    .flatMap((operation) => (operation.mcp?.toolset === toolset ? [toolOf(operation, operation.mcp)] : []))
    .toSorted((a, b) => (a.shown.name < b.shown.name ? -1 : 1));
