import fs from 'node:fs/promises';
import { z } from 'zod';
import type { Call } from '../define.ts';
import { failure, type Failure } from '../failure.ts';
import { at, overtaken } from './change.ts';
import { placed, settled } from './placing.ts';
import { Refusal } from './refusal.ts';
import { answered, Before, draftOf, fetching, inFull, keeping, shortened, stillWanted, type Site } from './site.ts';
import { survey } from './survey.ts';
import { absent, stateOf, type Standing } from './tree.ts';
import { partsOf, WorkspacePath } from './workspace.path.ts';

/** What moving back needs: what was moved, and what the move overwrote. */
export const MoveRecord = z.strictObject({
  from: WorkspacePath,
  to: WorkspacePath,
  moved: z.string().max(100),
  before: Before,
});
export type MoveRecord = z.infer<typeof MoveRecord>;

export interface Move {
  readonly from: string;
  readonly to: string;
  readonly overwrite: boolean;
  readonly fingerprint: string;
}

const nothing = stateOf(absent);

/** Why a move is none; what it would overwrite is a file by a file, and only where that was asked for. */
const movable = (from: Standing, to: Standing, overwrite: boolean): void => {
  if (from.kind === 'absent') throw new Refusal('not_found', 'there is nothing to be moved');
  if (to.kind === 'absent') return;
  if (!overwrite) throw new Refusal('already_exists', 'there is something already where it should go');
  if (to.kind !== 'file' || from.kind !== 'file')
    throw new Refusal('already_exists', 'only a file is overwritten, and only by a file');
};

const apart = (from: readonly string[], to: readonly string[]): void => {
  if (from.every((part, place) => part === to[place]) || to.every((part, place) => part === from[place]))
    throw new Refusal('invalid_arguments', 'nothing is moved onto itself, into itself or onto what it is in');
};

const renamed = (site: Site, from: readonly string[], to: readonly string[]): Promise<void> =>
  at(site, from, (source, name) =>
    at(site, to, async (target, newName) => {
      await fs.rename(`${source.at}/${name}`, `${target.at}/${newName}`);
      await settled(target);
      await settled(source);
    }),
  );

/** Moves a file or a folder within the workspace; what it overwrites is kept and noted first. */
export const move = (site: Site, call: Call, of: Move): Promise<{ ok: true; undo: MoveRecord } | Failure> =>
  site.alone(() =>
    answered(async () => {
      const [from, to] = [partsOf(of.from), partsOf(of.to)];
      apart(from, to);
      const look = (parts: readonly string[], keep = false): Promise<Standing> =>
        at(site, parts, (folder, name) =>
          survey(site.opener, `${folder.at}/${name}`, keep ? keeping(site, call) : undefined),
        );
      const found = await site.notes.find(call, of.fingerprint);
      const [source, target] = [await look(from), await look(to, found === undefined)];
      if (found !== undefined) {
        const noted = MoveRecord.parse(found);
        const before = await inFull(site, call, noted.before);
        if (source.kind === 'absent' && stateOf(target) === noted.moved) return { ok: true, undo: noted } as const;
        if (stateOf(source) !== noted.moved || stateOf(target) !== stateOf(before)) return overtaken();
        await renamed(site, from, to);
        return { ok: true, undo: noted } as const;
      }
      movable(source, target, of.overwrite);
      const undo = { from: of.from, to: of.to, moved: stateOf(source), before: await shortened(site, call, target) };
      stillWanted(call);
      await site.notes.keep(call, of.fingerprint, undo);
      if (stateOf(await look(to)) !== stateOf(target)) throw new Refusal('failed', 'it was changed meanwhile');
      await renamed(site, from, to);
      return { ok: true, undo } as const;
    }),
  );

/** Moves back, and then restores what had been overwritten; goes on where an earlier attempt ended. */
export const moveBack = (site: Site, call: Call, record: MoveRecord) =>
  site.alone(() =>
    answered(async () => {
      const [from, to] = [partsOf(record.from), partsOf(record.to)];
      const before = await inFull(site, call, record.before);
      const state = (parts: readonly string[]): Promise<string> =>
        at(site, parts, async (folder, name) => stateOf(await survey(site.opener, `${folder.at}/${name}`)));
      const changed = failure('failed', 'it was changed since: moving back would destroy what somebody else did');
      let [source, target] = [await state(from), await state(to)];
      if (source === nothing && target === record.moved) {
        await renamed(site, to, from);
        [source, target] = [record.moved, nothing];
      }
      if (source !== record.moved) return changed;
      if (target !== stateOf(before)) {
        if (target !== nothing) return changed;
        await at(site, to, (folder, name) =>
          placed(site.opener, folder, { name, draft: draftOf(call, 'undo') }, absent, before, fetching(site, call)),
        );
      }
      await site.notes.forget(call);
      return { ok: true, result: { restored: true } } as const;
    }),
  );
