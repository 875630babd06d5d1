import { existsSync, readdirSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

/** As many as Node has threads for. */
const flushesMax = 4;

const flushed = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/**
 * Waits until the disk has all that was written below `folder` since `since` (epoch milliseconds): PGlite itself never
 * flushes. On Windows a file opened for reading cannot be flushed; there the system is trusted.
 */
export const flush = async (folder: string, since: number): Promise<void> => {
  if (process.platform === 'win32' || !existsSync(folder)) return;
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => statSync(path).mtimeMs >= since);
  const rest = [folder, ...paths].values();
  const worker = async (): Promise<void> => {
    for (const path of rest) await flushed(path);
  };
  await Promise.all(Array.from({ length: flushesMax }, worker));
};
