import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { cutInto, modelServer, type Answer as AnswerTo, type ModelServer, type Wire } from './model-server.ts';

interface SeenBody {
  readonly model: string;
  readonly max_tokens: number;
  readonly stream?: boolean;
  readonly system?: string;
  readonly temperature?: number;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly tools?: readonly { readonly name: string; readonly description: string; readonly input_schema: unknown }[];
}

export type Answer = AnswerTo<SeenBody>;
/** `url` is for `ANTHROPIC_BASE_URL`. */
export type AnthropicServer = ModelServer<SeenBody>;

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

/** The provider's protocol, for what every provider is asked (`provider.behaviour.ts`). */
export const anthropicWire: Wire = {
  media_type: 'text/event-stream',
  frames: (text, { tools, stop, usage, chunks = 3 }, asked) =>
    messageFrames(
      text,
      {
        chunks,
        ...(tools === undefined ? {} : { tools }),
        ...(stop === undefined ? {} : { stop_reason: stop === 'length' ? 'max_tokens' : stop }),
        ...(usage === undefined ? {} : { usage: { input_tokens: usage.input, output_tokens: usage.output } }),
      },
      asked,
    ),
  end_frames: 3,
  late_error: (message) => frame('error', { error: { type: 'overloaded_error', message } }),
  error_body: (_, message) => ({ type: 'error', error: { type: 'some_error', message } }),
};

/**
 * A local server that speaks the provider's Messages API. The script answers requests in order; when it is at its end,
 * `otherwise` does (a plain `OK.`). Used over a real socket by the real SDK.
 */
export const anthropicServer = ({
  script = [],
  otherwise = says('OK.'),
}: { readonly script?: readonly Answer[]; readonly otherwise?: Answer } = {}): Promise<AnthropicServer> =>
  modelServer({ script, otherwise });
