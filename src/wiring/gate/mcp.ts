import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { mcpSource, type McpSettings, type McpSource } from '../../adapters/capabilities/mcp/mcp.source.ts';
import { RiskLevel } from '../../domain/capability/capability.spec.ts';
import type { Journal } from '../../ports.ts';

const serversMax = 50;

const common = {
  name: z.string().regex(/^[a-z][a-z0-9_]{0,39}$/),
  risk: RiskLevel.optional(),
  compensated_by: z.string().nullable().optional(),
  allow: z.array(z.string()).max(1_000).optional(),
  timeout_ms: z.int().min(1).optional(),
};

const Servers = z
  .array(
    z.union([
      z.strictObject({ ...common, url: z.url() }),
      z.strictObject({ ...common, command: z.string().min(1), args: z.array(z.string()).default([]) }),
    ]),
  )
  .max(serversMax);

/** The MCP servers of a file, as sources of capabilities. One that cannot be reached is left out, and said to be. */
export const mcpSources = async (file: string | undefined, journal: Journal): Promise<readonly McpSource[]> => {
  if (file === undefined) return [];
  const servers = Servers.parse(JSON.parse(await readFile(file, 'utf8')));
  const opened = await Promise.all(servers.map((server) => mcpSource(server as McpSettings)));
  return opened.flatMap(({ source, reason }, index) => {
    if (source !== undefined) return [source];
    journal.warn('mcp_server_left_out', { name: servers[index]?.name, reason });
    return [];
  });
};
