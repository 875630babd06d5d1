import type { Quota } from '../limits.ts';

interface Bucket {
  /** Requests left, at the moment `at`. */
  left: number;
  at: number;
}

/** What is left of a quota, as the caller is told it. */
export interface Standing {
  readonly allowed: boolean;
  /** `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers). */
  readonly limit: string;
  readonly policy: string;
  readonly retry_after_ms: number;
}

/**
 * One named quota, counted for each principal by a token bucket: what was not used comes back evenly, up to the whole.
 * About `principalsMax` are remembered. A bucket that is whole again is as good as none, so those are forgotten first;
 * where there is none, the one that came first starts anew.
 */
export const quotaCounter = (name: string, { requests, seconds }: Quota, principalsMax: number) => {
  const perMs = requests / (seconds * 1000);
  const policy = `"${name}";q=${requests};w=${seconds}`;
  const buckets = new Map<string, Bucket>();

  const makeRoom = (now: number): void => {
    for (const [who, { at }] of buckets) if (now - at >= seconds * 1000) buckets.delete(who);
    const [eldest] = buckets.size >= principalsMax ? buckets.keys() : [];
    if (eldest !== undefined) buckets.delete(eldest);
  };

  const bucketOf = (who: string, now: number): Bucket => {
    const known = buckets.get(who);
    if (known !== undefined) return known;
    if (buckets.size >= principalsMax) makeRoom(now);
    const bucket = { left: requests, at: now };
    buckets.set(who, bucket);
    return bucket;
  };

  /** Takes one request from `who`'s quota at `now` (epoch milliseconds), if there is one. */
  return (who: string, now: number): Standing => {
    const bucket = bucketOf(who, now);
    bucket.left = Math.min(requests, bucket.left + Math.max(0, now - bucket.at) * perMs);
    bucket.at = now;
    const allowed = bucket.left >= 1;
    if (allowed) bucket.left -= 1;
    const wholeAgainSeconds = Math.ceil((requests - bucket.left) / perMs / 1000);
    return {
      allowed,
      limit: `"${name}";r=${Math.floor(bucket.left)};t=${wholeAgainSeconds}`,
      policy,
      retry_after_ms: allowed ? 0 : Math.ceil((1 - bucket.left) / perMs),
    };
  };
};

export type QuotaCounter = ReturnType<typeof quotaCounter>;
