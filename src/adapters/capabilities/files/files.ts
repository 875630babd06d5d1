import { mkdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import type { BlobStore, Capability } from '../../../ports.ts';
import { openerOf, portableOpener, type Opener } from './beneath.ts';
import { notesIn } from './notes.ts';
import { readingCapabilities } from './reading.ts';
import { removingCapabilities } from './removing.ts';
import { oneByOne } from './site.ts';
import { writingCapabilities } from './writing.ts';

export interface FileOptions {
  /** The workspace: all that these capabilities see. It is made where it is missing. */
  readonly root: string;
  /** Where what was overwritten or deleted is kept. */
  readonly blobs: BlobStore;
  /** What calls found before they did anything; beside the workspace when left out (`<root>.undo`), never within it. */
  readonly notes?: string;
  /** How files are opened; the safest way of this system when left out. */
  readonly opener?: Opener;
}

/**
 * The ten capabilities `io.fs.*` (requirements W80, W85) under one root. No link is followed on Linux, whatever is swapped
 * meanwhile; elsewhere that rests on the sandbox. Permissions and contents are put back exactly; times and owners are not.
 * Throws where the notes would lie within the workspace, where an agent could forge them.
 */
export const fileCapabilities = ({ root: given, blobs, notes, opener }: FileOptions): readonly Capability[] => {
  mkdirSync(given, { recursive: true });
  const root = realpathSync(given);
  const folder = path.resolve(notes ?? `${root}.undo`);
  if (folder === root || folder.startsWith(`${root}${path.sep}`))
    throw new TypeError('the notes of file capabilities must not lie within the workspace');
  const safest = opener ?? openerOf(root);
  const site = { opener: safest ?? portableOpener(root), blobs, notes: notesIn(folder), alone: oneByOne() };
  const made = [...readingCapabilities(site), ...writingCapabilities(site), ...removingCapabilities(site)];
  if (safest !== undefined) return made;
  return made.map((capability) => ({ ...capability, unavailable: 'without /proc no path can be opened safely' }));
};
