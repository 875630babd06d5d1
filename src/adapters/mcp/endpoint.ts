import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, type McpRequestContext } from '@modelcontextprotocol/server';
import { toolsets, type Toolset } from '../../domain/kernel/operation.ts';
import { mcpServer, toolbox, type Caller, type McpOptions } from './server.ts';
import { visitOf, type Visit } from './visit.ts';

/** Where a list of tools is served. */
export const placeOf = (toolset: Toolset): string => (toolset === 'core' ? '/mcp' : `/mcp/${toolset}`);

/** One list of tools over Streamable HTTP, for clients of both eras: nothing is kept between two requests. */
export interface McpEndpoint {
  readonly path: string;
  readonly handle: (visit: Visit) => Promise<void>;
  readonly close: () => Promise<void>;
}

const callerOf = ({ authInfo, era }: McpRequestContext): Caller => {
  const { principal, ask } = visitOf(authInfo);
  return { principal, ask, era };
};

const endpoint = (options: McpOptions, toolset: Toolset): McpEndpoint => {
  const box = toolbox(options, toolset);
  const handler = createMcpHandler((context) => mcpServer(options, box, callerOf(context)), { legacy: 'stateless' });
  const answer = toNodeHandler(handler);
  return {
    path: placeOf(toolset),
    handle: async (visit) => {
      const { request, response, body, principal } = visit;
      const auth = { token: '', clientId: principal.actor, scopes: [...principal.scopes], extra: { visit } };
      // Its type of a request names the same members, yet forbids that one is undefined.
      await answer(Object.assign(request, { auth }) as Parameters<typeof answer>[0], response, body);
    },
    close: () => handler.close(),
  };
};

/** The lists of tools, each at its own address. */
export const mcpEndpoints = (options: McpOptions): readonly McpEndpoint[] =>
  toolsets.map((toolset) => endpoint(options, toolset));
