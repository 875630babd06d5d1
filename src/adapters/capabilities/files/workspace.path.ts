import { z } from 'zod';

const pathCharsMax = 4_096;
const partBytesMax = 255;
const partsMax = 64;

/** Names that end so are ours while a write is under way: not readable, not writable, not listed. */
export const draftSuffix = '.acta-draft';

/** What looks like a slash or a dot and is none, to whoever reads the path before approving it (assurance S42). */
const lookalikes = /[\u2024\u2025\u2044\u2215\u2571\u29f5\u29f8\u29f9\ufe68\uff0e\uff0f\uff3c]/u;

const escapes = /%(?:2e|2f|5c|00)/i;

/** Why a path is not one of the workspace; undefined where it is. */
export const wrongWith = (path: string): string | undefined => {
  if (/\p{Cc}|\p{Bidi_Control}/u.test(path) || !path.isWellFormed()) return 'control characters';
  if (path.startsWith('/') || path.startsWith('~') || /^[a-z]:/i.test(path)) return 'it is not relative';
  if (path.includes('\\')) return 'backslashes';
  if (escapes.test(path)) return 'escaped dots or slashes: nothing is decoded here';
  if (lookalikes.test(path)) return 'what only looks like a slash or a dot';
  const parts = path.split('/');
  if (parts.length > partsMax) return `more than ${partsMax} parts`;
  if (parts.includes('..')) return 'two dots';
  if (parts.some((part) => Buffer.byteLength(part) > partBytesMax)) return `a name beyond ${partBytesMax} bytes`;
  if (parts.some((part) => part.endsWith(draftSuffix))) return `a name that ends in ${draftSuffix}`;
  return undefined;
};

/** A path relative to the workspace, with slashes. The folder itself is `.`. It has one spelling: policies compare texts. */
export const WorkspacePath = z
  .string()
  .min(1)
  .max(pathCharsMax)
  .superRefine((path, context) => {
    const wrong = wrongWith(path);
    if (wrong !== undefined) context.addIssue({ code: 'custom', message: `no path within the workspace: ${wrong}` });
  })
  .overwrite((path) => partsOf(path).join('/') || '.')
  .describe('relative to the workspace, with slashes');

/** The names on the way; none of them for the workspace itself. */
export const partsOf = (path: string): readonly string[] =>
  path.split('/').filter((part) => part !== '' && part !== '.');
