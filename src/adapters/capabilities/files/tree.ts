import { z } from 'zod';
import { digest } from '../../../domain/kernel/digest.ts';

/** A piece of a file's content: in place (base64), or where it was kept. */
const Part = z.union([z.strictObject({ inline: z.base64() }), z.strictObject({ uri: z.string().max(2_048) })]);

const Mode = z.int().min(0).max(0o7777);

const File = z.strictObject({
  kind: z.literal('file'),
  mode: Mode,
  bytes: z.int().min(0),
  /** The SHA-256 of the content. */
  sha256: z.string().length(64),
  /** In order; none of them where only the state is of interest. */
  parts: z.array(Part),
});
export type File = z.infer<typeof File>;

export interface Folder {
  readonly kind: 'folder';
  readonly mode: number;
  /** In the order of their names. */
  readonly entries: readonly { readonly name: string; readonly tree: Tree }[];
}
export type Tree = File | Folder;
export type Absent = { readonly kind: 'absent' };
export const absent: Absent = { kind: 'absent' };

/** What is, or was, at a path: nothing, a file, or a folder with all that is in it. */
export type Standing = Absent | Tree;

const Name = z
  .string()
  .min(1)
  .max(255)
  .refine((name) => !/[/\0]/.test(name) && name !== '.' && name !== '..');

const Tree: z.ZodType<Tree> = z.lazy(() =>
  z.union([
    File,
    z.strictObject({
      kind: z.literal('folder'),
      mode: Mode,
      entries: z.array(z.strictObject({ name: Name, tree: Tree })),
    }),
  ]),
);
export const Standing: z.ZodType<Standing> = z.union([z.strictObject({ kind: z.literal('absent') }), Tree]);

const bare = (standing: Standing): unknown => {
  switch (standing.kind) {
    case 'absent':
      return standing;
    case 'file':
      return { kind: 'file', mode: standing.mode, sha256: standing.sha256 };
    case 'folder': {
      const entries = standing.entries.map(({ name, tree }) => [name, digest(bare(tree))]);
      return { kind: 'folder', mode: standing.mode, entries };
    }
  }
};

/** One digest of what stands there: kinds, names, modes and contents, whatever way the contents are kept. */
export const stateOf = (standing: Standing): string => digest(bare(standing));
