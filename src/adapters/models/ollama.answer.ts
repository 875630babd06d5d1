import { z } from 'zod';
import type { ModelReply, ModelRequest, ReplyBlock } from '../../ports.ts';
import { estimatedUsage, type Assembled, type Hearing } from './answer.ts';
import { refusedInStream } from './ollama.faults.ts';
import { argumentsOf, callId } from './tool.names.ts';

const count = z.number().int().nonnegative();
const toolCall = z.object({
  id: z.string().nullish(),
  function: z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()).nullish() }),
});

/** A line of the answer, as far as it is read: what a model thinks is let pass. */
const line = z.object({
  model: z.string(),
  message: z.object({ content: z.string().nullish(), tool_calls: z.array(toolCall).nullish() }).nullish(),
  done: z.boolean(),
  done_reason: z.string().nullish(),
  prompt_eval_count: count.nullish(),
  eval_count: count.nullish(),
});
const refusal = z.object({ error: z.string() });

/** The server knows no refusal: a model that declines says so in words. */
const stopReasons = new Map<string, ModelReply['stop_reason']>([
  ['stop', 'end_turn'],
  ['length', 'max_tokens'],
]);

/** The server has no reason of its own for tools. They are wanted where a whole message has them. */
const reasonOf = (told: string, calls: number): ModelReply['stop_reason'] => {
  const reason = stopReasons.get(told) ?? 'other';
  return reason === 'end_turn' && calls > 0 ? 'tool_use' : reason;
};

/**
 * Puts a message together from its lines. Tool calls are part of the answer only when the message is complete and did not
 * end for want of tokens (assurance F63). Throws on what is not the protocol, and on an error that the server reports
 * after it has begun.
 */
export const assembled = async (
  lines: AsyncIterable<unknown>,
  { onText, onBytes }: Hearing,
  request: ModelRequest,
): Promise<Assembled> => {
  const calls: z.infer<typeof toolCall>['function'][] = [];
  const ids: (string | null | undefined)[] = [];
  let [model, text, chars] = ['', '', 0];
  let end: z.infer<typeof line> | undefined;

  for await (const raw of lines) {
    const error = refusal.safeParse(raw);
    if (error.success) throw refusedInStream(error.data.error);
    const piece = line.parse(raw);
    const { content, tool_calls } = piece.message ?? {};
    const more = content ?? '';
    model = piece.model;
    text += more;
    chars += more.length;
    onText(more);
    for (const { id, function: wanted } of tool_calls ?? []) {
      calls.push(wanted);
      ids.push(id);
    }
    onBytes(Buffer.byteLength(more) + (tool_calls == null ? 0 : Buffer.byteLength(JSON.stringify(tool_calls))));
    if (piece.done) end = piece;
  }

  if (end === undefined) return { cut_off: true, chars };
  const stop_reason = reasonOf(end.done_reason ?? 'stop', calls.length);
  const blocks: readonly ReplyBlock[] = [
    ...(text === '' ? [] : [{ type: 'text' as const, text: text.toWellFormed() }]),
    ...(stop_reason === 'tool_use' ? calls : []).map(({ name, arguments: args }, ordinal) => ({
      type: 'tool_use' as const,
      id: ids[ordinal] || callId(request, name, ordinal),
      name,
      input: argumentsOf(JSON.stringify(args ?? {})),
    })),
  ];
  // A prompt that is still in the server's memory is not counted by older ones.
  const estimate = estimatedUsage(request, blocks);
  const usage = {
    ...estimate,
    input_tokens: end.prompt_eval_count ?? estimate.input_tokens,
    output_tokens: end.eval_count ?? estimate.output_tokens,
  };
  return { model, blocks, stop_reason, usage };
};
