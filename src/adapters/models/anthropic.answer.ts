import { z } from 'zod';
import type { ModelReply, ReplyBlock } from '../../ports.ts';
import type { Assembled, Hearing } from './answer.ts';
import { argumentsOf } from './tool.names.ts';

const count = z.number().int().nonnegative();
const usage = z.object({
  input_tokens: count.nullish(),
  output_tokens: count.nullish(),
  cache_read_input_tokens: count.nullish(),
  cache_creation_input_tokens: count.nullish(),
});

/** The provider's stream events, as far as they are read; others (`ping`, thinking, what is yet to come) are let pass. */
const wireEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('message_start'), message: z.object({ model: z.string(), usage }) }),
  z.object({
    type: z.literal('content_block_start'),
    index: count,
    content_block: z.object({ type: z.string(), id: z.string().optional(), name: z.string().optional() }),
  }),
  z.object({
    type: z.literal('content_block_delta'),
    index: count,
    delta: z.object({ type: z.string(), text: z.string().optional(), partial_json: z.string().optional() }),
  }),
  z.object({
    type: z.literal('message_delta'),
    delta: z.object({ stop_reason: z.string().nullish() }),
    usage: usage.optional(),
  }),
  z.object({ type: z.literal('message_stop') }),
]);
const known: ReadonlySet<string> = new Set(wireEvent.options.map(({ shape }) => shape.type.value));

const stopReasons = new Map<string, ModelReply['stop_reason']>([
  ['end_turn', 'end_turn'],
  ['max_tokens', 'max_tokens'],
  ['tool_use', 'tool_use'],
  ['stop_sequence', 'stop_sequence'],
  ['refusal', 'refusal'],
]);

type Draft =
  | { readonly type: 'text'; text: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; json: string };

/**
 * Puts a message together from its stream. Tool calls are part of the answer only when the message is complete and says
 * that it stopped for them: one cut by `max_tokens` or by a refusal may end in half a call (assurance F63).
 * Throws on what is not the protocol.
 */
export const assembled = async (stream: AsyncIterable<unknown>, { onText, onBytes }: Hearing): Promise<Assembled> => {
  const drafts = new Map<number, Draft>();
  const spent = { input_tokens: 0, output_tokens: 0, cache_read_tokens: 0, cache_write_tokens: 0 };
  let model = '';
  let stop_reason: ModelReply['stop_reason'] = 'other';
  let chars = 0;
  let complete = false;

  const spend = (told: z.infer<typeof usage> | undefined): void => {
    spent.input_tokens = told?.input_tokens ?? spent.input_tokens;
    spent.output_tokens = told?.output_tokens ?? spent.output_tokens;
    spent.cache_read_tokens = told?.cache_read_input_tokens ?? spent.cache_read_tokens;
    spent.cache_write_tokens = told?.cache_creation_input_tokens ?? spent.cache_write_tokens;
  };
  const extend = (draft: Draft | undefined, text: string, json: string): void => {
    if (draft?.type === 'text') {
      draft.text += text;
      chars += text.length;
      onText(text);
    } else if (draft?.type === 'tool_use') draft.json += json;
    onBytes(Buffer.byteLength(text) + Buffer.byteLength(json));
  };
  const finished = (): Assembled => {
    const blocks = [...drafts.values()].flatMap((draft): readonly ReplyBlock[] => {
      if (draft.type === 'text') return draft.text === '' ? [] : [{ type: 'text', text: draft.text.toWellFormed() }];
      const { type, id, name, json } = draft;
      return stop_reason === 'tool_use' ? [{ type, id, name, input: argumentsOf(json) }] : [];
    });
    return { model, blocks, stop_reason, usage: spent };
  };

  for await (const raw of stream) {
    const { type } = z.object({ type: z.string() }).parse(raw);
    if (!known.has(type)) continue;
    const event = wireEvent.parse(raw);
    if (event.type === 'message_start') {
      ({ model } = event.message);
      spend(event.message.usage);
    } else if (event.type === 'content_block_start') {
      const { type, id = '', name = '' } = event.content_block;
      if (type === 'text') drafts.set(event.index, { type, text: '' });
      if (type === 'tool_use') drafts.set(event.index, { type, id, name, json: '' });
    } else if (event.type === 'content_block_delta')
      extend(drafts.get(event.index), event.delta.text ?? '', event.delta.partial_json ?? '');
    else if (event.type === 'message_delta') {
      stop_reason = stopReasons.get(event.delta.stop_reason ?? '') ?? 'other';
      spend(event.usage);
      // The stream is read to its end even so: to leave it early would close a connection that can be used again.
    } else complete = true;
  }
  return complete ? finished() : { cut_off: true, chars };
};
