import type { Operation, SwapMode } from '../operations.ts';
import type { Outdated, Post } from '../following/post.ts';
import type { Rebuilds } from './rebuilds.ts';

/**
 * What happens when an older version is served than this code knows: in `auto`, a rebuild is begun, once; in `manual`,
 * somebody has to. One that ended badly is not begun again by itself before the next start, or it would never end ending
 * badly. Answers how it stands, for people.
 */
export const outdated = (rebuilds: Rebuilds, mode: SwapMode) => {
  const begun = new Map<Post, Operation>();
  return async (post: Post): Promise<Outdated> => {
    const { projection, servedVersion, leads } = post;
    const wanted = `version ${projection.version} is to replace ${servedVersion}`;
    const open = (await rebuilds.open()).find(({ target }) => target === projection.name);
    if (open !== undefined) return { state: 'rebuilding', reason: wanted };
    const idle = (why: string): Outdated => ({ state: 'rebuild_needed', reason: `${wanted}, ${why}` });
    if (mode === 'manual') return idle('and waits for somebody to begin');
    if (!leads) return idle('and another node leads');
    const before = begun.get(post);
    if (before !== undefined) {
      const { status, error } = await rebuilds.find(before.id);
      return idle(`but its rebuild ${status}: ${error ?? 'nobody said why'}`);
    }
    begun.set(post, await rebuilds.begin(projection, 'auto', null));
    return { state: 'rebuilding', reason: wanted };
  };
};
