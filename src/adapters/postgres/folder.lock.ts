import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { DatabaseError } from './fault.ts';

const holderSchema = z.object({
  pid: z.int(),
  host: z.string(),
  /** The kernel's id of this boot, where the system tells it. */
  boot: z.string().nullable(),
  since: z.string(),
});
type Holder = z.infer<typeof holderSchema>;

export interface FolderLock {
  /** Whether the machine itself stopped under the last holder: then what was never flushed may be lost or torn. */
  readonly machineStopped: boolean;
  /** Notes down who has it. What a former holder left behind has to be looked at before. */
  readonly enter: () => void;
  /** Gives the folder back, in good order. */
  readonly release: () => void;
  /** Gives the folder back, but leaves the note that it was not closed in good order. */
  readonly abandon: () => void;
}

const bootId = (): string | null => {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null; // not Linux
  }
};

const noted = (path: string): Holder | undefined => {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined; // none, or torn by the stop it would tell of
  }
};

/**
 * Takes a folder for this process alone, or throws and says who has it. PGlite itself has no lock: two that open one
 * directory destroy each other's writes. The lock is the operating system's, held through SQLite's: it ends with the
 * process however that ends, needs no guess whether a process id still means the same process, and holds between
 * containers that share the folder.
 */
export const lockFolder = (folder: string): FolderLock => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const note = join(folder, 'holder.json');
  const left = noted(note);
  const lock = new DatabaseSync(join(folder, 'lock'));
  try {
    lock.exec('pragma locking_mode = exclusive; begin exclusive');
  } catch (error) {
    lock.close();
    const holder = left === undefined ? '' : ` by process ${left.pid} on ${left.host} since ${left.since}`;
    throw new DatabaseError('unavailable', `${folder} is in use${holder}`, { cause: error });
  }
  const boot = bootId();
  return {
    machineStopped: left !== undefined && left.boot !== null && left.boot !== boot,
    enter: () => {
      const holder: Holder = { pid: process.pid, host: hostname(), boot, since: new Date().toISOString() };
      writeFileSync(note, JSON.stringify(holder));
    },
    release: () => {
      rmSync(note, { force: true });
      lock.close();
    },
    abandon: () => lock.close(),
  };
};
