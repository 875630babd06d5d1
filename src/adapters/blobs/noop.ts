import { BlobError } from '../../ports.ts';
import type { Shelf } from './shelf.ts';

const memoryBytesMax = 268_435_456;

/** A shelf in memory that works, and forgets at the end of the process (requirements D78). At most 256 MiB in all. */
export const noopShelf = (bytesMax = memoryBytesMax): Shelf => {
  const kept = new Map<string, Uint8Array>();
  let total = 0;
  return {
    scheme: 'noop',
    write: async (key, bytes) => {
      const more = bytes.length - (kept.get(key)?.length ?? 0);
      if (total + more > bytesMax) throw new BlobError('storage_error', `memory holds at most ${bytesMax} bytes`);
      total += more;
      kept.set(key, Uint8Array.from(bytes));
    },
    read: async (key) => {
      const bytes = kept.get(key);
      return bytes === undefined ? undefined : Uint8Array.from(bytes);
    },
    has: async (key) => kept.has(key),
  };
};
