import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../src/domain/kernel/backoff.ts';

const plan = fc.record({
  attemptsMax: fc.integer({ min: 2, max: 20 }),
  firstMs: fc.integer({ min: 1, max: 10_000 }),
  longestMs: fc.integer({ min: 10_000, max: 600_000 }),
});
const attempt = fc.integer({ min: 1, max: 30 });

describe('the wait between two attempts', () => {
  it('is the same each time it is computed, and lies in the upper half of what has doubled', () => {
    fc.assert(
      fc.property(plan, attempt, fc.string(), (backoff, n, key) => {
        const wait = backoffMs(backoff, n, key);
        expect(backoffMs(backoff, n, key)).toBe(wait);
        expect(wait === undefined).toBe(n >= backoff.attemptsMax);
        if (wait === undefined) return;
        const ceiling = Math.min(backoff.longestMs, backoff.firstMs * 2 ** (n - 1));
        expect(wait).toBeGreaterThanOrEqual(ceiling / 2);
        expect(wait).toBeLessThanOrEqual(Math.ceil(ceiling));
        expect(Number.isInteger(wait)).toBe(true);
      }),
    );
  });
  it('spreads a crowd out', () => {
    const crowd = Array.from({ length: 100 }, (_, n) =>
      backoffMs({ attemptsMax: 3, firstMs: 1_000, longestMs: 9_000 }, 1, `turn ${n}`),
    );
    expect(new Set(crowd).size).toBeGreaterThan(80);
  });
  it('is the one that the other side asked for, to the letter', () => {
    fc.assert(
      fc.property(plan, fc.integer({ min: 0, max: 10_000 }), fc.string(), (backoff, asked, key) => {
        expect(backoffMs(backoff, 1, key, asked)).toBe(asked);
      }),
    );
  });
  it('is none where the other side asks for more than the longest, or the attempts are used up', () => {
    const backoff = { attemptsMax: 3, firstMs: 500, longestMs: 60_000 };
    expect(backoffMs(backoff, 1, 'key', 60_001)).toBeUndefined();
    expect(backoffMs(backoff, 3, 'key', 1)).toBeUndefined();
    expect(backoffMs(backoff, 2, 'key')).toBeDefined();
  });
});
