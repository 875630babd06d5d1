import { createHash } from 'node:crypto';
import fs, { type FileHandle } from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import type { Opener } from './beneath.ts';
import { codeOf, Refusal } from './refusal.ts';
import { absent, type Standing, type Tree } from './tree.ts';
import { draftSuffix } from './workspace.path.ts';

/** What is looked at, and can be put back: no more entries, bytes and levels than these in one call. */
export const treeEntriesMax = 2_000;
export const treeBytesMax = 67_108_864;
const treeDepthMax = 64;
const chunkBytes = 8_388_608;

/** Where a piece of content is kept; left out where only the state is of interest. */
export type Keep = (bytes: Uint8Array) => Promise<Extract<Tree, { kind: 'file' }>['parts'][number]>;

/** Permissions alone; on Windows they mean nothing. */
export const modeOf = ({ mode }: { readonly mode: number }): number =>
  process.platform === 'win32' ? 0 : mode & 0o7777;

interface Count {
  entries: number;
  bytes: number;
}

const counted = (count: Count, bytes: number): void => {
  count.entries += 1;
  count.bytes += bytes;
  if (count.entries > treeEntriesMax)
    throw new Refusal('limit_exceeded', `more than ${treeEntriesMax} files and folders, which could not be put back`);
  if (count.bytes > treeBytesMax)
    throw new Refusal('limit_exceeded', `more than ${treeBytesMax} bytes, which could not be put back`);
};

const fileAt = async (handle: FileHandle, mode: number, count: Count, keep?: Keep): Promise<Tree> => {
  const hash = createHash('sha256');
  const parts = [];
  let bytes = 0;
  const buffer = Buffer.alloc(Math.min(chunkBytes, (await handle.stat()).size + 1));
  for (;;) {
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, bytes + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    const chunk = buffer.subarray(0, filled);
    if (filled === 0) break;
    bytes += filled;
    // A file may grow while it is read.
    if (count.bytes + bytes > treeBytesMax) counted(count, bytes);
    hash.update(chunk);
    if (keep !== undefined) parts.push(await keep(chunk));
  }
  counted(count, bytes);
  return { kind: 'file', mode, bytes, sha256: hash.digest('hex'), parts };
};

/** The names in a folder that is held open; one that is no UTF-8 could not be spoken of, nor put back. */
export const namesIn = async (at: string): Promise<readonly string[]> => {
  const names: string[] = [];
  for (const raw of await fs.readdir(at, { encoding: 'buffer' })) {
    try {
      names.push(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw));
    } catch {
      throw new Refusal('failed', 'a name in the folder is no UTF-8');
    }
  }
  return names.toSorted();
};

const treeAt = async (
  opener: Opener,
  at: string,
  depth: number,
  count: Count,
  keep: Keep | undefined,
): Promise<Tree> => {
  const entry = await opener.entry(at);
  if (entry.kind === 'file') {
    try {
      return await fileAt(entry.handle, modeOf(entry.stats), count, keep);
    } finally {
      await entry.handle.close();
    }
  }
  try {
    counted(count, 0);
    if (depth >= treeDepthMax) throw new Refusal('limit_exceeded', `more than ${treeDepthMax} folders deep`);
    const entries = [];
    for (const name of await namesIn(entry.held.at)) {
      if (name.endsWith(draftSuffix)) continue;
      entries.push({ name, tree: await treeAt(opener, `${entry.held.at}/${name}`, depth + 1, count, keep) });
    }
    return { kind: 'folder', mode: modeOf(entry.stats), entries };
  } finally {
    await entry.held.close();
  }
};

/**
 * What stands at a name within a folder that is held open. With `keep` its content is kept besides. Throws a Refusal for
 * links, pipes, devices and second names anywhere in it, and beyond 2,000 entries, 64 MiB or 64 levels.
 */
export const survey = async (opener: Opener, at: string, keep?: Keep): Promise<Standing> => {
  try {
    await fs.lstat(at);
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return absent;
    throw thrown;
  }
  try {
    return await treeAt(opener, at, 0, { entries: 0, bytes: 0 }, keep);
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') throw new Refusal('failed', 'it changed while it was looked at');
    throw thrown;
  }
};
