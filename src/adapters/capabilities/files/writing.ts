import { z } from 'zod';
import { digest, sha256 } from '../../../domain/kernel/digest.ts';
import type { Capability } from '../../../ports.ts';
import { capability, type Call } from '../define.ts';
import { at, change, ChangeRecord, folderMode, unchange } from './change.ts';
import { standingNow } from './preconditions.ts';
import { Refusal } from './refusal.ts';
import { answered, type Site } from './site.ts';
import { survey } from './survey.ts';
import type { File, Standing } from './tree.ts';
import { partsOf, WorkspacePath } from './workspace.path.ts';

export const writeBytesMax = 1_000_000;
/** Also what is copied at most. */
export const writeBytesBytesMax = 20_000_000;
const base64CharsMax = Math.ceil(writeBytesBytesMax / 3) * 4;
const fileMode = process.platform === 'win32' ? 0 : 0o644;
const undoable = 'What was there before is kept, and put back by undoing.';

const Written = z.object({ path: z.string(), bytes: z.int(), sha256: z.string(), created: z.boolean() });
const parents = z.boolean().default(false).describe('make the folders on the way');

const fileOf = (bytes: Uint8Array, before: Standing): File => {
  if (before.kind === 'folder') throw new Refusal('already_exists', 'there is a folder');
  return {
    kind: 'file',
    mode: before.kind === 'file' ? before.mode : fileMode,
    bytes: bytes.length,
    sha256: sha256(bytes),
    parts: bytes.length === 0 ? [] : [{ inline: Buffer.from(bytes).toString('base64') }],
  };
};

interface Writing {
  readonly capability_id: string;
  readonly path: string;
  readonly parents: boolean;
}

const written = async (site: Site, call: Call, bytes: Uint8Array, of: Writing) => {
  const fingerprint = digest([of.capability_id, of.path, of.parents, sha256(bytes)]);
  const done = await change(site, call, { ...of, fingerprint, want: (before) => fileOf(bytes, before) });
  if (!done.ok) return done;
  const result = {
    path: of.path,
    bytes: bytes.length,
    sha256: sha256(bytes),
    created: done.before.kind === 'absent',
  };
  return { ok: true, result, undo: done.undo } as const;
};

const undoing = (site: Site) => ({
  record: ChangeRecord,
  run: (record: ChangeRecord, call: Call) => unchange(site, call, record),
});

const writeFile = (site: Site): Capability => {
  const capability_id = 'io.fs.write_file';
  return capability({
    capability_id,
    name: 'Write a text file',
    description: `Writes a whole text file of at most ${writeBytesMax} bytes into the workspace, at once or not at all.`,
    operation: 'write',
    risk: { justification: `It may overwrite a file of the workspace. ${undoable}` },
    side_effects: { description: 'A file of the workspace has this content.' },
    effect_class: 'natural',
    tags: ['files'],
    parameters: z.strictObject({ path: WorkspacePath, content: z.string().max(writeBytesMax), parents }),
    result: Written,
    invoke: ({ path, content, parents }, call) =>
      answered(async () => {
        if (!content.isWellFormed()) throw new Refusal('invalid_arguments', 'the content is no text: half a character');
        const bytes = Buffer.from(content);
        if (bytes.length > writeBytesMax)
          throw new Refusal('limit_exceeded', `${bytes.length} bytes, at most ${writeBytesMax}`);
        return written(site, call, bytes, { capability_id, path, parents });
      }),
    undo: undoing(site),
    preconditions: ({ path }) => standingNow(site, [path]),
  });
};

const writeBytes = (site: Site): Capability => {
  const capability_id = 'io.fs.write_bytes';
  return capability({
    capability_id,
    name: 'Write a file of bytes',
    description: `Writes a whole file of at most ${writeBytesBytesMax} bytes, given as base64, at once or not at all.`,
    operation: 'write',
    risk: { justification: `It may overwrite a file of the workspace. ${undoable}` },
    side_effects: { description: 'A file of the workspace has this content.' },
    effect_class: 'natural',
    tags: ['files'],
    parameters: z.strictObject({
      path: WorkspacePath,
      content_base64: z.string().max(base64CharsMax),
      parents,
    }),
    result: Written,
    invoke: ({ path, content_base64, parents }, call) =>
      answered(async () => {
        const bytes = Buffer.from(content_base64, 'base64');
        if (bytes.toString('base64') !== content_base64)
          throw new Refusal('invalid_arguments', 'the content is no base64 (RFC 4648, 4, with padding)');
        if (bytes.length > writeBytesBytesMax)
          throw new Refusal('limit_exceeded', `${bytes.length} bytes, at most ${writeBytesBytesMax}`);
        return written(site, call, bytes, { capability_id, path, parents });
      }),
    undo: undoing(site),
    preconditions: ({ path }) => standingNow(site, [path]),
  });
};

const makeDir = (site: Site): Capability => {
  const capability_id = 'io.fs.make_dir';
  return capability({
    capability_id,
    name: 'Make a folder',
    description: 'Makes a folder in the workspace; where there is one already, nothing happens.',
    operation: 'write',
    risk: { justification: 'It overwrites nothing. Undoing removes what it made, while that is empty.' },
    side_effects: { description: 'There is such a folder.' },
    effect_class: 'natural',
    tags: ['files'],
    parameters: z.strictObject({ path: WorkspacePath, parents }),
    result: z.object({ path: z.string(), created: z.boolean() }),
    invoke: async ({ path, parents }, call) => {
      const want = (before: Standing): Standing => {
        if (before.kind === 'file') throw new Refusal('already_exists', 'there is a file');
        return before.kind === 'folder' ? before : { kind: 'folder', mode: folderMode, entries: [] };
      };
      const fingerprint = digest([capability_id, path, parents]);
      const done = await change(site, call, { path, parents, fingerprint, want });
      if (!done.ok) return done;
      return { ok: true, result: { path, created: done.before.kind === 'absent' }, undo: done.undo };
    },
    undo: undoing(site),
  });
};

const copy = (site: Site): Capability => {
  const capability_id = 'io.fs.copy';
  return capability({
    capability_id,
    name: 'Copy a file',
    description: `Copies a file of at most ${writeBytesBytesMax} bytes within the workspace; overwrites only if asked to.`,
    operation: 'write',
    risk: { justification: `It may overwrite a file of the workspace. ${undoable}` },
    side_effects: { description: 'A second file of the workspace has the content of the first.' },
    effect_class: 'keyed',
    tags: ['files'],
    parameters: z.strictObject({
      from: WorkspacePath,
      to: WorkspacePath,
      overwrite: z.boolean().default(false),
      parents,
    }),
    result: Written,
    invoke: ({ from, to, overwrite, parents }, call) =>
      answered(async () => {
        const inline = async (bytes: Uint8Array) => ({ inline: Buffer.from(bytes).toString('base64') });
        const source = (): Promise<Standing> =>
          at(site, partsOf(from), (folder, name) => survey(site.opener, `${folder.at}/${name}`, inline));
        let copied: File | undefined;
        const want = async (before: Standing): Promise<Standing> => {
          const file = await source();
          if (file.kind === 'absent') throw new Refusal('not_found', 'there is nothing to be copied');
          if (file.kind === 'folder') throw new Refusal('invalid_arguments', 'a folder is not copied, only a file');
          if (file.bytes > writeBytesBytesMax)
            throw new Refusal('limit_exceeded', `${file.bytes} bytes, at most ${writeBytesBytesMax}`);
          if (before.kind === 'folder') throw new Refusal('already_exists', 'there is a folder');
          if (before.kind === 'file' && !overwrite) throw new Refusal('already_exists', 'there is a file already');
          copied = file;
          return file;
        };
        const fingerprint = digest([capability_id, from, to, overwrite, parents]);
        const done = await change(site, call, { path: to, parents, fingerprint, want });
        if (!done.ok) return done;
        const { bytes, sha256 } = copied ?? (await arrived(site, to));
        const result = { path: to, bytes, sha256, created: done.before.kind === 'absent' };
        return { ok: true, result, undo: done.undo } as const;
      }),
    undo: undoing(site),
    preconditions: ({ from, to }) => standingNow(site, [from, to]),
  });
};

/** What an earlier attempt under the same key had copied. */
const arrived = (site: Site, path: string): Promise<File> =>
  at(site, partsOf(path), async (folder, name) => {
    const standing = await survey(site.opener, `${folder.at}/${name}`);
    if (standing.kind !== 'file') throw new Refusal('failed', 'the copy is gone again', 'unknown');
    return standing;
  });

/** What puts something there. */
export const writingCapabilities = (site: Site): readonly Capability[] =>
  [writeFile, writeBytes, makeDir, copy].map((make) => make(site));
