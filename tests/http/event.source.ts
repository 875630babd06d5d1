import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { openEmbeddedLog } from '../../src/adapters/embedded-log/event-log.ts';
import type { EventSource } from '../../src/adapters/http/options.ts';
import type { EventLog, NewEvent } from '../../src/ports.ts';
import { operatorKey } from './running.server.ts';

/** A durable log in a folder of its own, and how it is shown. */
export const openLog = async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'acta-http-'));
  const log: EventLog = await openEmbeddedLog({ folder });
  const source: EventSource = {
    subscribe: log.subscribe,
    head: log.head,
    readAll: log.readAll,
    scope: 'events:read',
    show: ({ type, stream, revision, position, data }, { tenant }) =>
      tenant === 'default' ? { type, stream, revision, position: String(position), data } : undefined,
  };
  const close = async (): Promise<void> => {
    await log.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { log, source, close };
};

/** The same for one test alone. */
export const freshLog = async () => {
  const { close, ...opened } = await openLog();
  onTestFinished(close);
  return opened;
};

/** Appends so many events to one stream; `n` counts on from `first`. */
export const write = async (
  log: EventLog,
  stream: string,
  count: number,
  { first = 0, type = 'TurnReceived', correlation = 'c-1', text = '' } = {},
): Promise<void> => {
  const events = Array.from({ length: count }, (_, index): NewEvent => ({
    id: randomUUID(),
    type,
    data: { n: first + index, ...(text === '' ? {} : { text }) },
    metadata: { $correlationId: correlation },
  }));
  await log.append(stream, first === 0 ? 'no_stream' : first - 1, events);
};

export interface Message {
  readonly event: string;
  readonly id?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What the standard says of a line of an event stream, as far as a server here writes it. */
const parsed = (block: string): { readonly message?: Message; readonly id?: string; readonly comment?: string } => {
  const fields = new Map<string, string>();
  let comment: string | undefined;
  for (const line of block.split('\n')) {
    if (line.startsWith(':')) comment = line.slice(1).trim();
    else fields.set(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2));
  }
  const id = fields.get('id');
  const data = fields.get('data');
  return {
    ...(comment === undefined ? {} : { comment }),
    ...(id === undefined ? {} : { id }),
    ...(data === undefined
      ? {}
      : {
          message: {
            event: fields.get('event') ?? 'message',
            ...(id === undefined ? {} : { id }),
            data: JSON.parse(data) as Record<string, unknown>,
          },
        }),
  };
};

/** A reader of an event stream, who remembers its last id as a browser does. */
export interface Listener {
  readonly messages: Message[];
  readonly comments: string[];
  /** What a browser would send as `Last-Event-ID`. */
  lastId: string | undefined;
  readonly headers: Readonly<http.IncomingHttpHeaders>;
  readonly ended: Promise<void>;
  /** Cuts the connection. */
  readonly cut: () => void;
  /** Takes no more bytes. */
  readonly stall: () => void;
}

/** Opens a stream and keeps reading it. `hear` is called for each message. */
export const listen = (
  url: string,
  {
    headers = {},
    method = 'GET',
    body,
    hear,
  }: {
    readonly headers?: Readonly<Record<string, string>>;
    readonly method?: string;
    readonly body?: string;
    readonly hear?: (message: Message, listener: Listener) => void;
  } = {},
): Promise<Listener> =>
  new Promise((resolve, reject) => {
    const request = http.request(url, {
      method,
      agent: false,
      headers: { authorization: `Bearer ${operatorKey}`, ...headers },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const { promise: ended, resolve: end } = Promise.withResolvers<void>();
      const listener: Listener = {
        messages: [],
        comments: [],
        lastId: undefined,
        headers: response.headers,
        ended,
        cut: () => request.destroy(),
        stall: () => response.pause(),
      };
      let rest = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const blocks = (rest + chunk).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) {
          const { message, id, comment } = parsed(block);
          if (id !== undefined) listener.lastId = id;
          if (comment !== undefined) listener.comments.push(comment);
          if (message === undefined) continue;
          listener.messages.push(message);
          hear?.(message, listener);
        }
      });
      response.on('close', end);
      response.on('error', () => end());
      resolve(listener);
    });
    request.end(body);
  });
