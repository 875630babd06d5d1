import fs from 'node:fs/promises';
import { z } from 'zod';
import type { Call } from '../define.ts';
import { failure, type Failure } from '../failure.ts';
import { beneath, type Held } from './beneath.ts';
import { cleared, placed } from './placing.ts';
import { codeOf, Refusal } from './refusal.ts';
import { answered, Before, draftOf, fetching, inFull, keeping, shortened, stillWanted, type Site } from './site.ts';
import { survey } from './survey.ts';
import { stateOf, type Standing, type Tree } from './tree.ts';
import { partsOf, WorkspacePath } from './workspace.path.ts';

/** What undoing a change needs: where, what was there, and what the change left there. */
export const ChangeRecord = z.strictObject({ path: WorkspacePath, before: Before, after: z.string().max(100) });
export type ChangeRecord = z.infer<typeof ChangeRecord>;

export interface Change {
  readonly path: string;
  /** Whether folders on the way are made. */
  readonly parents: boolean;
  /** The same for the same call, and for no other. */
  readonly fingerprint: string;
  /** What shall stand there, or a Refusal that is thrown. */
  readonly want: (before: Standing) => Standing | Promise<Standing>;
}

export type Changed = { readonly ok: true; readonly undo: ChangeRecord; readonly before: Standing } | Failure;

export const folderMode = process.platform === 'win32' ? 0 : 0o755;

/** The folders on the way as they are wanted, with what is wanted at their end. */
const nested = (parts: readonly string[], wanted: Standing): Standing =>
  parts.reduceRight<Standing>(
    (inner, name) => ({
      kind: 'folder',
      mode: folderMode,
      entries: inner.kind === 'absent' ? [] : [{ name, tree: inner satisfies Tree }],
    }),
    wanted,
  );

/** How many parts lead to the first thing on the way that is not there, or to the end. */
const reach = async ({ opener }: Site, parts: readonly string[]): Promise<number> => {
  for (let count = 1; count < parts.length; count += 1) {
    const isThere = await beneath(opener, parts.slice(0, count - 1), async ({ at }) => {
      try {
        await fs.lstat(`${at}/${parts[count - 1]}`);
        return true;
      } catch (thrown) {
        if (codeOf(thrown) === 'ENOENT') return false;
        throw thrown;
      }
    });
    if (!isThere) return count;
  }
  return parts.length;
};

/** The last of the names, within the folder of the others, held open. */
export const at = <T>(
  { opener }: Site,
  parts: readonly string[],
  work: (folder: Held, name: string) => Promise<T>,
): Promise<T> => {
  const name = parts.at(-1);
  if (name === undefined) throw new Refusal('invalid_arguments', 'the workspace itself is not touched');
  return beneath(opener, parts.slice(0, -1), (folder) => work(folder, name));
};

/** Someone came between a first attempt and its repetition: whatever is done now would destroy something. */
export const overtaken = (): Failure =>
  failure('failed', 'a first attempt may have been made, and what is there now is neither before nor after it', {
    happened: 'unknown',
  });

/**
 * Makes one path what is wanted. What was there is kept and noted under the call's key before anything is touched; a
 * repetition under the key goes on from that note, and does nothing where the first attempt had come through.
 */
export const change = (site: Site, call: Call, of: Change): Promise<Changed> =>
  site.alone(() =>
    answered(async () => {
      const parts = partsOf(of.path);
      const found = await site.notes.find(call, of.fingerprint);
      const noted = found === undefined ? undefined : ChangeRecord.parse(found);
      const target =
        noted === undefined
          ? parts.slice(0, of.parents ? await reach(site, parts) : parts.length)
          : partsOf(noted.path);
      return at(site, target, async (folder, name): Promise<Changed> => {
        const present = await survey(
          site.opener,
          `${folder.at}/${name}`,
          noted === undefined ? keeping(site, call) : undefined,
        );
        const before = noted === undefined ? present : await inFull(site, call, noted.before);
        const now = stateOf(present);
        const draft = draftOf(call, 'call');
        if (noted?.after === now) {
          await cleared(site.opener, `${folder.at}/${draft}`);
          return { ok: true, undo: noted, before };
        }
        if (stateOf(before) !== now) return overtaken();
        const rest = parts.slice(target.length);
        const wanted = nested(rest, await of.want(rest.length === 0 ? before : { kind: 'absent' }));
        const undo: ChangeRecord = {
          path: target.join('/'),
          before: noted?.before ?? (await shortened(site, call, before)),
          after: stateOf(wanted),
        };
        stillWanted(call);
        await site.notes.keep(call, of.fingerprint, undo);
        if (undo.after !== now) {
          await placed(site.opener, folder, { name, draft }, before, wanted, fetching(site, call));
        }
        return { ok: true, undo, before };
      });
    }),
  );

/** Puts back what was there, if what the change left is there still; what is back already is left alone. */
export const unchange = (site: Site, call: Call, { path, before, after }: ChangeRecord) =>
  site.alone(() =>
    answered(async () => {
      const was = await inFull(site, call, before);
      const undone = { ok: true, result: { restored: true } } as const;
      if (stateOf(was) === after) return undone;
      return at(site, partsOf(path), async (folder, name) => {
        const draft = draftOf(call, 'undo');
        const present = await survey(site.opener, `${folder.at}/${name}`);
        if (stateOf(present) === stateOf(was)) await cleared(site.opener, `${folder.at}/${draft}`);
        else if (stateOf(present) === after)
          await placed(site.opener, folder, { name, draft }, present, was, fetching(site, call));
        else return failure('failed', 'it was changed since: undoing would destroy what somebody else did');
        await site.notes.forget(call);
        return undone;
      });
    }),
  );
