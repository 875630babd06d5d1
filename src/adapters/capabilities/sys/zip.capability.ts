import { constants } from 'node:fs';
import { lstat, open, opendir, readFile, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { sha256 } from '../../../domain/kernel/digest.ts';
import type { Capability } from '../../../ports.ts';
import { capability } from '../define.ts';
import { failure, type Failure } from '../failure.ts';
import { zipOf, type ZipEntry } from './zip.format.ts';

const entriesMax = 5_000;
const bytesMax = 64 * 1024 * 1024;
const depthMax = 32;
const pathCharsMax = 1_000;
const sourcesMax = 100;

/** A path of parts below the workspace: nothing that leads up, out, or to a hidden second name. */
const WithinWorkspace = z
  .string()
  .min(1)
  .max(pathCharsMax)
  .refine(
    (text) =>
      !/[\p{Cc}\\:]/u.test(text) && text.split('/').every((part) => part !== '' && part !== '.' && part !== '..'),
    'a path below the workspace, with single slashes and without . or ..',
  );

class Refused extends Error {
  readonly failure: Failure;
  constructor(refused: Failure) {
    super(refused.message);
    this.name = 'Refused';
    this.failure = refused;
  }
}

/** Every folder on the way is one, and no link. */
const walked = async (root: string, relative: string): Promise<string> => {
  const parts = relative.split('/');
  let at = root;
  for (const [index, part] of parts.entries()) {
    at = path.join(at, part);
    if (index === parts.length - 1) return at;
    const stat = await lstat(at).catch(() => undefined);
    if (stat?.isDirectory() !== true) throw new Refused(failure('not_found', `there is no folder ${part}`));
  }
  return at;
};

const opened = async (file: string): Promise<Buffer> => {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new Refused(failure('permission_denied', 'only files and folders are archived'));
    if (stat.size > bytesMax) throw new Refused(failure('limit_exceeded', `a file is beyond ${bytesMax} bytes`));
    return await handle.readFile();
  } finally {
    await handle.close();
  }
};

/** The files below a path, in the order of their names. Links, devices and pipes are refused, not skipped. */
const gathered = async (
  root: string,
  sources: readonly string[],
  signal: AbortSignal,
): Promise<readonly ZipEntry[]> => {
  const entries = new Map<string, Buffer>();
  let bytes = 0;
  const take = async (file: string, name: string, depth: number): Promise<void> => {
    signal.throwIfAborted();
    const stat = await lstat(file).catch(() => undefined);
    if (stat === undefined) throw new Refused(failure('not_found', `there is no ${name}`));
    if (stat.isDirectory()) {
      if (depth >= depthMax) throw new Refused(failure('limit_exceeded', `folders are nested beyond ${depthMax}`));
      const names: string[] = [];
      for await (const { name } of await opendir(file)) {
        names.push(name);
        if (names.length > entriesMax) throw new Refused(failure('limit_exceeded', `more than ${entriesMax} files`));
      }
      for (const below of names.toSorted()) await take(path.join(file, below), `${name}/${below}`, depth + 1);
      return;
    }
    if (!stat.isFile()) throw new Refused(failure('permission_denied', `${name} is neither a file nor a folder`));
    const content = await opened(file);
    bytes += content.length;
    entries.set(name, content);
    if (bytes > bytesMax) throw new Refused(failure('limit_exceeded', `the files are beyond ${bytesMax} bytes`));
    if (entries.size > entriesMax) throw new Refused(failure('limit_exceeded', `more than ${entriesMax} files`));
  };
  for (const source of sources) await take(await walked(root, source), source, 0);
  return [...entries].map(([name, content]) => ({ name, bytes: content }));
};

const Undo = z.strictObject({ destination: WithinWorkspace, digest: z.string() });

/** Writes a new file, or finds the same one there, made by an attempt before; what else is there is not overwritten. */
const written = async (file: string, archive: Buffer): Promise<boolean> => {
  try {
    const handle = await open(
      file,
      constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW,
      0o644,
    );
    try {
      await handle.writeFile(archive);
      await handle.sync();
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return (await opened(file)).equals(archive);
  }
};

const refusedOr = (error: unknown, signal: AbortSignal): Failure => {
  if (error instanceof Refused) return error.failure;
  if (signal.aborted) return failure('timeout', 'the archive was wanted no more');
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return failure(code === 'ELOOP' ? 'permission_denied' : 'failed', `the archive was not made (${String(code)})`);
};

/**
 * `sys.archive.zip`: packs files and folders of the workspace into a new archive there. It follows no link and overwrites
 * nothing; undoing deletes the archive unless somebody changed it. Whoever can swap folders of the workspace for links
 * while it reads may have it read what they point to: commands, which could, run in a sandbox that sees nothing else.
 */
export const zipCapability = (workspace: string): Capability =>
  capability({
    capability_id: 'sys.archive.zip',
    name: 'Make a zip archive',
    description: 'Packs files and folders of the workspace into a new zip archive in the workspace',
    operation: 'write',
    risk: { justification: 'makes one new file, which undoing deletes' },
    effect_class: 'natural',
    tags: ['sys', 'archive'],
    parameters: z.strictObject({
      sources: z.array(WithinWorkspace).min(1).max(sourcesMax),
      destination: WithinWorkspace.refine((name) => name.endsWith('.zip'), 'an archive is called .zip'),
    }),
    result: z.strictObject({ destination: z.string(), bytes: z.int(), entries: z.int(), digest: z.string() }),
    invoke: async ({ sources, destination }, { signal }) => {
      try {
        const root = await realpath(workspace);
        const file = await walked(root, destination);
        const entries = (await gathered(root, sources, signal)).filter(({ name }) => name !== destination);
        const archive = zipOf(entries);
        if (!(await written(file, archive))) return failure('already_exists', `there is another ${destination}`);
        const digest = `sha256:${sha256(archive)}`;
        const result = { destination, bytes: archive.length, entries: entries.length, digest };
        return { ok: true, result, undo: { destination, digest } };
      } catch (error) {
        return refusedOr(error, signal);
      }
    },
    undo: {
      record: Undo,
      run: async ({ destination, digest }, { signal }) => {
        try {
          const file = await walked(await realpath(workspace), destination);
          const present = await lstat(file).catch(() => undefined);
          if (present === undefined) return { ok: true, result: { deleted: false } };
          if (!present.isFile() || `sha256:${sha256(await readFile(file))}` !== digest)
            return failure('failed', `${destination} was changed since it was made`);
          await rm(file);
          return { ok: true, result: { deleted: true } };
        } catch (error) {
          return refusedOr(error, signal);
        }
      },
    },
  });
