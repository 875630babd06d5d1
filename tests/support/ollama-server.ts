import { cutInto, type Wire } from './model-server.ts';

const doneReasons = { length: 'length', refusal: 'stop', unheard_of: 'unheard_of' } as const;
const created_at = '2026-01-01T00:00:00Z';

const line = (members: object): string => `${JSON.stringify(members)}\n`;

/** Ollama's `/api/chat`, as the server streams it: one object a line, tool calls whole, what was counted in the last. */
export const ollamaWire: Wire = {
  media_type: 'application/x-ndjson',
  frames: (text, { tools = [], stop, usage = { input: 12, output: 7 }, chunks = 3 }, model) => [
    ...cutInto(text, chunks).map((content) =>
      line({ model, created_at, message: { role: 'assistant', content }, done: false }),
    ),
    ...tools.map(({ id, name, input }) => {
      const tool_calls = [{ ...(id === undefined ? {} : { id }), function: { name, arguments: input } }];
      return line({ model, created_at, message: { role: 'assistant', content: '', tool_calls }, done: false });
    }),
    line({
      model,
      created_at,
      message: { role: 'assistant', content: '' },
      done: true,
      done_reason: stop === undefined ? 'stop' : doneReasons[stop],
      total_duration: 1,
      prompt_eval_count: usage.input,
      eval_count: usage.output,
    }),
  ],
  end_frames: 1,
  late_error: (error) => line({ error }),
  error_body: (_, error) => ({ error }),
};
