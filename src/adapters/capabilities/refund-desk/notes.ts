import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const Notes = z.record(z.string(), z.string());

/** Notes by their id, in a file. */
export const notesIn = (folder: string) => {
  const file = path.join(folder, 'notes.json');
  const read = (): Record<string, string> =>
    existsSync(file) ? Notes.parse(JSON.parse(readFileSync(file, 'utf8'))) : {};
  const write = (notes: Readonly<Record<string, string>>): void => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, JSON.stringify(notes, null, 2));
  };
  return {
    add: (note_id: string, text: string): void => write({ ...read(), [note_id]: text }),
    remove: (note_id: string): void =>
      write(Object.fromEntries(Object.entries(read()).filter(([id]) => id !== note_id))),
  };
};
