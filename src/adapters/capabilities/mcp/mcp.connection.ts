import { AsyncLocalStorage } from 'node:async_hooks';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { McpError, ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { callMsMax, connectMsMax, listMsMax, messageBytesMax, pagesMax, toolsMax } from './limits.ts';

/** Where a server is: at a URL, or a program of the operator's that speaks over its own input and output. */
export type McpPlace =
  | { readonly url: string; readonly headers?: Readonly<Record<string, string>> }
  | { readonly command: string; readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>> };

/** The connection, made when it is needed and made again when it was lost. */
export interface McpConnection {
  /** Every tool, as far as the limits go; throws beyond them, and where there is no server. */
  readonly list: () => Promise<readonly unknown[]>;
  readonly open: () => Promise<void>;
  readonly call: (name: string, args: unknown, signal: AbortSignal, timeout_ms?: number) => Promise<unknown>;
  /** Whether the list may have changed since it was last read: another connection, or the server says so. */
  readonly stale: () => boolean;
  readonly close: () => Promise<void>;
}

/** The call a request belongs to: the SDK does not tell it when the connection breaks off before the answer. */
const calls = new AsyncLocalStorage<AbortController>();
/** An answer that came is being read for so long after the last byte of its body. */
const readMsMax = 1_000;

async function* counted(
  body: AsyncIterable<Uint8Array>,
  call: AbortController | undefined,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > messageBytesMax) throw new RangeError(`the answer is beyond ${messageBytesMax} bytes`);
      yield chunk;
    }
    setTimeout(() => call?.abort(new Error('the server ended the connection without an answer')), readMsMax).unref();
  } catch (error) {
    call?.abort(error);
    throw error;
  }
}

/** Bodies end at a limit; nothing is sent on to where a redirection leads. A stream that only listens is not opened. */
const boundedFetch = async (url: string | URL, init?: RequestInit): Promise<Response> => {
  if (init?.method === 'GET') return new Response(null, { status: 405 });
  const response = await fetch(url, { ...init, redirect: 'error' });
  const { body, status, statusText, headers } = response;
  const bounded = body === null ? null : ReadableStream.from(counted(body, calls.getStore()));
  return new Response(bounded, { status, statusText, headers });
};

const transportOf = (place: McpPlace): Transport => {
  if ('url' in place)
    return new StreamableHTTPClientTransport(new URL(place.url), {
      fetch: boundedFetch,
      requestInit: { headers: { ...place.headers } },
      reconnectionOptions: {
        initialReconnectionDelay: 1_000,
        maxReconnectionDelay: 1_000,
        reconnectionDelayGrowFactor: 1,
        maxRetries: 0,
      },
    });
  return new StdioClientTransport({
    command: place.command,
    args: [...(place.args ?? [])],
    ...(place.env === undefined ? {} : { env: { ...place.env } }),
    stderr: 'ignore',
    maxBufferSize: messageBytesMax,
  });
};

const Page = z.object({ tools: z.array(z.unknown()), nextCursor: z.string().max(4_096).optional() });
const Anything = z.looseObject({});

const listed = async (client: Client): Promise<readonly unknown[]> => {
  const tools: unknown[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const params = cursor === undefined ? {} : { cursor };
    const told = await client.request({ method: 'tools/list', params }, Page, { timeout: listMsMax });
    tools.push(...told.tools);
    if (tools.length > toolsMax) throw new RangeError(`the server has more than ${toolsMax} tools`);
    cursor = told.nextCursor;
    if (cursor === undefined) return tools;
  }
  throw new RangeError(`the server lists its tools on more than ${pagesMax} pages`);
};

/** A client that has greeted its server; it tells when the tools change and when the connection is lost. */
const greeted = async (
  place: McpPlace,
  { onChanged, onLost }: { readonly onChanged: () => void; readonly onLost: () => void },
): Promise<Client> => {
  const client = new Client({ name: 'acta', version: '0.1.0' }, { capabilities: {} });
  client.setNotificationHandler(ToolListChangedNotificationSchema, onChanged);
  // The SDK has no listeners to add, only members to set.
  Object.assign(client, { onerror: () => undefined, onclose: onLost });
  try {
    await client.connect(transportOf(place), { timeout: connectMsMax });
    return client;
  } catch (error) {
    onLost();
    await client.close().catch(() => undefined);
    throw error;
  }
};

/**
 * A connection to an MCP server. A program of the operator's runs as the operator started it, outside every sandbox, with
 * the few environment variables the SDK holds to be harmless and those that were set for it.
 */
export const mcpConnection = (place: McpPlace): McpConnection => {
  let current: Promise<Client> | undefined;
  let stale = true;
  let closed = false;

  const lost = (): void => {
    current = undefined;
    stale = true;
  };
  const connect = (): Promise<Client> =>
    greeted(place, {
      onChanged: () => {
        stale = true;
      },
      onLost: lost,
    });
  const client = (): Promise<Client> => {
    if (closed) throw new Error('the connection is closed');
    if (current === undefined) {
      stale = true;
      current = connect();
    }
    return current;
  };

  /** Over HTTP nothing closes when a server forgets us, as after its restart: what it no longer knows is begun anew. */
  const forget = (error: unknown): void => {
    if (!('url' in place) || error instanceof McpError) return;
    lost();
  };

  return {
    stale: () => stale || current === undefined,
    open: async () => void (await client()),
    list: async () => {
      const open = await client();
      stale = false;
      try {
        return await listed(open);
      } catch (error) {
        stale = true;
        forget(error);
        throw error;
      }
    },
    call: async (name, args, wanted, timeout_ms = callMsMax) => {
      const open = await client();
      const broken = new AbortController();
      const params = { name, arguments: args as Record<string, unknown> };
      const signal = AbortSignal.any([wanted, broken.signal]);
      const limits = { signal, timeout: timeout_ms, maxTotalTimeout: timeout_ms };
      try {
        return await calls.run(broken, () => open.request({ method: 'tools/call', params }, Anything, limits));
      } catch (error) {
        if (!signal.aborted) forget(error);
        throw error;
      }
    },
    close: async () => {
      closed = true;
      const open = await current?.catch(() => undefined);
      await open?.close();
    },
  };
};
