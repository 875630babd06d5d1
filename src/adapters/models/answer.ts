import type { ModelReply, ModelRequest, ReplyBlock } from '../../ports.ts';
import { textOf } from './message.text.ts';
import { estimatedTokens } from './outcome.ts';

/** The stream ended, and the message had not. `chars` is how much text had come. */
export interface CutOff {
  readonly cut_off: true;
  readonly chars: number;
}

/** What a stream came to. Tokens that the provider did not count are undefined. */
export type Assembled<Usage = ModelReply['usage']> =
  (Pick<ModelReply, 'model' | 'blocks' | 'stop_reason'> & { readonly usage: Usage }) | CutOff;

/** Who listens to an answer while it comes. */
export interface Hearing {
  /** Hears text. */
  readonly onText: (delta: string) => void;
  /** Hears how much of the answer has come: text and the arguments of tools. */
  readonly onBytes: (bytes: number) => void;
}

/** Tokens as an estimate, where the other side did not count them (requirements C46). */
export const estimatedUsage = (
  { system, messages }: ModelRequest,
  blocks: readonly ReplyBlock[],
): ModelReply['usage'] => ({
  input_tokens: estimatedTokens(system + messages.map(textOf).join('')),
  output_tokens: estimatedTokens(
    blocks.map((block) => (block.type === 'text' ? block.text : JSON.stringify(block))).join(''),
  ),
  cache_read_tokens: 0,
  cache_write_tokens: 0,
});
