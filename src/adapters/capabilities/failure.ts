import type { CapabilityFault, Invoked } from '../../ports.ts';

const messageCharsMax = 500;

export type Failure = Extract<Invoked, { readonly ok: false }>;

const retryable: ReadonlySet<CapabilityFault> = new Set(['timeout', 'rate_limited', 'unavailable', 'third_party']);

/** A message a log can keep: one line without control characters, at most 500 characters, well formed. */
export const bounded = (message: string): string => {
  const line = message.replaceAll(/\p{Cc}+/gu, ' ').trim();
  return (line.length <= messageCharsMax ? line : `${line.slice(0, messageCharsMax - 1)}…`).toWellFormed();
};

/** Something thrown, in bounded words. */
export const inWords = (thrown: unknown): string =>
  bounded(thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : 'something that is no error was thrown');

/**
 * A failure with a bounded message. Unless said otherwise nothing was done (`happened: 'no'`), and trying again is worth
 * it for time, rate, reach and third parties only.
 */
export const failure = (
  fault: CapabilityFault,
  message: string,
  more: Partial<Pick<Failure, 'retryable' | 'happened' | 'retry_after_ms'>> = {},
): Failure => ({
  ok: false,
  fault,
  message: bounded(message),
  retryable: retryable.has(fault),
  happened: 'no',
  ...more,
});
