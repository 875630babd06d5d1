import fs from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { sha256 } from '../../../domain/kernel/digest.ts';
import type { Call } from '../define.ts';
import { codeOf, Refusal } from './refusal.ts';

const noteDaysMax = 30;
const noteMsMax = noteDaysMax * 86_400_000;

const Note = z.strictObject({ fingerprint: z.string(), record: z.unknown() });

/**
 * What each call found before it did anything, under the call's key and outside the workspace. A repetition after a crash
 * finds the first attempt's note, so that undoing brings back what was there before the first attempt and not before the
 * last (requirements W73). Kept for 30 days.
 */
export interface Notes {
  /** What the first attempt noted. Throws where the key stands for another call. */
  readonly find: (call: Call, fingerprint: string) => Promise<unknown>;
  readonly keep: (call: Call, fingerprint: string, record: unknown) => Promise<void>;
  readonly forget: (call: Call) => Promise<void>;
}

export const notesIn = (folder: string): Notes => {
  const fileOf = ({ tenant, key }: Call): string => path.join(folder, `${sha256(JSON.stringify([tenant, key]))}.json`);
  const sweep = async (): Promise<void> => {
    const before = Date.now() - noteMsMax;
    for (const name of await fs.readdir(folder)) {
      const file = path.join(folder, name);
      if ((await fs.stat(file)).mtimeMs < before) await fs.rm(file, { force: true });
    }
  };
  let swept = false;
  const synced = async (): Promise<void> => {
    if (process.platform === 'win32') return;
    const handle = await fs.open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  };
  return {
    find: async (call, fingerprint) => {
      let text: string;
      try {
        text = await fs.readFile(fileOf(call), 'utf8');
      } catch (thrown) {
        if (codeOf(thrown) === 'ENOENT') return undefined;
        throw thrown;
      }
      const note = Note.parse(JSON.parse(text));
      if (note.fingerprint !== fingerprint) throw new Refusal('invalid_arguments', 'the key stands for another call');
      return note.record;
    },
    keep: async (call, fingerprint, record) => {
      await fs.mkdir(folder, { recursive: true, mode: 0o700 });
      if (!swept) await sweep();
      swept = true;
      const file = fileOf(call);
      await fs.writeFile(`${file}.draft`, JSON.stringify({ fingerprint, record }), { mode: 0o600, flush: true });
      await fs.rename(`${file}.draft`, file);
      await synced();
    },
    forget: (call) => fs.rm(fileOf(call), { force: true }),
  };
};
