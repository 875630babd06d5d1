import fs from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import { z } from 'zod';
import type { Capability } from '../../../ports.ts';
import { capability } from '../define.ts';
import { failure } from '../failure.ts';
import { beneath } from './beneath.ts';
import { at } from './change.ts';
import { codeOf, Refusal } from './refusal.ts';
import { answered, type Site } from './site.ts';
import { namesIn, survey, treeBytesMax } from './survey.ts';
import { draftSuffix, partsOf, WorkspacePath } from './workspace.path.ts';

export const readBytesMax = 50_000;
export const listEntriesMax = 1_000;

/** Where a piece of UTF-8 may end so that no character is cut. */
const wholeCharacters = (bytes: Buffer): Buffer => {
  let end = bytes.length;
  while (end > 0 && bytes.length - end < 4 && ((bytes[end - 1] ?? 0) & 0xc0) === 0x80) end -= 1;
  const lead = bytes[end - 1] ?? 0;
  const needed = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return bytes.length - end + 1 >= needed ? bytes : bytes.subarray(0, end - 1);
};

const filled = async (handle: fs.FileHandle, offset: number, bytesMax: number): Promise<Buffer> => {
  const buffer = Buffer.alloc(bytesMax);
  let length = 0;
  while (length < bytesMax) {
    const { bytesRead } = await handle.read(buffer, length, bytesMax - length, offset + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
};

const readFile = (site: Site): Capability =>
  capability({
    capability_id: 'io.fs.read_file',
    name: 'Read a file',
    description: `Reads at most ${readBytesMax} bytes of a file of the workspace, from an offset, as text or base64.`,
    operation: 'read',
    risk: { justification: 'It changes nothing, and sees nothing outside the workspace.' },
    tags: ['files'],
    parameters: z.strictObject({
      path: WorkspacePath,
      encoding: z.enum(['utf8', 'base64']).default('utf8'),
      offset: z.int().min(0).default(0),
      max_bytes: z.int().min(4).max(readBytesMax).default(readBytesMax),
    }),
    result: z.object({
      content: z.string(),
      encoding: z.enum(['utf8', 'base64']),
      bytes: z.int(),
      size: z.int(),
      truncated: z.boolean(),
    }),
    invoke: ({ path, encoding, offset, max_bytes }) =>
      answered(() =>
        at(site, partsOf(path), async (folder, name) => {
          const entry = await site.opener.entry(`${folder.at}/${name}`);
          if (entry.kind === 'folder') {
            await entry.held.close();
            return failure('invalid_arguments', 'it is a folder');
          }
          try {
            const { size } = entry.stats;
            const raw = await filled(entry.handle, offset, max_bytes);
            const bytes = encoding === 'utf8' && offset + raw.length < size ? wholeCharacters(raw) : raw;
            const content =
              encoding === 'base64'
                ? bytes.toString('base64')
                : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
            const truncated = offset + bytes.length < size;
            return { ok: true, result: { content, encoding, bytes: bytes.length, size, truncated } } as const;
          } catch (thrown) {
            if (codeOf(thrown) === 'ERR_ENCODING_INVALID_ENCODED_DATA')
              return failure('failed', 'it is no UTF-8 from there on; read it as base64');
            throw thrown;
          } finally {
            await entry.handle.close();
          }
        }),
      ),
  });

const hashFile = (site: Site): Capability =>
  capability({
    capability_id: 'io.fs.hash_file',
    name: 'Hash a file',
    description: `The SHA-256 of a file of the workspace of at most ${treeBytesMax} bytes.`,
    operation: 'read',
    risk: { justification: 'It changes nothing, and tells nothing of the content but whether it is the same.' },
    tags: ['files'],
    parameters: z.strictObject({ path: WorkspacePath }),
    result: z.object({ sha256: z.string(), bytes: z.int() }),
    invoke: ({ path }) =>
      answered(() =>
        at(site, partsOf(path), async (folder, name) => {
          const standing = await survey(site.opener, `${folder.at}/${name}`);
          if (standing.kind === 'absent') throw new Refusal('not_found', 'there is no such file');
          if (standing.kind === 'folder') throw new Refusal('invalid_arguments', 'it is a folder');
          return { ok: true, result: { sha256: standing.sha256, bytes: standing.bytes } } as const;
        }),
      ),
  });

const Kind = z.enum(['file', 'folder', 'link', 'other']);

const kindAt = async (path: string): Promise<{ readonly kind: z.infer<typeof Kind>; readonly bytes: number }> => {
  const stats = await fs.lstat(path);
  const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : stats.isSymbolicLink() ? 'link' : 'other';
  return { kind, bytes: stats.isFile() ? stats.size : 0 };
};

const listDir = (site: Site): Capability =>
  capability({
    capability_id: 'io.fs.list_dir',
    name: 'List a folder',
    description: `What is in a folder of the workspace, by name, at most ${listEntriesMax} entries; links are not followed.`,
    operation: 'read',
    risk: { justification: 'It changes nothing, and sees nothing outside the workspace.' },
    tags: ['files'],
    parameters: z.strictObject({ path: WorkspacePath.default('.') }),
    result: z.object({
      entries: z.array(z.object({ name: z.string(), kind: Kind, bytes: z.int() })),
      total: z.int(),
      truncated: z.boolean(),
    }),
    invoke: ({ path }) =>
      answered(() =>
        beneath(site.opener, partsOf(path), async (folder) => {
          const names = (await namesIn(folder.at)).filter((name) => !name.endsWith(draftSuffix));
          const entries = [];
          for (const name of names.slice(0, listEntriesMax)) {
            try {
              entries.push({ name, ...(await kindAt(`${folder.at}/${name}`)) });
            } catch (thrown) {
              // Gone since its name was read.
              if (codeOf(thrown) !== 'ENOENT') throw thrown;
            }
          }
          return {
            ok: true,
            result: { entries, total: names.length, truncated: names.length > listEntriesMax },
          } as const;
        }),
      ),
  });

const exists = (site: Site): Capability =>
  capability({
    capability_id: 'io.fs.exists',
    name: 'Look whether something exists',
    description: 'Whether there is something at a path of the workspace, and what: a file, a folder, a link or other.',
    operation: 'read',
    risk: { justification: 'It changes nothing, and sees nothing outside the workspace.' },
    tags: ['files'],
    parameters: z.strictObject({ path: WorkspacePath }),
    result: z.object({ exists: z.boolean(), kind: Kind.nullable() }),
    invoke: ({ path }) =>
      answered(async () => {
        if (partsOf(path).length === 0) return { ok: true, result: { exists: true, kind: 'folder' } } as const;
        try {
          return await at(site, partsOf(path), async (folder, name) => {
            const { kind } = await kindAt(`${folder.at}/${name}`);
            return { ok: true, result: { exists: true, kind } } as const;
          });
        } catch (thrown) {
          if (codeOf(thrown) !== 'ENOENT') throw thrown;
          return { ok: true, result: { exists: false, kind: null } } as const;
        }
      }),
  });

/** What only looks. */
export const readingCapabilities = (site: Site): readonly Capability[] =>
  [readFile, hashFile, listDir, exists].map((make) => make(site));
