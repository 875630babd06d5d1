import type { EventLog } from '../ports.ts';
import type { Workshop } from './folding/outcome.ts';
import { digestOf } from './rebuilding/digest.ts';
import type { SwapMode } from './operations.ts';
import { recall, type Post } from './following/post.ts';
import type { Rebuilds, Watch } from './rebuilding/rebuilds.ts';
import { parkedEvents, retryParked, skipParked } from './folding/retry.ts';

const parkedShownMax = 1_000;

export interface UpkeepParts {
  readonly workshop: Workshop;
  readonly log: EventLog;
  readonly rebuilds: Rebuilds;
  readonly postNamed: (name: string) => Post;
}

/** What somebody who looks after read models may do; all of it on any node. */
export const upkeep = ({ workshop, log, rebuilds, postNamed }: UpkeepParts) => ({
  /** Throws where there is no projection of this name. */
  known: (name: string): undefined => void postNamed(name),
  /**
   * Begins a rebuild (`rebuild.ts` says what that is); `ended` resolves with how it ended, and may be left alone. Refused
   * while another one of the same projection is under way.
   */
  rebuild: async (
    name: string,
    {
      swap = 'auto',
      requested_by = null,
      ...watch
    }: Watch & { readonly swap?: SwapMode; readonly requested_by?: string | null } = {},
  ) => {
    const { projection, nudge } = postNamed(name);
    const { id } = await rebuilds.begin(projection, swap, requested_by);
    nudge.open();
    const ended = rebuilds.watch(id, watch);
    ended.catch(() => {});
    return { id, ended };
  },
  watch: rebuilds.watch,
  operation: rebuilds.find,
  operations: rebuilds.latest,
  /** Calls a rebuild off; nothing of it stays. */
  cancel: rebuilds.cancel,
  /** Swaps as soon as it is ready. */
  swap: rebuilds.swap,
  /** What is parked, in log order. */
  parked: (name: string, limit = parkedShownMax) =>
    parkedEvents(workshop.database.db, postNamed(name).projection.name, { limit: Math.min(limit, parkedShownMax) }),
  retryParked: async (name: string) => {
    const post = postNamed(name);
    const retried = await retryParked(workshop, log, post.projection);
    recall(post);
    return retried;
  },
  skipParked: async (name: string, position: bigint) => {
    const post = postNamed(name);
    const skipped = await skipParked(workshop, log, post.projection, position);
    recall(post);
    return skipped;
  },
  /** One word for the whole served table: equal tables have equal digests. */
  digest: (name: string) => digestOf(workshop.database.background, 'read', postNamed(name).projection),
});
