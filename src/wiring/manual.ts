import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

const folder = new URL('../../docs/guide/', import.meta.url);
const page = /^([a-z0-9-]+)\.md$/;

const filesIn = (place: URL): readonly string[] => {
  try {
    return readdirSync(place).toSorted();
  } catch {
    // An image without the manual serves all the rest.
    return [];
  }
};

/** The pages of the manual by their names, read when they are asked for. */
export const manual: ReadonlyMap<string, () => Promise<string>> = new Map(
  filesIn(folder).flatMap((file) => {
    const slug = page.exec(file)?.[1];
    return slug === undefined ? [] : [[slug, () => readFile(new URL(file, folder), 'utf8')] as const];
  }),
);
