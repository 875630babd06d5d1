import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { PassThrough } from 'node:stream';
import { cli } from '../../src/adapters/cli/cli.ts';
import type { CliOptions } from '../../src/adapters/cli/occasion.ts';
import type { Input, Output } from '../../src/adapters/cli/terminal/terminal.ts';
import { operations } from '../../src/wiring/operations.ts';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

export type Answer = (asked: Asked, response: ServerResponse) => void | Promise<void>;

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString('utf8');
  return text === '' ? undefined : JSON.parse(text);
};

/** A server that stands in for the API at the wire: it writes down what it is asked, and answers as it is told. */
export const standIn = async (answer: Answer): Promise<{ url: string; asked: Asked[]; close: () => Promise<void> }> => {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://here');
    const take = async (): Promise<void> => {
      const body = await bodyOf(request);
      const question = {
        method: request.method ?? '',
        path: pathname,
        query: Object.fromEntries(searchParams),
        headers: request.headers,
        body,
      };
      asked.push(question);
      await answer(question, response);
    };
    take().catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};

export const json = (
  response: ServerResponse,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void => {
  const type = status >= 400 ? 'application/problem+json' : 'application/json';
  response.writeHead(status, { 'Content-Type': type, ...headers }).end(JSON.stringify(body));
};

export const problem = (response: ServerResponse, status: number, code: string, more: object = {}): void =>
  json(
    response,
    { type: `/problems/${code}`, title: `It is ${code}`, status, code, detail: 'as it stands', ...more },
    status,
  );

export const sse = (response: ServerResponse): ((event: string, data: unknown, id?: string) => void) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.write('retry: 2000\n\n');
  return (event, data, id) => {
    response.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  };
};

export interface Act {
  /** Resolves with the exit code. */
  readonly exit: Promise<number>;
  readonly stdin: PassThrough;
  readonly stdout: PassThrough;
  readonly out: () => string;
  readonly err: () => string;
  readonly signals: EventEmitter;
}

export interface Setting extends Partial<
  Pick<CliOptions, 'env' | 'folder' | 'operations' | 'serve' | 'demo' | 'doctor'>
> {
  /** Screens rather than pipes. */
  readonly screen?: boolean;
  readonly columns?: number;
}

const stream = (screen: boolean, columns: number): { stream: PassThrough & Output & Input; text: () => string } => {
  const made = Object.assign(new PassThrough({ highWaterMark: 1024 * 1024 }), screen ? { isTTY: true, columns } : {});
  let text = '';
  made.on('data', (part) => (text += String(part)));
  return { stream: made, text: () => text };
};

/** Plays one command: its streams are pipes, or screens of eighty columns. */
export const play = (argv: readonly string[], setting: Setting = {}): Act => {
  const { screen = false, columns = 80, env = {}, folder = tmpdir(), ...rest } = setting;
  const stdin = Object.assign(new PassThrough(), screen ? { isTTY: true } : {});
  const stdout = stream(screen, columns);
  const stderr = stream(screen, columns);
  const signals = new EventEmitter();
  const refuse = (): Promise<never> => Promise.reject(new Error('not to be called here'));
  const exit = cli({
    argv,
    env,
    folder,
    version: '1.2.3',
    operations,
    stdin,
    stdout: stdout.stream,
    stderr: stderr.stream,
    signals,
    serve: refuse,
    demo: refuse,
    open: () => Promise.reject(new Error('no test opens a server of its own')),
    doctor: () => Promise.resolve([]),
    ...rest,
  });
  return { exit, stdin, stdout: stdout.stream, out: stdout.text, err: stderr.text, signals };
};

/** Plays one command to its end, with nothing on stdin. */
export const played = async (
  argv: readonly string[],
  setting: Setting = {},
): Promise<{ exit: number; out: string; err: string }> => {
  const act = play(argv, setting);
  act.stdin.end();
  const exit = await act.exit;
  return { exit, out: act.out(), err: act.err() };
};
