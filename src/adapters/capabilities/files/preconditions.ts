import { at } from './change.ts';
import { codeOf, Refusal } from './refusal.ts';
import type { Site } from './site.ts';
import { survey } from './survey.ts';
import { stateOf } from './tree.ts';
import { partsOf } from './workspace.path.ts';

/** What someone who approves relies on: that these paths stand as they stand now. One digest each, or why there is none. */
export const standingNow = async (site: Site, paths: readonly string[]): Promise<Readonly<Record<string, string>>> => {
  const states: [string, string][] = [];
  for (const path of paths) {
    try {
      states.push([
        path,
        await at(site, partsOf(path), async (folder, name) =>
          stateOf(await survey(site.opener, `${folder.at}/${name}`)),
        ),
      ]);
    } catch (thrown) {
      states.push([path, thrown instanceof Refusal ? thrown.fault : (codeOf(thrown) ?? 'unknown')]);
    }
  }
  return Object.fromEntries(states);
};
