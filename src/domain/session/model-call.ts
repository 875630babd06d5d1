import { z } from 'zod';
import type { Message } from '../kernel/message.ts';

const count = z.int().nonnegative();

/** How a model was asked: names and numbers, never what was said (requirements D68). A null temperature is the provider's own. */
export const ModelCall = z.strictObject({
  provider: z.string(),
  model: z.string(),
  max_tokens: count,
  temperature: z.number().nullable(),
  messages: z.strictObject({ count, roles: z.strictObject({ user: count, assistant: count }), chars: count }),
});
export type ModelCall = z.infer<typeof ModelCall>;

/** A call that ended without an answer, and after how many milliseconds. */
export const FailedCall = ModelCall.extend({ latency_ms: z.number().nonnegative() });
export type FailedCall = z.infer<typeof FailedCall>;

const charsOf = ({ content }: Message): number => {
  if (typeof content === 'string') return content.length;
  return content.reduce((chars, block) => {
    if (block.type === 'text') return chars + block.text.length;
    return chars + (block.type === 'tool_use' ? JSON.stringify(block.input ?? null) : block.content).length;
  }, 0);
};

/** What is told of a call: of the talk how many messages there were, by whom, and how many characters in all. */
export const callOf = (
  provider: string,
  request: {
    readonly model: string;
    readonly max_tokens: number;
    readonly temperature?: number;
    readonly messages: readonly Message[];
  },
): ModelCall => {
  const { model, max_tokens, temperature = null, messages } = request;
  const by = (role: Message['role']): number => messages.filter((message) => message.role === role).length;
  const chars = messages.reduce((sum, message) => sum + charsOf(message), 0);
  const roles = { user: by('user'), assistant: by('assistant') };
  return { provider, model, max_tokens, temperature, messages: { count: messages.length, roles, chars } };
};
