import {
  ProtocolError,
  ProtocolErrorCode,
  type CallToolResult,
  type InputRequiredResult,
  type RequestStateCodec,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { permits, type OverMcp, type Toolset } from '../../domain/kernel/operation.ts';
import { prepared, type Arguments } from './arguments.ts';
import { mcpLimits } from './limits.ts';
import { protocolServer, type ProtocolServer } from './protocol.ts';
import { servePrompts } from './prompts.ts';
import { serveResources, type Manual } from './resources.ts';
import { refusedWith, resultOf, type Era } from './result.ts';
import { toolsOf, type McpOperation, type OperationTool } from './tool.ts';
import type { Visit } from './visit.ts';
import { programOf, sealed, voteOf, type Asked } from './vote.ts';

/** Where a read model stands now, as a decimal; null for what the log itself answers. */
export type StandingOf = (projection: string) => Promise<string | null>;

/** All that this surface is made of; no other adapter is known to it. */
export interface McpOptions {
  readonly operations: readonly McpOperation[];
  readonly version: string;
  readonly standing: StandingOf;
  readonly manual: Manual;
  /** Seals what travels to clients and back; processes that answer at one address share it. At least 32 bytes. */
  readonly state_key: string;
}

/** One list of tools, made ready once for all who ask for it. */
export interface Toolbox {
  readonly toolset: Toolset;
  readonly tools: readonly OperationTool[];
  readonly named: ReadonlyMap<string, OperationTool>;
  readonly questions: RequestStateCodec<Asked>;
}

export const toolbox = ({ operations, state_key }: McpOptions, toolset: Toolset): Toolbox => {
  const tools = toolsOf(operations, toolset);
  return { toolset, tools, named: new Map(tools.map((tool) => [tool.shown.name, tool])), questions: sealed(state_key) };
};

/** Who calls, and in which words. */
export interface Caller extends Pick<Visit, 'principal' | 'ask'> {
  readonly era: Era;
}

/** What was waited for was reached, or there would be no answer. */
const laterOf = (stood: string | null, waitedFor: unknown): string | null =>
  typeof waitedFor === 'string' && BigInt(waitedFor) > BigInt(stood ?? 0) ? waitedFor : stood;

/** Carries one call out for whoever called. */
const called = async (
  tool: OperationTool,
  given: Arguments,
  { ask, era }: Caller,
  { standing }: McpOptions,
  { signal, over_mcp }: { readonly signal: AbortSignal; readonly over_mcp: OverMcp },
): Promise<CallToolResult> => {
  const ready = prepared(tool, given);
  if (!ready.ok) return refusedWith(ready.problem, era);
  const { reads } = tool.operation;
  // Before the answer: it may show more than this position, and never less.
  const stood = reads === undefined ? null : await standing(reads);
  const answered = await ask({ ...ready.asking, over_mcp, signal });
  const position = answered.status < 400 ? laterOf(stood, given['min_position']) : null;
  return resultOf(answered, position, era);
};

/** A vote, once it is clear whose: the person's at the client, or the call's own. */
const votedOn = async (
  tool: OperationTool,
  given: Arguments,
  caller: Caller,
  options: McpOptions,
  { questions }: Toolbox,
  context: ServerContext,
): Promise<CallToolResult | InputRequiredResult> => {
  const { ask, era, principal } = caller;
  const { signal } = context.mcpReq;
  const ready = prepared(tool, given);
  if (!ready.ok) return refusedWith(ready.problem, era);
  const vote = await voteOf(questions, context, given, { actor: principal.actor, ask });
  if ('ask' in vote) return vote.ask;
  if ('dismissed' in vote) return resultOf(await ask({ ...vote.dismissed, signal }), null, era);
  return await called(tool, vote.cast, caller, options, { signal, over_mcp: vote.over_mcp });
};

const instructions: Readonly<Record<Toolset, string>> = {
  core: 'Talk to agents, start and watch what they do, and decide what they may. Whatever is done is on the record.',
  audit: 'Read the record: events, states as of any revision, verdicts, and how sure agents were.',
  ops: 'Keep the runtime well: read models, policies that are tried out, budgets, and the stop button.',
};

/** A server for one exchange or one connection, which sees of a list of tools what the caller's key permits. */
export const mcpServer = (options: McpOptions, box: Toolbox, caller: Caller): ProtocolServer => {
  const { toolset, tools, named, questions } = box;
  const { scopes } = caller.principal;
  const server = protocolServer(
    { name: toolset === 'core' ? 'acta' : `acta-${toolset}`, title: 'Acta', version: options.version },
    {
      capabilities: { tools: {}, resources: {}, prompts: {}, completions: {} },
      instructions: instructions[toolset],
      requestState: { verify: (state, context) => questions.verify(state, context) },
      cacheHints: { 'tools/list': { ttlMs: mcpLimits.listMsMax, cacheScope: 'private' } },
    },
  );
  server.setRequestHandler('tools/list', () => ({
    tools: tools.filter(({ operation }) => permits(scopes, operation.scope)).map(({ shown }) => shown),
  }));
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    const tool = named.get(params.name);
    if (tool === undefined)
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        `there is no tool ${params.name.slice(0, mcpLimits.toolNameCharsMax)} here`,
      );
    const given = params.arguments ?? {};
    if (tool.operation.name === 'decide_approval') return await votedOn(tool, given, caller, options, box, context);
    const { mcpReq } = context;
    return await called(tool, given, caller, options, { signal: mcpReq.signal, over_mcp: programOf(mcpReq) });
  });
  serveResources(server, options, caller);
  servePrompts(server);
  return server;
};
