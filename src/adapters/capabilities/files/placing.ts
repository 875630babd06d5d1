import fs from 'node:fs/promises';
import type { Held, Opener } from './beneath.ts';
import { codeOf, Refusal } from './refusal.ts';
import { survey } from './survey.ts';
import { stateOf, type File, type Standing, type Tree } from './tree.ts';

/** The bytes of a piece of content, wherever it is kept. */
export type Fetch = (part: File['parts'][number]) => Promise<Uint8Array>;

/** Removes what is at a name, whatever it is, without following anything. */
export const cleared = async (opener: Opener, at: string): Promise<void> => {
  try {
    const stats = await fs.lstat(at);
    if (!stats.isDirectory()) return await fs.unlink(at);
    const folder = await opener.folder(at);
    try {
      // A folder that may not be written may not be emptied either.
      if (process.platform !== 'win32') await fs.chmod(folder.at, 0o700);
      for (const name of await fs.readdir(folder.at)) await cleared(opener, `${folder.at}/${name}`);
    } finally {
      await folder.close();
    }
    await fs.rmdir(at);
  } catch (thrown) {
    if (codeOf(thrown) !== 'ENOENT') throw thrown;
  }
};

const built = async (opener: Opener, at: string, tree: Tree, fetch: Fetch): Promise<void> => {
  if (tree.kind === 'file') {
    const handle = await fs.open(at, 'wx', 0o600);
    try {
      for (const part of tree.parts) await handle.writeFile(await fetch(part));
      if (process.platform !== 'win32') await handle.chmod(tree.mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return;
  }
  await fs.mkdir(at, { mode: 0o700 });
  const folder = await opener.folder(at);
  try {
    for (const { name, tree: inner } of tree.entries) await built(opener, `${folder.at}/${name}`, inner, fetch);
    if (process.platform !== 'win32') await fs.chmod(folder.at, tree.mode);
    await folder.synced();
  } finally {
    await folder.close();
  }
};

/** From here on it is done, though the disk may not know it yet. */
export const settled = async (folder: Held): Promise<void> => {
  try {
    await folder.synced();
  } catch {
    throw new Refusal('failed', 'it was done, and the disk did not confirm it', 'unknown');
  }
};

const changed = (): Refusal => new Refusal('failed', 'it was changed by somebody else meanwhile');

const removed = async (opener: Opener, folder: Held, at: string, draft: string, present: Standing): Promise<void> => {
  await fs.rename(at, draft);
  // Only what is out of everybody's sight can be compared for good.
  if (stateOf(await survey(opener, draft)) !== stateOf(present)) {
    await fs.rename(draft, at);
    throw changed();
  }
  await settled(folder);
  try {
    await cleared(opener, draft);
  } catch {
    throw new Refusal('failed', 'it is gone from its place, and could not be removed wholly', 'unknown');
  }
};

/**
 * Makes what stands at a name what is wanted, at once or not at all: it is built under the draft's name beside, made
 * durable, and renamed. Throws a Refusal where something else than `present` is there just before the renaming; between
 * that look and the renaming lie microseconds in which a stranger's write would be overwritten.
 */
export const placed = async (
  opener: Opener,
  folder: Held,
  names: { readonly name: string; readonly draft: string },
  from: Standing,
  to: Standing,
  fetch: Fetch,
): Promise<void> => {
  const at = `${folder.at}/${names.name}`;
  const draft = `${folder.at}/${names.draft}`;
  // What a crash left of an earlier attempt.
  await cleared(opener, draft);
  if (to.kind !== 'absent') await built(opener, draft, to, fetch);
  try {
    if (stateOf(await survey(opener, at)) !== stateOf(from)) throw changed();
    if (to.kind === 'absent') return await removed(opener, folder, at, draft, from);
    await fs.rename(draft, at);
  } catch (thrown) {
    if (to.kind !== 'absent') await cleared(opener, draft);
    throw thrown;
  }
  await settled(folder);
};
