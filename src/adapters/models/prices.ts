import type { ModelReply } from '../../ports.ts';

/** Micro-USD per million tokens, which is also USD per million tokens times 1 000 000. */
export interface Price {
  readonly input: number;
  readonly output: number;
  readonly cache_read: number;
  readonly cache_write: number;
  /** Prompts above so many tokens pay the next price, on every token. */
  readonly prompt_tokens_max?: number;
}

/** By a model's name without its date: what it costs, the price of the shortest prompts first. */
export type PriceList = ReadonlyMap<string, readonly Price[]>;

/** A price from USD per million tokens, in the order in which Anthropic lists them. */
export const dollars = (input: number, cache_write: number, cache_read: number, output: number): Price => ({
  input: Math.round(input * 1e6),
  output: Math.round(output * 1e6),
  cache_read: Math.round(cache_read * 1e6),
  cache_write: Math.round(cache_write * 1e6),
});

/** What a call cost in micro-USD, rounded up so that a budget is never undercounted; null where no price is known. */
export const costAt = (steps: readonly Price[] | undefined, usage: ModelReply['usage']): number | null => {
  const { input_tokens, output_tokens, cache_read_tokens, cache_write_tokens } = usage;
  const prompt = input_tokens + cache_read_tokens + cache_write_tokens;
  const price = steps?.find(({ prompt_tokens_max = Infinity }) => prompt <= prompt_tokens_max);
  if (price === undefined) return null;
  const micros =
    input_tokens * price.input +
    output_tokens * price.output +
    cache_read_tokens * price.cache_read +
    cache_write_tokens * price.cache_write;
  return Math.ceil(micros / 1_000_000);
};
