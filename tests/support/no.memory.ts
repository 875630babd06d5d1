import type { Memory } from '../../src/ports.memory.ts';

/** A memory in which nothing is: for nodes that have no read models. */
export const noMemory: Memory = {
  recall: () => Promise.resolve({ items: [], excluded: [], without: [], position: -1n }),
  near: () => Promise.resolve([]),
  censors: () => Promise.resolve([]),
};
