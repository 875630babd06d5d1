import { anthropicModel } from '../../src/adapters/models/anthropic.ts';
import type { CallLimits } from '../../src/adapters/models/call.watch.ts';
import { ollamaModel } from '../../src/adapters/models/ollama.ts';
import { openaiModel } from '../../src/adapters/models/openai.ts';
import type { Model } from '../../src/ports.ts';
import type { Body } from '../support/acta.ts';
import { anthropicWire } from '../support/anthropic-server.ts';
import type { Wire } from '../support/model-server.ts';
import { ollamaWire } from '../support/ollama-server.ts';
import { openaiWire } from '../support/openai-server.ts';

/** What a provider was asked, in words that every protocol has. */
export interface Heard {
  readonly system: string;
  readonly tokens_max: number;
  readonly stream: boolean;
  readonly talk: readonly Readonly<Record<string, unknown>>[];
  readonly tools: readonly { readonly name: string; readonly schema: unknown }[];
}

/** How a provider differs from the others, and what it cannot do. */
export interface Dialect {
  readonly provider: string;
  readonly wire: Wire;
  readonly path: string;
  readonly model: (options: {
    readonly base_url: string;
    readonly limits?: Partial<CallLimits>;
    readonly default_model?: string;
  }) => Model;
  readonly default_model: string;
  /** The header that shows the key, or why there is none. */
  readonly key: { readonly header: string; readonly value: string } | { readonly none: string };
  /** A model with a price, and what 1 000 tokens of prompt and 200 of answer cost. */
  readonly priced: { readonly model: string; readonly cost_micros: number };
  /** What a model costs that nobody has a price for. */
  readonly unpriced: number | null;
  /** How a refusal ends an answer, or why it cannot be told from other answers. */
  readonly refusal: { readonly stop_reason: string } | { readonly none: string };
  readonly heard: (body: Body) => Heard;
  /** Bytes that are not the protocol. */
  readonly malformed: readonly (readonly [what: string, bytes: string])[];
}

/** The key that is shown, where one is. */
export const secret = 'sk-test-0123456789';

const functions = (body: Body): Heard['tools'] =>
  (body.tools ?? []).map(({ type, function: { name, parameters } }: Body) => {
    if (type !== 'function') throw new Error(`a tool is a function, not ${type}`);
    return { name, schema: parameters };
  });

const anthropicTalk = ({ role, content }: Body): Heard['talk'] =>
  typeof content === 'string'
    ? [{ role, text: content }]
    : content.map((block: Body) => {
        if (block.type === 'text') return { role, text: block.text };
        if (block.type === 'tool_use') return { calls: block.name, id: block.id, input: block.input };
        return { answers: block.tool_use_id, text: block.content, failed: block.is_error === true };
      });

const failing = /^This tool call failed: /;
const functionTalk = (message: Body, inputOf: (args: Body) => unknown): Heard['talk'] => {
  const { role, content, tool_calls = [], tool_call_id } = message;
  if (role === 'tool')
    return [{ answers: tool_call_id, text: content.replace(failing, ''), failed: failing.test(content) }];
  return [
    ...(content ? [{ role, text: content }] : []),
    ...tool_calls.map(({ id, function: called }: Body) => ({
      calls: called.name,
      id,
      input: inputOf(called.arguments),
    })),
  ];
};

const functionHeard = (body: Body, tokens_max: number, inputOf: (args: Body) => unknown): Heard => ({
  system: body.messages.find(({ role }: Body) => role === 'system')?.content ?? '',
  tokens_max,
  stream: body.stream,
  talk: body.messages
    .filter(({ role }: Body) => role !== 'system')
    .flatMap((message: Body) => functionTalk(message, inputOf)),
  tools: functions(body),
});

export const anthropicDialect: Dialect = {
  provider: 'anthropic',
  wire: anthropicWire,
  path: '/v1/messages',
  model: (options) => anthropicModel({ api_key: secret, ...options }),
  default_model: 'claude-sonnet-5',
  key: { header: 'authorization', value: `Bearer ${secret}` },
  priced: { model: 'claude-haiku-4-5', cost_micros: 2_000 },
  unpriced: null,
  refusal: { stop_reason: 'refusal' },
  heard: (body) => ({
    system: body.system ?? '',
    tokens_max: body.max_tokens,
    stream: body.stream,
    talk: body.messages.flatMap(anthropicTalk),
    tools: (body.tools ?? []).map(({ name, input_schema }: Body) => ({ name, schema: input_schema })),
  }),
  malformed: [
    ['half a line of JSON', 'event: message_start\ndata: {"type":\n\n'],
    ['a piece that is no object', 'event: message_start\ndata: null\n\n'],
    ['a piece of another shape', 'event: message_start\ndata: {"type":"message_start","message":3}\n\n'],
  ],
};

export const openaiDialect: Dialect = {
  provider: 'openai',
  wire: openaiWire,
  path: '/v1/chat/completions',
  model: ({ base_url, ...options }) => openaiModel({ api_key: secret, base_url: `${base_url}/v1`, ...options }),
  default_model: 'gpt-6-luna',
  key: { header: 'authorization', value: `Bearer ${secret}` },
  priced: { model: 'gpt-4.1-mini', cost_micros: 720 },
  unpriced: null,
  refusal: { stop_reason: 'refusal' },
  heard: (body) => functionHeard(body, body.max_tokens ?? body.max_completion_tokens, (args) => JSON.parse(args)),
  malformed: [
    ['half a line of JSON', 'data: {"choices":\n\n'],
    ['a piece that is no object', 'data: null\n\n'],
    ['a piece of another shape', 'data: {"choices":3}\n\n'],
  ],
};

export const ollamaDialect: Dialect = {
  provider: 'ollama',
  wire: ollamaWire,
  path: '/api/chat',
  model: (options) => ollamaModel(options),
  default_model: 'llama3.2',
  key: { none: 'ollama asks for none' },
  priced: { model: 'qwen3', cost_micros: 0 },
  unpriced: 0,
  refusal: { none: 'ollama has no such end: a model that declines says so in words' },
  heard: (body) => functionHeard(body, body.options.num_predict, (args) => args),
  malformed: [
    ['half a line of JSON', '{"model":"m","message":\n'],
    ['a piece that is no object', 'null\n'],
    ['a piece of another shape', '{"model":"m","done":"soon"}\n'],
  ],
};
