import { constants } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { sha256 } from '../../../domain/kernel/digest.ts';

const keyCharsShown = 40;

/** A file of an outbox, named by the key of the call: the same call writes the same file. */
export const outboxFile = (folder: string, key: string, suffix: string): string =>
  path.join(folder, `${sha256(key).slice(0, keyCharsShown)}.${suffix}`);

/** Writes a file whole or not at all; what was there under this name is replaced. */
export const written = async (file: string, bytes: Uint8Array): Promise<void> => {
  await mkdir(path.dirname(file), { recursive: true });
  const draft = `${file}.part`;
  await rm(draft, { force: true });
  const handle = await open(draft, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
};
