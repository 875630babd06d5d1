import { sha256 } from './digest.ts';

/** How often and how long apart something is tried. Times in milliseconds. */
export interface Backoff {
  readonly attemptsMax: number;
  readonly firstMs: number;
  readonly longestMs: number;
}

/**
 * How long to wait before the next attempt, or undefined when there is none. Doubles with each attempt, jittered over its upper half;
 * the jitter is drawn from the key, so that a replay computes the same instant while a crowd still spreads out. A wait
 * the other side asked for is kept to the letter, and ends the attempts when it is longer than the longest.
 */
export const backoffMs = (
  { attemptsMax, firstMs, longestMs }: Backoff,
  attempt: number,
  key: string,
  askedMs?: number,
): number | undefined => {
  if (attempt >= attemptsMax) return undefined;
  if (askedMs !== undefined) return askedMs <= longestMs ? askedMs : undefined;
  const ceiling = Math.min(longestMs, firstMs * 2 ** (attempt - 1));
  const jitter = Number.parseInt(sha256(key).slice(0, 8), 16) / 0x1_0000_0000;
  return Math.ceil(ceiling / 2 + (ceiling / 2) * jitter);
};
