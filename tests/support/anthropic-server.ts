import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** A request as the provider saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The parsed JSON body. */
  readonly body: {
    readonly model: string;
    readonly max_tokens: number;
    readonly stream?: boolean;
    readonly system?: string;
    readonly temperature?: number;
    readonly messages: readonly { readonly role: string; readonly content: string }[];
    readonly tools?: readonly { readonly name: string; readonly description: string; readonly input_schema: unknown }[];
  };
  /** The client's port: the same for requests on the same connection. */
  readonly port: number | undefined;
  /** True once the client has closed the connection before the answer was complete. */
  left: boolean;
}

/** How one request is answered. Made by the functions below; written by hand where none of them fits. */
export type Answer = (request: SeenRequest, response: ServerResponse) => Promise<void> | void;

export interface MessageOptions {
  readonly model?: string;
  readonly tools?: readonly { readonly id?: string; readonly name: string; readonly input: unknown }[];
  readonly stop_reason?: string;
  readonly usage?: Readonly<Record<string, number>>;
  /** Into how many deltas the text is cut. */
  readonly chunks?: number;
  /** Waited before every delta: slow enough to be killed in the middle. */
  readonly chunk_delay_ms?: number;
}

const frame = (type: string, members: object = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`;

const open = (response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'request-id': 'req_test' });
};

const deltas = (index: number, members: object, texts: readonly object[]): readonly string[] => [
  frame('content_block_start', { index, content_block: members }),
  ...texts.map((delta) => frame('content_block_delta', { index, delta })),
  frame('content_block_stop', { index }),
];

const cutInto = (text: string, count: number): readonly string[] => {
  const size = Math.max(1, Math.ceil(text.length / count));
  return Array.from({ length: Math.ceil(text.length / size) }, (_, n) => text.slice(n * size, n * size + size));
};

/** The frames of a whole message, in the provider's order. */
export const messageFrames = (text: string, options: MessageOptions, asked: string): readonly string[] => {
  const { tools = [], usage = {}, chunks = 3, model = asked } = options;
  const stop_reason = options.stop_reason ?? (tools.length > 0 ? 'tool_use' : 'end_turn');
  const counted = { input_tokens: 12, output_tokens: 1, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };
  const message = { id: 'msg_test', type: 'message', role: 'assistant', model, content: [], stop_reason: null };
  const parts = cutInto(text, chunks).map((part) => ({ type: 'text_delta', text: part }));
  return [
    frame('message_start', { message: { ...message, usage: { ...counted, ...usage, output_tokens: 1 } } }),
    frame('ping'),
    ...(text === '' ? [] : deltas(0, { type: 'text', text: '' }, parts)),
    ...tools.flatMap(({ id, name, input }, ordinal) =>
      deltas(
        ordinal + 1,
        { type: 'tool_use', id: id ?? `toolu_${ordinal}`, name, input: {} },
        cutInto(JSON.stringify(input), 2).map((partial_json) => ({ type: 'input_json_delta', partial_json })),
      ),
    ),
    frame('message_delta', { delta: { stop_reason }, usage: { output_tokens: 7, ...usage } }),
    frame('message_stop'),
  ];
};

/** A whole answer: text, tool calls, usage. */
export const says =
  (text: string, options: MessageOptions = {}): Answer =>
  async (request, response) => {
    open(response);
    for (const part of messageFrames(text, options, request.body.model)) {
      if (part.includes('content_block_delta')) await wait(options.chunk_delay_ms ?? 0);
      if (request.left) return;
      response.write(part);
    }
    response.end();
  };

/** An error status with the provider's error body. */
export const fails =
  (
    status: number,
    error: { readonly type: string; readonly message?: string; readonly error_code?: string } = { type: 'api_error' },
    headers: Readonly<Record<string, string>> = {},
  ): Answer =>
  (_, response) => {
    const { type, message = 'no', error_code } = error;
    const details = error_code === undefined ? {} : { details: { error_code } };
    response.writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_test', ...headers });
    response.end(JSON.stringify({ type: 'error', error: { type, message, ...details } }));
  };

/** An `error` event in a stream that began well. */
export const failsLate =
  (type: string, text = ''): Answer =>
  (request, response) => {
    open(response);
    const [start = ''] = messageFrames('', {}, request.body.model);
    response.write(start);
    for (const part of text === '' ? [] : deltas(0, { type: 'text', text: '' }, [{ type: 'text_delta', text }]))
      response.write(part);
    response.end(frame('error', { error: { type, message: 'later' } }));
  };

/** The first so many bytes of an answer, then the connection is torn down. */
export const cutAfter =
  (bytes: number, text: string, options: MessageOptions = {}): Answer =>
  async (request, response) => {
    open(response);
    const whole = Buffer.from(messageFrames(text, options, request.body.model).join(''));
    await new Promise((resolve) => response.write(whole.subarray(0, bytes), resolve));
    response.socket?.destroy();
  };

/** An answer that ends in good order, though the message has not ended. */
export const stopsShort =
  (text: string, options: MessageOptions = {}): Answer =>
  (request, response) => {
    open(response);
    response.end(messageFrames(text, options, request.body.model).slice(0, -2).join(''));
  };

/** Whatever bytes, as an event stream. */
export const garbles =
  (body: string): Answer =>
  (_, response) => {
    open(response);
    response.end(body);
  };

/** Takes the request and never answers. */
export const hangs = (): Answer => () => undefined;

/** Begins to answer and never goes on. */
export const hangsAfter =
  (text: string): Answer =>
  (request, response) => {
    open(response);
    response.write(messageFrames(text, { chunks: 1 }, request.body.model).slice(0, 4).join(''));
  };

/** Goes on answering until the client has had enough. */
export const neverEnds = (): Answer => (request, response) => {
  open(response);
  const [start, ping, block, delta] = messageFrames('x'.repeat(64_000), { chunks: 1 }, request.body.model);
  response.write(`${start}${ping}${block}`);
  const more = (): void => void (request.left || response.write(delta, more));
  more();
};

/** The model declines. */
export const refuses = (): Answer => says('', { stop_reason: 'refusal' });

export interface AnthropicServer {
  /** For `ANTHROPIC_BASE_URL`. */
  readonly url: string;
  /** Everything that was asked, in order. */
  readonly requests: readonly SeenRequest[];
  /** Answers for the requests to come. */
  readonly next: (...answers: readonly Answer[]) => void;
  readonly close: () => Promise<void>;
}

/**
 * A local server that speaks the provider's Messages API. The script answers requests in order; when it is at its end,
 * `otherwise` does (a plain `OK.`). Used over a real socket by the real SDK.
 */
export const anthropicServer = async ({
  script = [],
  otherwise = says('OK.'),
}: { readonly script?: readonly Answer[]; readonly otherwise?: Answer } = {}): Promise<AnthropicServer> => {
  const answers = [...script];
  const requests: SeenRequest[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming;
      const body = JSON.parse(Buffer.concat(chunks).toString() || '{}') as SeenRequest['body'];
      const port = incoming.socket.remotePort;
      const request: SeenRequest = { method, path: url, headers, body, port, left: false };
      response.on('close', () => (request.left = !response.writableFinished));
      requests.push(request);
      Promise.resolve((answers.shift() ?? otherwise)(request, response)).catch(() => response.destroy());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    next: (...more) => void answers.push(...more),
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};
