import { randomUUID } from 'node:crypto';
import type { Expected } from '../../ports.ts';
import { checkCommit, type CommitCheck, type StreamView } from './commit.check.ts';
import type { Group, Streams } from './group.ts';
import { tombstoneRevision, type Proposal, type StoreOutcome, type StoreWrite } from './storage.ts';
import { describedBy, isMetadataStream, metadataStreamOf, recreatedFrom, softDeletion } from './stream.settings.ts';
import { intact } from './verification.ts';

const nothing: Uint8Array = new Uint8Array();

const metadataEvent = (data: Uint8Array): Proposal => ({
  id: randomUUID(),
  type: '$metadata',
  is_json: true,
  data,
  metadata: nothing,
});

const viewOf = ({ db, heads, ids }: Streams, stream: string): StreamView => {
  const { sid, last } = heads.get(stream);
  return {
    last,
    softDeleted: () => heads.settings(stream).soft_deleted,
    described: () => heads.get(metadataStreamOf(stream)).last >= 0,
    recent: (id) => {
      const known = ids.get(id);
      return known?.stream === stream ? known : undefined;
    },
    at: (revision) => {
      const row = sid === undefined ? undefined : db.at(sid, revision);
      return row && intact(row);
    },
  };
};

const refusal = ({ heads }: Streams, stream: string, expected: Expected, check: CommitCheck): StoreOutcome => {
  if (check.is === 'deleted') return { is: 'stream_deleted', stream };
  const { last } = heads.get(stream);
  return { is: 'wrong_expected_version', stream, expected, actual: last < 0 ? 'no_stream' : last };
};

/** Brings a soft-deleted stream back: hidden up to the revision it goes on with, the rest of its metadata kept. */
const recreate = ({ db, heads }: Streams, stream: string, revision: number, group: Group): void => {
  const described = metadataStreamOf(stream);
  const { sid, last } = heads.get(described);
  group.flush();
  const row = sid === undefined ? undefined : db.at(sid, last);
  const data = row && recreatedFrom(intact(row).data, revision);
  if (data !== undefined) group.add(described, last + 1, metadataEvent(data));
};

const write = (streams: Streams, { stream, events }: StoreWrite, recreates: boolean, group: Group) => {
  const { heads } = streams;
  const { last } = heads.get(stream);
  const original = isMetadataStream(stream) ? describedBy(stream) : undefined;
  const describesDeleted = original !== undefined && heads.settings(original).soft_deleted;
  let position = group.position();
  for (const [n, event] of events.entries()) position = group.add(stream, last + 1 + n, event);
  if (recreates) recreate(streams, stream, last + 1, group);
  // Metadata written to a soft-deleted stream brings it back too.
  if (original !== undefined && describesDeleted) recreate(streams, original, heads.get(original).last + 1, group);
  return { revision: last + events.length, position };
};

const appended = (
  places: readonly { readonly revision: number; readonly position: number }[],
  again: boolean,
): StoreOutcome => ({
  is: 'appended',
  revisions: places.map(({ revision }) => revision),
  position: Math.max(...places.map(({ position }) => position)),
  again,
});

/** Appends to some streams, all or none, by EventStoreDB's rules (`eventstoredb.md` 3.4). */
export const append = (streams: Streams, writes: readonly StoreWrite[], group: Group): StoreOutcome => {
  group.flush();
  const checks = writes.map((asked) => {
    const ids = asked.events.map(({ id }) => id);
    return { asked, check: checkCommit(asked.expected, ids, viewOf(streams, asked.stream)) };
  });
  const refused = checks.find(({ check }) => check.is === 'wrong' || check.is === 'deleted');
  if (refused) return refusal(streams, refused.asked.stream, refused.asked.expected, refused.check);
  const retried = checks.flatMap(({ check }) => (check.is === 'again' ? [check] : []));
  if (retried.length === checks.length) return appended(retried, true);
  // One transaction was recorded whole: what is half a retry is none.
  const half = retried.length > 0 ? checks.find(({ check }) => check.is === 'again') : undefined;
  if (half) return refusal(streams, half.asked.stream, half.asked.expected, half.check);
  const places = checks.map(({ asked, check }) =>
    write(streams, asked, check.is === 'fresh' && check.recreates, group),
  );
  return appended(places, false);
};

/** A deletion's own event is always new, so a second deletion is not a retry of the first. */
const refusedDeletion = (streams: Streams, stream: string, expected: Expected): StoreOutcome | undefined => {
  const check = checkCommit(expected, [randomUUID()], viewOf(streams, stream));
  return check.is === 'fresh' ? undefined : refusal(streams, stream, expected, check);
};

/** Soft deletion: everything recorded so far is hidden, and the stream may begin anew. */
export const remove = (streams: Streams, stream: string, expected: Expected, group: Group): StoreOutcome => {
  group.flush();
  const refused = refusedDeletion(streams, stream, expected);
  if (refused) return refused;
  const described = metadataStreamOf(stream);
  const { last } = streams.heads.get(described);
  if (streams.heads.get(stream).last < 0 && last < 0) return refusal(streams, stream, expected, { is: 'wrong' });
  const position = group.add(described, last + 1, metadataEvent(softDeletion));
  return appended([{ revision: last + 1, position }], false);
};

/** Deletion for good: nothing may follow in the stream, ever. */
export const tombstone = (streams: Streams, stream: string, expected: Expected, group: Group): StoreOutcome => {
  group.flush();
  const refused = refusedDeletion(streams, stream, expected);
  if (refused) return refused;
  const deleted = { id: randomUUID(), type: '$streamDeleted', is_json: false, data: nothing, metadata: nothing };
  const position = group.add(stream, tombstoneRevision, deleted);
  return appended([{ revision: tombstoneRevision, position }], false);
};
