import { z } from 'zod';
import type { ModelReply, ModelRequest, ReplyBlock } from '../../ports.ts';
import type { Assembled, Hearing } from './answer.ts';
import { argumentsOf, callId } from './tool.names.ts';

const count = z.number().int().nonnegative();
const usage = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  prompt_tokens_details: z.object({ cached_tokens: count.nullish(), cache_write_tokens: count.nullish() }).nullish(),
});
const toolCall = z.object({
  index: count.nullish(),
  id: z.string().nullish(),
  function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }).nullish(),
});
const delta = z.object({
  content: z.string().nullish(),
  refusal: z.string().nullish(),
  tool_calls: z.array(toolCall).nullish(),
});

/** A piece of the answer, as far as it is read. One without choices brings what was used. */
const chunk = z.object({
  model: z.string().nullish(),
  choices: z.array(z.object({ delta: delta.nullish(), finish_reason: z.string().nullish() })),
  usage: usage.nullish(),
});

const stopReasons = new Map<string, ModelReply['stop_reason']>([
  ['stop', 'end_turn'],
  ['length', 'max_tokens'],
  ['tool_calls', 'tool_use'],
  ['content_filter', 'refusal'],
]);

interface CallDraft {
  id: string;
  name: string;
  json: string;
}

const usageOf = (told: z.infer<typeof usage>): ModelReply['usage'] => {
  const { cached_tokens, cache_write_tokens } = told.prompt_tokens_details ?? {};
  const [read, written] = [cached_tokens ?? 0, cache_write_tokens ?? 0];
  return {
    // The provider counts what came from its cache, and what went there, among the prompt.
    input_tokens: Math.max(0, told.prompt_tokens - read - written),
    output_tokens: told.completion_tokens,
    cache_read_tokens: read,
    cache_write_tokens: written,
  };
};

/** Some servers end with `stop` even where the model wants tools. The message is whole then, and the calls with it. */
const reasonOf = (finished: string, calls: number, declined: boolean): ModelReply['stop_reason'] => {
  if (declined) return 'refusal';
  if (finished === 'stop' && calls > 0) return 'tool_use';
  return stopReasons.get(finished) ?? 'other';
};

/**
 * Puts a message together from its stream. Tool calls are part of the answer only when the message is complete and did
 * not end for want of tokens or by a refusal (assurance F63). Throws on what is not the protocol.
 */
export const assembled = async (
  stream: AsyncIterable<unknown>,
  { onText, onBytes }: Hearing,
  request: ModelRequest,
): Promise<Assembled<ModelReply['usage'] | undefined>> => {
  const calls = new Map<number, CallDraft>();
  let [model, text, finished, declined] = ['', '', '', false];
  let spent: ModelReply['usage'] | undefined;

  const say = (more: string): void => {
    text += more;
    onText(more);
    onBytes(Buffer.byteLength(more));
  };
  const extend = ({ index, id, function: wanted }: z.infer<typeof toolCall>): void => {
    // A server that counts no calls begins each of them with its id.
    const place = index ?? Math.max(0, calls.size - (id == null ? 1 : 0));
    const draft = calls.get(place) ?? { id: '', name: '', json: '' };
    const json = wanted?.arguments ?? '';
    calls.set(place, {
      id: draft.id === '' ? (id ?? '') : draft.id,
      name: draft.name + (wanted?.name ?? ''),
      json: draft.json + json,
    });
    onBytes(Buffer.byteLength(json));
  };

  for await (const raw of stream) {
    const piece = chunk.parse(raw);
    model = piece.model ?? model;
    if (piece.usage != null) spent = usageOf(piece.usage);
    const [choice] = piece.choices;
    const { content, refusal, tool_calls } = choice?.delta ?? {};
    declined ||= refusal != null && refusal !== '';
    say((content ?? '') + (refusal ?? ''));
    for (const call of tool_calls ?? []) extend(call);
    finished = choice?.finish_reason ?? finished;
    // The stream is read to its end even so: what was used comes last.
  }

  if (finished === '') return { cut_off: true, chars: text.length };
  const stop_reason = reasonOf(finished, calls.size, declined);
  const wanted = stop_reason === 'tool_use' ? [...calls.values()] : [];
  const blocks: readonly ReplyBlock[] = [
    ...(text === '' ? [] : [{ type: 'text' as const, text: text.toWellFormed() }]),
    ...wanted.map(({ id, name, json }, ordinal) => ({
      type: 'tool_use' as const,
      id: id === '' ? callId(request, name, ordinal) : id,
      name,
      input: argumentsOf(json),
    })),
  ];
  return { model, blocks, stop_reason, usage: spent };
};
