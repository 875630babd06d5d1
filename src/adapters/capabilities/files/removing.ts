import { z } from 'zod';
import { digest } from '../../../domain/kernel/digest.ts';
import type { Capability } from '../../../ports.ts';
import { capability } from '../define.ts';
import { change, ChangeRecord, unchange } from './change.ts';
import { standingNow } from './preconditions.ts';
import { Refusal } from './refusal.ts';
import { move, moveBack, MoveRecord } from './relocation.ts';
import type { Site } from './site.ts';
import { treeBytesMax, treeEntriesMax } from './survey.ts';
import { absent, type Standing } from './tree.ts';
import { WorkspacePath } from './workspace.path.ts';

const limits = `at most ${treeEntriesMax} entries and ${treeBytesMax} bytes`;

const entriesIn = (standing: Standing): number =>
  standing.kind === 'folder' ? standing.entries.reduce((sum, { tree }) => sum + 1 + entriesIn(tree), 0) : 0;

const remove = (site: Site): Capability => {
  const capability_id = 'io.fs.delete';
  return capability({
    capability_id,
    name: 'Delete a file or a folder',
    description: `Deletes a file, or with recursive a folder and all that is in it (${limits}); all of it is kept for undoing.`,
    operation: 'delete',
    risk: { justification: 'It takes away what somebody made. What it was is kept, and put back by undoing.' },
    side_effects: { reversible: true, description: 'A file or folder of the workspace is gone.' },
    compensation: { supported: true, strategy: 'automatic' },
    effect_class: 'keyed',
    tags: ['files'],
    parameters: z.strictObject({ path: WorkspacePath, recursive: z.boolean().default(false) }),
    result: z.object({ path: z.string(), kind: z.enum(['file', 'folder']), entries: z.int() }),
    invoke: async ({ path, recursive }, call) => {
      const want = (before: Standing): Standing => {
        if (before.kind === 'absent') throw new Refusal('not_found', 'there is nothing to be deleted');
        if (before.kind === 'folder' && before.entries.length > 0 && !recursive)
          throw new Refusal('invalid_arguments', 'the folder is not empty, and recursive was not asked for');
        return absent;
      };
      const fingerprint = digest([capability_id, path, recursive]);
      const done = await change(site, call, { path, parents: false, fingerprint, want });
      if (!done.ok) return done;
      const { before, undo } = done;
      const kind = before.kind === 'folder' ? ('folder' as const) : ('file' as const);
      return { ok: true, result: { path, kind, entries: entriesIn(before) }, undo };
    },
    undo: { record: ChangeRecord, run: (record, call) => unchange(site, call, record) },
    preconditions: ({ path }) => standingNow(site, [path]),
  });
};

const moving = (site: Site): Capability => {
  const capability_id = 'io.fs.move';
  return capability({
    capability_id,
    name: 'Move a file or a folder',
    description: `Moves a file or a folder (${limits}) within the workspace; overwrites a file only if asked to.`,
    operation: 'write',
    risk: { justification: 'It may overwrite a file. Undoing moves back, and restores what was overwritten.' },
    side_effects: { description: 'A file or folder of the workspace is elsewhere.' },
    effect_class: 'keyed',
    tags: ['files'],
    parameters: z.strictObject({ from: WorkspacePath, to: WorkspacePath, overwrite: z.boolean().default(false) }),
    result: z.object({ from: z.string(), to: z.string() }),
    invoke: async ({ from, to, overwrite }, call) => {
      const fingerprint = digest([capability_id, from, to, overwrite]);
      const done = await move(site, call, { from, to, overwrite, fingerprint });
      return done.ok ? { ok: true, result: { from, to }, undo: done.undo } : done;
    },
    undo: { record: MoveRecord, run: (record, call) => moveBack(site, call, record) },
    preconditions: ({ from, to }) => standingNow(site, [from, to]),
  });
};

/** What takes something away from where it was. */
export const removingCapabilities = (site: Site): readonly Capability[] => [remove, moving].map((make) => make(site));
