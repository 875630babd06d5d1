import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Deed } from './recording.ts';

/** What a power cut does to writes that were not synced. */
export const powerCuts = ['none', 'all', 'sectors', 'torn'] as const;
/** `none` and `all` of them survive, any `sectors`, or the first few and then half of one (`torn`). */
export type PowerCut = (typeof powerCuts)[number];

type Change = Extract<Deed, { readonly did: 'write' | 'cut' }> & { readonly order: number };

interface Inode {
  durable: Buffer;
  pending: Change[];
}

const sectorBytes = 512;

const written = (content: Buffer, at: number, bytes: Buffer): Buffer => {
  const longer =
    at + bytes.length > content.length
      ? Buffer.concat([content, Buffer.alloc(at + bytes.length - content.length)])
      : content;
  bytes.copy(longer, at);
  return longer;
};

const applied = (content: Buffer, change: Change): Buffer => {
  if (change.did === 'write') return written(content, change.at, change.bytes);
  const cut = Buffer.alloc(change.size);
  content.copy(cut, 0, 0, change.size);
  return cut;
};

/** The sectors of a write for which `survives` says so. */
const sectorsOf = (content: Buffer, change: Change, survives: () => boolean): Buffer => {
  if (change.did === 'cut') return survives() ? applied(content, change) : content;
  let result = content;
  for (let at = change.at; at < change.at + change.bytes.length;) {
    const end = Math.min((Math.floor(at / sectorBytes) + 1) * sectorBytes, change.at + change.bytes.length);
    if (survives()) result = written(result, at, change.bytes.subarray(at - change.at, end - change.at));
    at = end;
  }
  return result;
};

/** A folder on a disk that forgets what was not synced: its files, and its names too. */
export const createDisk = () => {
  const names = new Map<string, Inode>();
  let durableNames = new Map<string, Inode>();
  let order = 0;

  const inodeOf = (file: string): Inode => {
    const inode = names.get(file);
    if (inode === undefined) throw new Error(`${file} was never created`);
    return inode;
  };

  const perform = (deed: Deed): void => {
    order += 1;
    switch (deed.did) {
      case 'create':
        if (!names.has(deed.file)) names.set(deed.file, { durable: Buffer.alloc(0), pending: [] });
        return;
      case 'write':
      case 'cut':
        return void inodeOf(deed.file).pending.push({ ...deed, order });
      case 'sync': {
        const inode = inodeOf(deed.file);
        for (const change of inode.pending) inode.durable = applied(inode.durable, change);
        inode.pending = [];
        // Journaling file systems make a new file's name durable with its content.
        durableNames.set(deed.file, inode);
        return;
      }
      case 'sync_folder':
        durableNames = new Map(names);
        return;
      case 'unlink':
        return void names.delete(deed.file);
      case 'rename':
        names.set(deed.to, inodeOf(deed.file));
        return void names.delete(deed.file);
      case 'say':
    }
  };

  const contentAfter = (inode: Inode, cut: PowerCut, chance: () => number, until: number): Buffer => {
    const durable = Buffer.from(inode.durable);
    switch (cut) {
      case 'none':
        return durable;
      case 'all':
        return inode.pending.reduce<Buffer>(applied, durable);
      case 'sectors':
        return inode.pending.reduce<Buffer>(
          (content, change) => sectorsOf(content, change, () => chance() < 0.5),
          durable,
        );
      case 'torn':
        return inode.pending
          .filter((change) => change.order <= until)
          .reduce<Buffer>((content, change) => {
            if (change.order < until) return applied(content, change);
            let left = 1 + Math.floor(chance() * 8);
            return sectorsOf(content, change, () => (left -= 1) >= 0);
          }, durable);
    }
  };

  /** Writes the folder as it may be found after a power cut at this moment. */
  const leave = (folder: string, cut: PowerCut, chance: () => number): void => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const keepsNames = cut === 'all' || (cut !== 'none' && chance() < 0.5);
    const found = keepsNames ? names : durableNames;
    const orders = [...new Set(found.values())].flatMap(({ pending }) => pending.map((change) => change.order));
    const until = orders[Math.floor(chance() * orders.length)] ?? 0;
    for (const [file, inode] of found) writeFileSync(path.join(folder, file), contentAfter(inode, cut, chance, until));
  };

  return { perform, leave };
};
