import { constants, existsSync, type Stats } from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { Refusal } from './refusal.ts';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;

/** A folder that is held open: `at` names it to the system, whatever its path is swapped for meanwhile. */
export interface Held {
  readonly at: string;
  readonly synced: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** How folders and files are opened beneath a root without following a link. */
export interface Opener {
  readonly root: () => Promise<Held>;
  readonly folder: (at: string) => Promise<Held>;
  /** A regular file or a folder and nothing else: neither a link nor a pipe, a socket or a device. */
  readonly entry: (
    at: string,
  ) => Promise<
    | { readonly kind: 'file'; readonly handle: FileHandle; readonly stats: Stats }
    | { readonly kind: 'folder'; readonly held: Held; readonly stats: Stats }
  >;
}

const linkRefused = (): Refusal => new Refusal('permission_denied', 'it is a link; links are not followed');

const regular = (stats: Stats): void => {
  if (!stats.isFile()) throw new Refusal('permission_denied', 'neither a file nor a folder');
  // Another name of it may lie outside (assurance S44).
  if (stats.nlink > 1) throw new Refusal('permission_denied', 'the file has a second name (a hard link)');
};

const byDescriptor = (handle: FileHandle): Held => ({
  at: `/proc/self/fd/${handle.fd}`,
  synced: () => handle.sync(),
  close: () => handle.close(),
});

/**
 * Linux: every part of a path is opened by its name within the descriptor of the folder before it, with O_NOFOLLOW, so
 * that whoever swaps a part for a link while we walk gets an error and never a look outside (assurance V7).
 */
export const linuxOpener = (root: string): Opener => ({
  root: async () => byDescriptor(await fs.open(root, O_RDONLY | O_DIRECTORY)),
  folder: async (at) => byDescriptor(await fs.open(at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)),
  entry: async (at) => {
    // A look before opening: to open a device may already do something.
    const before = await fs.lstat(at);
    if (before.isSymbolicLink()) throw linkRefused();
    if (!before.isDirectory()) regular(before);
    const handle = await fs.open(at, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stats = await handle.stat();
      if (stats.isDirectory()) return { kind: 'folder', held: byDescriptor(handle), stats };
      regular(stats);
      return { kind: 'file', handle, stats };
    } catch (thrown) {
      await handle.close();
      throw thrown;
    }
  },
});

/**
 * Elsewhere: links are refused where they are seen and the real path is compared, but a link that is swapped in between
 * look and use may be followed. There the sandbox around the workspace is the wall.
 */
export const portableOpener = (root: string): Opener => {
  const held = (at: string): Held => ({ at, synced: async () => undefined, close: async () => undefined });
  const real = async (at: string): Promise<Stats> => {
    const stats = await fs.lstat(at);
    if (stats.isSymbolicLink()) throw linkRefused();
    const expected = path.join(await fs.realpath(root), path.relative(root, at));
    if ((await fs.realpath(at)) !== expected) throw linkRefused();
    return stats;
  };
  return {
    root: async () => {
      await fs.access(root);
      return held(root);
    },
    folder: async (at) => {
      if (!(await real(at)).isDirectory()) throw new Refusal('permission_denied', 'a part of the path is no folder');
      return held(at);
    },
    entry: async (at) => {
      const stats = await real(at);
      if (stats.isDirectory()) return { kind: 'folder', held: held(at), stats };
      regular(stats);
      return { kind: 'file', handle: await fs.open(at, O_RDONLY), stats };
    },
  };
};

/** The safest way that this system offers; undefined on a Linux without /proc, where there is none. */
export const openerOf = (root: string): Opener | undefined => {
  if (process.platform !== 'linux') return portableOpener(root);
  return existsSync('/proc/self/fd') ? linuxOpener(root) : undefined;
};

/** Walks to the folder of these parts, and holds it open while the work lasts. */
export const beneath = async <T>(
  opener: Opener,
  parts: readonly string[],
  work: (folder: Held) => Promise<T>,
): Promise<T> => {
  let folder = await opener.root();
  try {
    for (const part of parts) {
      const next = await opener.folder(`${folder.at}/${part}`);
      await folder.close();
      folder = next;
    }
    return await work(folder);
  } finally {
    await folder.close();
  }
};
