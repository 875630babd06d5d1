import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { BlobError } from '../../ports.ts';
import { shelvedBytesMax, type Shelf } from './shelf.ts';

/** Where bytes are written before they have their name; what a crash left there is nobody's. */
const incoming = '.incoming';
const staleMs = 3_600_000;
const ours = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ELOOP']);

const codeOf = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : 'unknown';

const faultOf = (thrown: unknown): BlobError => {
  if (thrown instanceof BlobError) return thrown;
  const code = codeOf(thrown);
  return new BlobError(ours.has(code) ? 'misconfigured' : 'storage_error', `the blobs' folder: ${code}`, {
    cause: thrown,
  });
};

const synced = async (folder: string): Promise<void> => {
  // A folder cannot be opened on Windows, where renaming is durable by itself.
  if (process.platform === 'win32') return;
  const handle = await fs.open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Makes a folder and all above it, each of them durable. */
const made = async (folder: string): Promise<void> => {
  const first = await fs.mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let at = folder; at.length >= first.length; at = path.dirname(at)) await synced(path.dirname(at));
};

const sweep = async (folder: string): Promise<void> => {
  const before = Date.now() - staleMs;
  for (const name of await fs.readdir(folder)) {
    const file = path.join(folder, name);
    const { mtimeMs } = await fs.stat(file);
    if (mtimeMs < before) await fs.rm(file, { force: true });
  }
};

/**
 * Files below one folder that belongs to the store alone, `<tenant>/<two digits>/<address>`, readable by its owner only.
 * A write is whole or not there: it gets its name after it is on disk, and is acknowledged after the name is.
 */
export const folderShelf = (root: string): Shelf => {
  const fileOf = (key: string): string => {
    const [tenant = '', address = ''] = key.split('/');
    return path.join(root, tenant, address.slice(0, 2), address);
  };
  let ready: Promise<void> | undefined;
  const opened = (): Promise<void> => {
    ready ??= (async () => {
      await made(path.join(root, incoming));
      await sweep(path.join(root, incoming));
    })().catch((thrown: unknown) => {
      ready = undefined;
      throw thrown;
    });
    return ready;
  };
  const within = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (thrown) {
      throw faultOf(thrown);
    }
  };
  return {
    scheme: 'folder',
    write: (key, bytes) =>
      within(async () => {
        await opened();
        const file = fileOf(key);
        const draft = path.join(root, incoming, randomUUID());
        await made(path.dirname(file));
        try {
          await fs.writeFile(draft, bytes, { flag: 'wx', mode: 0o600, flush: true });
          await fs.rename(draft, file);
        } catch (thrown) {
          await fs.rm(draft, { force: true });
          throw thrown;
        }
        await synced(path.dirname(file));
      }),
    read: (key) =>
      within(async () => {
        try {
          const { size } = await fs.stat(fileOf(key));
          if (size > shelvedBytesMax) throw new BlobError('storage_error', `a blob of ${size} bytes is none of ours`);
          return await fs.readFile(fileOf(key));
        } catch (thrown) {
          if (codeOf(thrown) === 'ENOENT') return undefined;
          throw thrown;
        }
      }),
    has: (key) =>
      within(async () => {
        try {
          return (await fs.stat(fileOf(key))).isFile();
        } catch (thrown) {
          if (codeOf(thrown) === 'ENOENT') return false;
          throw thrown;
        }
      }),
  };
};
