import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';
import { serverEvents } from '../connection/server.events.ts';
import { linesIn } from './lines.ts';

/** Requests under way at once; more wait on stdin. */
const inFlightMax = 64;
/** A client that has closed its end may still be reading: what it asked last is answered, within this. */
export const closingMsMax = 5_000;

/** As much of a message as has to be understood to pass it on (JSON-RPC 2.0). */
const Message = z.looseObject({
  id: z.union([z.string(), z.number()]).optional(),
  method: z.string().optional(),
  params: z.looseObject({}).optional(),
});
type Message = z.infer<typeof Message>;

const Initialized = z.looseObject({ result: z.looseObject({ protocolVersion: z.string() }) });
const Refused = z.looseObject({ code: z.string(), detail: z.string() });

const versionKey = 'io.modelcontextprotocol/protocolVersion';
const parseError = -32_700;
const internalError = -32_603;
const invalidParams = -32_602;

/** Which server is meant, and where its messages come from and go to. */
export interface Relayed {
  /** The address of one list of tools. */
  readonly url: string;
  readonly key: string | undefined;
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** For people; stdout belongs to the protocol. */
  readonly warn: (line: string) => void;
  readonly signal: AbortSignal;
  /** How long answers are waited for once the client has said all it wants to say. */
  readonly closing_ms: number;
}

const textIn = (params: Message['params'], name: string): string | undefined => {
  const value = params?.[name];
  return typeof value === 'string' ? value : undefined;
};

/** What a header can hold. */
const inHeader = /^[\x20-\x7e]*$/;

/** The headers in which HTTP repeats what a message of the newer era says of itself (MCP 2026-07-28, transports). */
const routingOf = ({ method, params }: Message, agreed: string | undefined): Readonly<Record<string, string>> => {
  const { _meta: meta } = params ?? {};
  const own: unknown =
    typeof meta === 'object' && meta !== null ? (meta as Record<string, unknown>)[versionKey] : undefined;
  if (typeof own !== 'string') return agreed === undefined ? {} : { 'mcp-protocol-version': agreed };
  const name = textIn(params, 'name') ?? textIn(params, 'uri');
  return {
    'mcp-protocol-version': own,
    ...(method === undefined ? {} : { 'mcp-method': method }),
    ...(name === undefined ? {} : { 'mcp-name': name }),
  };
};

/** What a message is sent with; undefined where it names what no header can hold, and so nothing that there is. */
const headersOf = (
  message: Message,
  agreed: string | undefined,
  key: string | undefined,
): Readonly<Record<string, string>> | undefined => {
  const routing = routingOf(message, agreed);
  if (!Object.values(routing).every((value) => inHeader.test(value))) return undefined;
  const own = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  return { ...own, ...(key === undefined ? {} : { authorization: `Bearer ${key}` }), ...routing };
};

/** What one answer holds: messages, one after the other. A refusal of the server's own becomes an error of the protocol. */
const messagesIn = async function* (response: Response, { id }: Message): AsyncGenerator<string> {
  const media = response.headers.get('content-type') ?? '';
  if (media.startsWith('text/event-stream') && response.body !== null) {
    for await (const { data } of serverEvents(response.body)) if (data !== '') yield data;
    return;
  }
  const text = await response.text();
  if (text === '' || id === undefined) return;
  const { success, data } = Refused.safeParse(media.includes('json') ? JSON.parse(text) : undefined);
  yield success
    ? JSON.stringify({
        jsonrpc: '2.0',
        id,
        error: { code: internalError, message: `${data.code}: ${data.detail}`, data },
      })
    : JSON.stringify(JSON.parse(text));
};

const reasonOf = (error: unknown): string =>
  error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);

const errorWith = (id: Message['id'], code: number, message: string): string =>
  JSON.stringify({ jsonrpc: '2.0', id: id ?? null, error: { code, message } });

/**
 * Carries messages between a client on stdin and stdout and a server over HTTP, one request each, until the client closes
 * its end. It understands none of them beyond what HTTP has to be told: what the server offers is what the client gets.
 */
export const relay = async ({ url, key, stdin, stdout, warn, signal, closing_ms }: Relayed): Promise<void> => {
  const underWay = new Map<string | number, AbortController>();
  const working = new Set<Promise<void>>();
  let agreed: string | undefined;

  const say = (line: string): void => void stdout.write(`${line}\n`);
  const fail = (id: Message['id'], code: number, message: string): void => {
    if (id !== undefined || code === parseError) say(errorWith(id, code, message));
  };

  const carry = async (message: Message, line: string, ending: AbortController): Promise<void> => {
    const { id, method } = message;
    const headers = headersOf(message, agreed, key);
    if (headers === undefined) return fail(id, invalidParams, 'there is nothing of this name: names are plain');
    try {
      const response = await fetch(url, {
        method: 'POST',
        body: line,
        headers,
        signal: AbortSignal.any([signal, ending.signal]),
      });
      for await (const answer of messagesIn(response, message)) {
        if (method === 'initialize') agreed = Initialized.safeParse(JSON.parse(answer)).data?.result.protocolVersion;
        say(answer);
      }
    } catch (error) {
      // Whoever called it off hears nothing more of it.
      if (ending.signal.aborted || signal.aborted) return;
      warn(`no answer from ${url}: ${reasonOf(error)}`);
      fail(id, internalError, `no answer from ${url}`);
    } finally {
      if (id !== undefined) underWay.delete(id);
    }
  };

  const take = (line: string): void => {
    let message: Message;
    try {
      message = Message.parse(JSON.parse(line));
    } catch {
      return fail(undefined, parseError, 'this is not a message of JSON-RPC');
    }
    const { id, method, params } = message;
    if (method === 'notifications/cancelled') {
      const { requestId } = params ?? {};
      return underWay.get(requestId as string | number)?.abort();
    }
    const ending = new AbortController();
    if (id !== undefined) underWay.set(id, ending);
    const work = carry(message, line, ending);
    working.add(work);
    return void work.finally(() => working.delete(work));
  };

  for await (const line of linesIn(stdin, signal)) {
    if (line?.trim() === '') continue;
    take(line ?? '');
    while (working.size >= inFlightMax) await Promise.race(working);
  }
  const late = setTimeout(() => {
    for (const ending of underWay.values()) ending.abort();
  }, closing_ms);
  await Promise.all(working);
  clearTimeout(late);
};
