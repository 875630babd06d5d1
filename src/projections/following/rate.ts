import type { Clock } from '../../ports.ts';

const secondsMax = 10;

/** How many a second, over the last ten seconds. */
export const rate = (clock: Clock) => {
  let buckets: { readonly second: number; count: number }[] = [];
  let since: number | undefined;
  const recent = (second: number) => buckets.filter((bucket) => bucket.second > second - secondsMax);
  return {
    add: (count: number): void => {
      const second = Math.floor(clock.now() / 1_000);
      since ??= clock.now();
      const last = buckets.at(-1);
      if (last?.second === second) last.count += count;
      else buckets = [...recent(second), { second, count }];
    },
    perSecond: (): number => {
      const now = clock.now();
      const seconds = Math.min(secondsMax, Math.max(1, (now - (since ?? now)) / 1_000));
      return recent(Math.floor(now / 1_000)).reduce((sum, { count }) => sum + count, 0) / seconds;
    },
  };
};

export type Rate = ReturnType<typeof rate>;
