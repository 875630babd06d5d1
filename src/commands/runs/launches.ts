const keysMax = 100_000;

/**
 * Which calls this life has begun. A driver that gives an instance up and takes it again finds an intent of its own life
 * whose call it has lost sight of: to it that is as strange as one of an earlier life. What is forgotten, once there are very
 * many, is what began longest ago, and has long been recorded.
 */
export const launches = () => {
  const begun = new Set<string>();
  return {
    /** True the first time. */
    note: (key: string): boolean => {
      if (begun.has(key)) return false;
      begun.add(key);
      const [oldest] = begun;
      if (begun.size > keysMax && oldest !== undefined) begun.delete(oldest);
      return true;
    },
  };
};
