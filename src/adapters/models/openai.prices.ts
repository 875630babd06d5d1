import type { ModelReply } from '../../ports.ts';
import { costAt, dollars, type Price, type PriceList } from './prices.ts';

const longPromptTokens = 272_000;

/** Input, cached input, output, in USD per million tokens; nothing is asked for writing to the cache. */
const flat = (input: number, cached: number, output: number): readonly Price[] => [
  dollars(input, input, cached, output),
];

/** A long prompt pays double on the whole of its input, and half as much again on the output. */
const stepped = (
  input: number,
  cached: number,
  output: number,
  { cache_write = input } = {},
): readonly [Price, Price] => [
  { ...dollars(input, cache_write, cached, output), prompt_tokens_max: longPromptTokens },
  dollars(input * 2, cache_write * 2, cached * 2, output * 1.5),
];

/** From GPT-5.6 on, writing to the cache costs a quarter more than reading the prompt without one. */
const cacheWritten = (input: number, cached: number, output: number): readonly [Price, Price] =>
  stepped(input, cached, output, { cache_write: input * 1.25 });

/**
 * The provider's standard list prices (https://developers.openai.com/api/docs/pricing), as published copies of that page
 * had them in the autumn of 2026. Batches, priority and regional surcharges are not in them. A model that is not listed
 * has no price here, and its calls a cost of null; so have the models of other servers that speak the same protocol.
 */
const prices: PriceList = new Map([
  ['gpt-6.1-sol', cacheWritten(2, 0.1, 10)],
  ['gpt-6-sol', cacheWritten(2, 0.2, 10)],
  ['gpt-6-luna', cacheWritten(0.1, 0.01, 0.5)],
  ['gpt-5.6-sol', cacheWritten(4, 0.4, 20)],
  ['gpt-5.6-terra', cacheWritten(2, 0.2, 12)],
  ['gpt-5.6-luna', cacheWritten(0.2, 0.02, 1.2)],
  ['gpt-5.5', stepped(5, 0.5, 30)],
  ['gpt-5.4', stepped(2.5, 0.25, 15)],
  ['gpt-5.4-mini', flat(0.75, 0.075, 4.5)],
  ['gpt-5.4-nano', flat(0.2, 0.02, 1.25)],
  ['gpt-5.2', flat(1.75, 0.175, 14)],
  ['gpt-5.1', flat(1.25, 0.125, 10)],
  ['gpt-5', flat(1.25, 0.125, 10)],
  ['gpt-5-mini', flat(0.25, 0.025, 2)],
  ['gpt-5-nano', flat(0.05, 0.005, 0.4)],
  ['gpt-4.1', flat(2, 0.5, 8)],
  ['gpt-4.1-mini', flat(0.4, 0.1, 1.6)],
  ['gpt-4o', flat(2.5, 1.25, 10)],
  ['gpt-4o-mini', flat(0.15, 0.075, 0.6)],
]);

/** `gpt-4.1-mini-2025-04-14` costs what `gpt-4.1-mini` costs. */
const undated = (model: string): string => model.replace(/-\d{4}-\d\d-\d\d$/, '');

/** What a call cost in micro-USD; null where no price is known. */
export const costOf = (model: string, usage: ModelReply['usage']): number | null =>
  costAt(prices.get(undated(model)), usage);

/** Models that think before they answer: they take no temperature, and their limit of tokens has a newer name. */
export const thinks = (model: string): boolean => /^(?:gpt-[5-9]|o\d)/.test(model);

/**
 * Models that can be told not to think. They are: this endpoint refuses tools to them while they do, and their thoughts,
 * which nobody sees, would be paid for and count against the limit of tokens.
 */
export const canHoldBack = (model: string): boolean =>
  /^gpt-(?:5\.[1-9]|6)(?:-(?:sol|terra|luna|mini|nano))?$/.test(undated(model));
