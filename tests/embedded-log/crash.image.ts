import { copyFileSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Store } from '../../src/adapters/embedded-log/store.ts';
import { openStorage } from '../../src/adapters/embedded-log/store.ts';
import { append, appended, everything, freshFolder, proposal, proposals, shown } from './log.folder.ts';

/** The files of a log as they lie on disk while it is open: what a crash leaves. */
export const imageOf = (folder: string): string => {
  const image = freshFolder();
  for (const name of ['log.sqlite', 'log.sqlite-wal', 'log.head'])
    if (existsSync(path.join(folder, name))) copyFileSync(path.join(folder, name), path.join(image, name));
  return image;
};

/** A second copy of an image, in place of the first one's copy. */
export const restore = (image: string, folder: string): void => {
  rmSync(folder, { recursive: true, force: true });
  cpSync(image, folder, { recursive: true });
};

export const flip = (file: string, bit: number): void => {
  const content = readFileSync(file);
  const at = Math.floor(bit / 8) % content.length;
  content[at] = (content[at] ?? 0) ^ (1 << (bit % 8));
  writeFileSync(file, content);
};

/** Changes a text wherever it lies in a file: SQLite leaves old copies in pages that it has freed. */
export const damage = (file: string, text: string): void => {
  const content = readFileSync(file);
  for (let at = content.indexOf(text); at >= 0; at = content.indexOf(text, at + 1)) content[at] = 0;
  writeFileSync(file, content);
};

const streams = ['a', 'b', 'c', '$$b', 'deleted', 'gone', 'missing'];

/** A log with streams of every kind, in some groups. */
export const fill = async (store: Store): Promise<void> => {
  await appended(append(store, 'a', 'no_stream', proposals(9)));
  await appended(append(store, 'b', 'no_stream', proposals(9)));
  await appended(append(store, '$$b', 'no_stream', [proposal('$metadata', { $maxCount: 5 })]));
  for (const stream of ['deleted', 'gone']) await appended(append(store, stream, 'no_stream', proposals(3)));
  await appended(store.remove('deleted', 'any'));
  await appended(store.tombstone('gone', 'any'));
  await appended(append(store, 'a', 8, [proposal('Large', { text: 'x'.repeat(9000) })]));
  for (let n = 0; n < 12; n += 1) await appended(append(store, 'c', 'any', proposals(2)));
};

/** All that anybody can read of a log. */
export const readings = (store: Store): string =>
  JSON.stringify([
    shown(everything(store, 'forward', 7)),
    shown(everything(store, 'backward', 9)),
    ...streams.flatMap((stream) =>
      (['forward', 'backward'] as const).map((direction) => {
        const page = store.readStream(stream, direction === 'forward' ? 'start' : 'end', direction, 1000);
        return page.is === 'events' ? { ...page, events: shown(page.events) } : page;
      }),
    ),
  ]);

/** Opens a folder, reads everything and closes it again. */
export const readingsOf = async (folder: string): Promise<string> => {
  const store = openStorage(folder);
  try {
    return readings(store);
  } finally {
    await store.close();
  }
};
