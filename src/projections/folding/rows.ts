import type { FoldedRow } from '../projection.ts';

/** Rows kept for one projection, and the characters of JSON they may take. */
const rowsMax = 4_096;
const charsMax = 8 * 1024 * 1024;

/** What is known of a key: its row, or that there is none. */
export interface Known {
  readonly row: FoldedRow | undefined;
  readonly chars: number;
}

/**
 * The rows most recently used, so that a live fold need not load them. They are true only as long as nobody else writes:
 * whoever finds the checkpoint moved forgets them all, and the member with them.
 */
export const recentRows = () => {
  const rows = new Map<string, Known>();
  let chars = 0;
  const forget = (key: string): void => {
    chars -= rows.get(key)?.chars ?? 0;
    rows.delete(key);
  };
  return {
    get: (key: string): Known | undefined => {
      const found = rows.get(key);
      if (found === undefined) return undefined;
      rows.delete(key);
      rows.set(key, found);
      return found;
    },
    keep: (key: string, known: Known): void => {
      forget(key);
      rows.set(key, known);
      chars += known.chars;
      for (const oldest of rows.keys()) {
        if (rows.size <= rowsMax && chars <= charsMax) break;
        forget(oldest);
      }
    },
  };
};

export type RecentRows = ReturnType<typeof recentRows>;
