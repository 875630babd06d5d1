import type { Expected } from '../../ports.ts';
import { tombstoneRevision } from './storage.ts';

/** What the rules need to know of a stream. The lookups may read the disk and are asked only when they matter. */
export interface StreamView {
  /** -1 for none, `tombstoneRevision` for a tombstoned stream. */
  readonly last: number;
  readonly softDeleted: () => boolean;
  /** Whether `$$stream` has an event. */
  readonly described: () => boolean;
  /** A recent event of this stream with this id. */
  readonly recent: (id: string) => Place | undefined;
  /** The event at a revision, hidden or not. */
  readonly at: (revision: number) => (Place & { readonly id: string }) | undefined;
}

export interface Place {
  readonly revision: number;
  readonly position: number;
}

export type CommitCheck =
  /** To be recorded after `last`; `recreates` where a soft-deleted stream comes back. */
  | { readonly is: 'fresh'; readonly recreates: boolean }
  /** A retry of what is recorded already, up to this event. */
  | ({ readonly is: 'again' } & Place)
  | { readonly is: 'wrong' }
  | { readonly is: 'deleted' };

const wrong: CommitCheck = { is: 'wrong' };

/** Retries are known by the first id, among recent ones only; what begins as a retry must be one to its end. */
const checkByRecentIds = (ids: readonly string[], view: StreamView): CommitCheck => {
  let last: Place | undefined;
  for (const [n, id] of ids.entries()) {
    const known = view.recent(id);
    if (known === undefined) return n === 0 ? { is: 'fresh', recreates: view.softDeleted() } : wrong;
    last = known;
  }
  return last === undefined ? { is: 'fresh', recreates: view.softDeleted() } : { is: 'again', ...last };
};

/** The stream has gone on past `expected`: either these very events follow it, or somebody else's do. */
const checkByStoredIds = (expected: number, ids: readonly string[], view: StreamView): CommitCheck => {
  let last: Place | undefined;
  for (const [n, id] of ids.entries()) {
    const stored = view.at(expected + 1 + n);
    if (stored?.id !== id) {
      const recreates = n === 0 && expected === -1 && view.softDeleted();
      return recreates ? { is: 'fresh', recreates } : wrong;
    }
    last = stored;
  }
  return last === undefined ? wrong : { is: 'again', revision: last.revision, position: last.position };
};

/**
 * Whether events may follow in a stream, by the order and letter of EventStoreDB's IndexWriter.CheckCommit
 * (`eventstoredb.md` 3.4): a tombstone refuses everything, a retry gets its first answer, an expectation must hold.
 */
export const checkCommit = (expected: Expected, ids: readonly string[], view: StreamView): CommitCheck => {
  if (view.last === tombstoneRevision) return { is: 'deleted' };
  if (expected === 'stream_exists') {
    if (view.softDeleted()) return { is: 'deleted' };
    if (view.last < 0 && !view.described()) return wrong;
  }
  if (expected === 'any' || expected === 'stream_exists') return checkByRecentIds(ids, view);
  const revision = expected === 'no_stream' ? -1 : expected;
  if (revision < view.last) return checkByStoredIds(revision, ids, view);
  if (revision > view.last) return wrong;
  return { is: 'fresh', recreates: view.softDeleted() };
};
