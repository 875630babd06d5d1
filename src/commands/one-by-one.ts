import type { Engine } from './execute.ts';

const queues = new WeakMap<Engine, Map<string, Promise<unknown>>>();

/**
 * Lets what is done to one stream by many at once happen one after another on this node, in the order in which it was asked
 * for. It saves lost races and gives nobody a right: other nodes, and whoever does not queue, still meet at the revision.
 */
export const oneByOne = async <T>(engine: Engine, stream: string, work: () => Promise<T>): Promise<T> => {
  const waiting = queues.get(engine) ?? new Map<string, Promise<unknown>>();
  queues.set(engine, waiting);
  const before = waiting.get(stream) ?? Promise.resolve();
  const mine = before.then(work, work);
  waiting.set(stream, mine);
  try {
    return await mine;
  } finally {
    if (waiting.get(stream) === mine) waiting.delete(stream);
  }
};
