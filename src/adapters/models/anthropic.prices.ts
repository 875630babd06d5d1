import type { ModelReply } from '../../ports.ts';
import { costAt, dollars, type PriceList } from './prices.ts';

/**
 * The provider's list prices of 2026-10-24 (https://platform.claude.com/docs/en/about-claude/pricing, "Model pricing"):
 * input, five-minute cache write, cache read, output, in USD per million tokens. Discounts, batches and regional
 * surcharges are not in them. A model that is not listed has no price here, and its calls a cost of null.
 */
const prices: PriceList = new Map([
  ['claude-fable-5-1', [dollars(10, 12.5, 0.25, 50)]],
  ['claude-mythos-5-1', [dollars(10, 12.5, 0.25, 50)]],
  ['claude-fable-5', [dollars(10, 12.5, 1, 50)]],
  ['claude-mythos-5', [dollars(10, 12.5, 1, 50)]],
  ['claude-opus-5-5', [dollars(4, 5, 0.2, 20)]],
  ['claude-opus-5', [dollars(5, 6.25, 0.5, 25)]],
  ['claude-opus-4-8', [dollars(5, 6.25, 0.5, 25)]],
  ['claude-opus-4-7', [dollars(5, 6.25, 0.5, 25)]],
  ['claude-opus-4-6', [dollars(5, 6.25, 0.5, 25)]],
  ['claude-opus-4-5', [dollars(5, 6.25, 0.5, 25)]],
  ['claude-sonnet-5-5', [dollars(2, 2.5, 0.1, 10)]],
  ['claude-sonnet-5', [dollars(2, 2.5, 0.2, 10)]],
  ['claude-sonnet-4-6', [dollars(3, 3.75, 0.3, 15)]],
  ['claude-sonnet-4-5', [dollars(3, 3.75, 0.3, 15)]],
  [
    'claude-haiku-5-5',
    [{ ...dollars(0.1, 0.125, 0.01, 0.5), prompt_tokens_max: 100_000 }, dollars(0.5, 0.625, 0.05, 2.5)],
  ],
  ['claude-haiku-4-5', [dollars(1, 1.25, 0.1, 5)]],
]);

/** `claude-haiku-4-5-20251001` costs what `claude-haiku-4-5` costs. */
const undated = (model: string): string => model.replace(/-\d{8}$/, '');

/** What a call cost in micro-USD; null where no price is known. */
export const costOf = (model: string, usage: ModelReply['usage']): number | null =>
  costAt(prices.get(undated(model)), usage);

/**
 * Whether a model takes a temperature. Models after Opus 4.6 and Sonnet 4.6 answer 400 to one that is not their default
 * (https://platform.claude.com/docs/en/models/sonnet-5/overview), so it is left out for them.
 */
export const takesTemperature = (model: string): boolean =>
  !/^claude-(?:(?:opus|sonnet|haiku|fable|mythos)-5|opus-4-[78]|mythos-preview)/.test(model);
