import { z } from 'zod';
import { higherRisk, type RiskLevel } from '../../../domain/capability/capability.spec.ts';
import type { Capability } from '../../../ports.ts';
import { capability } from '../define.ts';
import { failure, inWords, type Failure } from '../failure.ts';
import { callMsMax, connectMsMax, listMsMax } from './limits.ts';
import { mcpConnection, type McpConnection, type McpPlace } from './mcp.connection.ts';
import { brokenOff, resultOf, ToolResult } from './mcp.result.ts';
import { capabilityIdOf, parametersOf, pinOf, shown, Tool } from './mcp.tool.ts';

const ServerName = z.string().regex(/^[a-z][a-z0-9_]{0,29}$/, 'a lower-case word of at most 30 characters');
const timeoutMsMax = 600_000;

export type McpSettings = McpPlace & {
  readonly name: string;
  /** What the operator holds its tools for; `high` unless said otherwise, and never below what the risk rules demand. */
  readonly risk?: RiskLevel;
  /** The capability that takes back what a tool did, or null where people do; without it every tool is critical. */
  readonly compensated_by?: string | null;
  /** The tools wanted, by the server's names; all where nothing is said. */
  readonly allow?: readonly string[];
  readonly timeout_ms?: number;
};

/** A tool of which the server says something else than when it was registered, or nothing any more. */
export interface PinChange {
  readonly capability_id: string;
  readonly tool: string;
  readonly pinned: string;
  /** The digest now, or `gone`, or `twice` where two tools have its name. */
  readonly found: string;
}

export interface McpSource {
  readonly name: string;
  readonly capabilities: readonly Capability[];
  /** What each capability's tool was when it was registered. */
  readonly pins: ReadonlyMap<string, string>;
  /** Tools of which no capability could be made, and why. */
  readonly left_out: readonly { readonly tool: string; readonly reason: string }[];
  /** Reads the server's list again: what changed is refused from then on, until the source is made anew. */
  readonly recheck: () => Promise<readonly PinChange[]>;
  readonly close: () => Promise<void>;
}

interface Pinned {
  readonly tool: Tool;
  readonly id: string;
  readonly pin: string;
}

/** The tools of a list that are wanted and can be had, and what is wrong with the others. */
const sorted = (listed: readonly unknown[], name: string, allow: readonly string[] | undefined) => {
  const pinned: Pinned[] = [];
  const left_out: { tool: string; reason: string }[] = [];
  for (const raw of listed) {
    const read = Tool.safeParse(raw);
    const tool = read.success ? read.data.name : shown(String((raw as { name?: unknown } | null)?.name), 'nameless');
    if (allow !== undefined && !allow.includes(tool)) continue;
    try {
      const parsed = Tool.parse(raw);
      parametersOf(parsed);
      pinned.push({ tool: parsed, id: capabilityIdOf(name, parsed.name), pin: pinOf(parsed) });
    } catch (error) {
      left_out.push({ tool, reason: inWords(error) });
    }
  }
  const times = Map.groupBy(pinned, ({ id }) => id);
  const alone = pinned.filter(({ id }) => times.get(id)?.length === 1);
  for (const { id, tool } of pinned)
    if (times.get(id)?.length !== 1) left_out.push({ tool: tool.name, reason: `another tool would be ${id} too` });
  return { pinned: alone, left_out };
};

const pinned = (connection: McpConnection, settings: McpSettings, tools: readonly Pinned[]) => {
  const changed = new Map<string, PinChange>();
  const recheck = async (): Promise<readonly PinChange[]> => {
    const found = new Map<string, string>();
    for (const raw of await connection.list()) {
      const read = Tool.safeParse(raw);
      // Two of one name, or one that cannot be read, are no longer what was pinned.
      if (read.success) found.set(read.data.name, found.has(read.data.name) ? 'twice' : pinOf(read.data));
    }
    for (const { id, pin, tool } of tools) {
      const now = found.get(tool.name) ?? 'gone';
      if (now !== pin) changed.set(id, { capability_id: id, tool: tool.name, pinned: pin, found: now });
    }
    return [...changed.values()];
  };
  /** Why a tool may not be called now. */
  const refusal = async (id: string): Promise<Failure | undefined> => {
    try {
      await connection.open();
      if (connection.stale()) await recheck();
    } catch (error) {
      return failure('unavailable', `${settings.name} is not there: ${inWords(error)}`);
    }
    return changed.has(id)
      ? failure('disabled', `${settings.name} says something else of this tool than when it was registered`)
      : undefined;
  };
  return { recheck, refusal };
};

const capabilityOf = (
  { tool, id }: Pinned,
  settings: McpSettings,
  connection: McpConnection,
  refusal: (id: string) => Promise<Failure | undefined>,
): Capability => {
  const { compensated_by, risk = 'high' } = settings;
  const isCompensated = compensated_by !== undefined;
  const timeout_ms = Math.min(settings.timeout_ms ?? callMsMax, timeoutMsMax);
  return capability({
    capability_id: id,
    name: shown(tool.name, id),
    description: shown(tool.description, `The tool ${tool.name} of ${settings.name}`),
    operation: 'execute',
    risk: {
      level: higherRisk(risk, isCompensated ? 'high' : 'critical'),
      justification: `a tool of the external server ${settings.name}, whose claims about it are not trusted`,
    },
    side_effects: { reversible: false, scope: 'external', description: 'whatever the server does' },
    compensation: isCompensated
      ? {
          supported: true,
          strategy: compensated_by === null ? 'manual' : 'automatic',
          capability_id: compensated_by,
        }
      : { supported: false, strategy: 'none', capability_id: null },
    effect_class: 'unkeyed',
    timeout_ms: timeout_ms + connectMsMax + listMsMax,
    tags: ['mcp', settings.name],
    parameters: parametersOf(tool),
    result: ToolResult,
    invoke: async (args, { signal }) => {
      const refused = await refusal(id);
      if (refused !== undefined) return refused;
      try {
        return resultOf(await connection.call(tool.name, args, signal, timeout_ms));
      } catch (error) {
        return signal.aborted
          ? failure('timeout', 'the call was wanted no more', { happened: 'unknown', retryable: false })
          : brokenOff(error);
      }
    },
  });
};

/**
 * The tools of an external MCP server as capabilities (requirements W75; assurance F73). The server is not trusted: what
 * it says of a tool is text, pinned by a digest; a hint that a tool only reads lowers nothing, so every one is `unkeyed`,
 * and critical unless the operator names a compensation. Answers a reason where there is no such server; throws on a name
 * or a place that is none.
 */
export const mcpSource = async (
  settings: McpSettings,
): Promise<
  { readonly source: McpSource; readonly reason?: undefined } | { readonly source?: undefined; readonly reason: string }
> => {
  const name = ServerName.parse(settings.name);
  if ('url' in settings && !URL.canParse(settings.url)) throw new TypeError(`${settings.url} is no URL`);
  const connection = mcpConnection(settings);
  try {
    const { pinned: tools, left_out } = sorted(await connection.list(), name, settings.allow);
    const { recheck, refusal } = pinned(connection, settings, tools);
    const capabilities: Capability[] = [];
    const pins = new Map<string, string>();
    for (const tool of tools) {
      try {
        capabilities.push(capabilityOf(tool, settings, connection, refusal));
        pins.set(tool.id, tool.pin);
      } catch (error) {
        left_out.push({ tool: tool.tool.name, reason: inWords(error) });
      }
    }
    return { source: { name, capabilities, pins, left_out, recheck, close: connection.close } };
  } catch (error) {
    await connection.close();
    return { reason: `${name}: ${inWords(error)}` };
  }
};
