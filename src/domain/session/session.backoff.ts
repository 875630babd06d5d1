import type { Backoff } from '../kernel/backoff.ts';

/** A model is called at most three times for a turn (assurance F60); waits double from half a second. */
export const modelBackoff: Backoff = { attemptsMax: 3, firstMs: 500, longestMs: 60_000 };
