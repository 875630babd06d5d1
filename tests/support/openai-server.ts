import { cutInto, type Speech, type Wire } from './model-server.ts';

const finishReasons = { length: 'length', refusal: 'content_filter', unheard_of: 'unheard_of' } as const;

const frame = (members: object): string => `data: ${JSON.stringify(members)}\n\n`;

const chunk = (model: string, delta: object, finish_reason: string | null = null): string =>
  frame({
    id: 'chatcmpl-test',
    object: 'chat.completion.chunk',
    created: 0,
    model,
    choices: [{ index: 0, delta, finish_reason }],
  });

const calls = (model: string, { tools = [] }: Speech): readonly string[] =>
  tools.flatMap(({ id, name, input }, index) => [
    chunk(model, {
      tool_calls: [{ index, id: id ?? `call_${index}`, type: 'function', function: { name, arguments: '' } }],
    }),
    ...cutInto(JSON.stringify(input), 2).map((part) =>
      chunk(model, { tool_calls: [{ index, function: { arguments: part } }] }),
    ),
  ]);

/** OpenAI's Chat Completions API, as a server streams it: the usage comes in a chunk of its own, after the end. */
export const openaiWire: Wire = {
  media_type: 'text/event-stream',
  frames: (text, speech, model) => {
    const { tools = [], stop, usage = { input: 12, output: 7 }, chunks = 3 } = speech;
    const finish = stop === undefined ? (tools.length > 0 ? 'tool_calls' : 'stop') : finishReasons[stop];
    const prompt_tokens_details = { cached_tokens: 0 };
    return [
      chunk(model, { role: 'assistant', content: '' }),
      ...cutInto(text, chunks).map((content) => chunk(model, { content })),
      ...calls(model, speech),
      chunk(model, {}, finish),
      frame({
        id: 'chatcmpl-test',
        object: 'chat.completion.chunk',
        created: 0,
        model,
        choices: [],
        usage: {
          prompt_tokens: usage.input,
          completion_tokens: usage.output,
          total_tokens: usage.input + usage.output,
          prompt_tokens_details,
        },
      }),
      'data: [DONE]\n\n',
    ];
  },
  end_frames: 3,
  late_error: (message) => frame({ error: { message, type: 'server_error', param: null, code: null } }),
  error_body: (_, message) => ({ error: { message, type: 'some_error', param: null, code: null } }),
};
