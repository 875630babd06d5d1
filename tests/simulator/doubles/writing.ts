import { checkCommit, type CommitCheck } from '../../../src/adapters/embedded-log/commit.check.ts';
import { proposalFault } from '../../../src/adapters/embedded-log/proposal.check.ts';
import { tombstoneRevision } from '../../../src/adapters/embedded-log/storage.ts';
import * as Settings from '../../../src/adapters/embedded-log/stream.settings.ts';
import { isDeeper, storedDepthMax } from '../../../src/domain/kernel/json.depth.ts';
import {
  appendBytesMax,
  LogError,
  type Appended,
  type Expected,
  type StoredEvent,
  type Write,
} from '../../../src/ports.ts';
import { frozen, jsonBytes, type Memory } from './memory.ts';

interface Body {
  readonly data: unknown;
  readonly bytes: Uint8Array;
}

/** As JSON goes through a wire: what it cannot say is refused, what is deeper than anybody reads stays bytes. */
const bodyOf = (value: unknown): Body => {
  let text: unknown;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new LogError('invalid', 'the data of an event must be JSON', { cause: error });
  }
  if (typeof text !== 'string') throw new LogError('invalid', 'the data of an event must be JSON');
  const bytes = Buffer.from(text);
  const deep = text.length > 2 * storedDepthMax && isDeeper(text, storedDepthMax);
  return { bytes, data: deep ? new Uint8Array(bytes) : frozen(JSON.parse(text)) };
};

/** Throws `invalid` or `too_large` for what can never be recorded. */
const refuseUnfit = (writes: readonly Write[], bodies: readonly (readonly Body[])[]): void => {
  const fault = proposalFault(
    writes.map((asked, n) => ({
      ...asked,
      events: asked.events.map((event, m) => ({
        id: event.id,
        type: event.type,
        is_json: true,
        data: bodies[n]?.[m]?.bytes ?? new Uint8Array(),
        metadata: Buffer.from(JSON.stringify(event.metadata)),
      })),
    })),
    appendBytesMax,
  );
  if (fault !== undefined)
    throw new LogError(fault.is === 'too_large' ? 'too_large' : 'invalid', JSON.stringify(fault));
};

/** Whether events may follow, and what to say where they may not. */
const judging = ({ streams, places, lastOf, settingsOf, numberOf }: Memory) => {
  const check = (stream: string, expected: Expected, ids: readonly string[]): CommitCheck =>
    checkCommit(expected, ids, {
      last: lastOf(stream),
      softDeleted: () => settingsOf(stream).soft_deleted,
      described: () => lastOf(Settings.metadataStreamOf(stream)) >= 0,
      recent: (wanted) => {
        const known = places.get(wanted);
        return known?.stream === stream ? known : undefined;
      },
      at: (revision) => {
        const event = streams.get(stream)?.events[revision];
        return event && { id: event.id, revision, position: numberOf(event) };
      },
    });

  const refused = (stream: string, expected: Expected, { is }: CommitCheck): Appended => {
    const last = lastOf(stream);
    const actual = is === 'deleted' || last === tombstoneRevision ? 'deleted' : last < 0 ? 'no_stream' : last;
    return { ok: false, conflict: { stream, expected, actual } };
  };

  return { check, refused };
};

/** Puts events at the end of their stream, with what that brings back of deleted ones. */
const writing = ({ streams, lastOf, settingsOf, add, describe }: Memory) => {
  /** Brings a soft-deleted stream back, hidden up to the revision it goes on with. */
  const recreate = (stream: string, revision: number): readonly StoredEvent[] => {
    const newest = streams.get(Settings.metadataStreamOf(stream))?.events.at(-1);
    const again = newest && Settings.recreatedFrom(jsonBytes(newest.data), revision);
    return again === undefined ? [] : [describe(stream, JSON.parse(Buffer.from(again).toString()))];
  };

  const write = ({ stream, events }: Write, bodies: readonly Body[], recreates: boolean): readonly StoredEvent[] => {
    const original = Settings.isMetadataStream(stream) ? Settings.describedBy(stream) : undefined;
    const describesDeleted = original !== undefined && settingsOf(original).soft_deleted;
    const first = lastOf(stream) + 1;
    const added = events.map((event, n) => add(stream, event, bodies[n]?.data));
    const back = recreates ? recreate(stream, first) : [];
    const originalBack = describesDeleted ? recreate(original, lastOf(original) + 1) : [];
    return [...added, ...back, ...originalBack];
  };
  return write;
};

/** Appends to some streams, all or none; tells whoever listens. */
const appending = (known: Memory, tell: (events: readonly StoredEvent[]) => void) => {
  const { lastOf } = known;
  const { check, refused } = judging(known);
  const write = writing(known);
  return (writes: readonly Write[]): Appended => {
    if (writes.some(({ events }) => events.length === 0))
      throw new LogError('invalid', 'an append holds at least one event');
    const bodies = writes.map(({ events }) => events.map(({ data }) => bodyOf(data)));
    refuseUnfit(writes, bodies);
    const checks = writes.map(({ stream, expected, events }) =>
      check(
        stream,
        expected,
        events.map((event) => event.id),
      ),
    );
    const bad = checks.findIndex(({ is }) => is === 'wrong' || is === 'deleted');
    const again = checks.flatMap((each) => (each.is === 'again' ? [each] : []));
    const half = again.length > 0 && again.length < checks.length ? checks.findIndex(({ is }) => is === 'again') : -1;
    const refusal = bad >= 0 ? bad : half;
    const [asked, why] = [writes[refusal], checks[refusal]];
    if (asked !== undefined && why !== undefined) return refused(asked.stream, asked.expected, why);
    if (again.length > 0) {
      const position = BigInt(Math.max(...again.map((place) => place.position)));
      return { ok: true, revision: again.at(-1)?.revision ?? -1, position };
    }
    const added = writes.map((each, n) => {
      const told = checks[n];
      return write(each, bodies[n] ?? [], told?.is === 'fresh' && told.recreates);
    });
    tell(added.flat());
    const ours = added.flat().filter(({ stream }) => writes.some((each) => each.stream === stream));
    const last = writes.at(-1);
    return {
      ok: true,
      revision: last === undefined ? -1 : lastOf(last.stream),
      position: ours.at(-1)?.position ?? -1n,
    };
  };
};

/** What changes a log: appends and deletions, by EventStoreDB's rules. */
export const writes = (known: Memory, tell: (events: readonly StoredEvent[]) => void) => {
  const { id, lastOf, add, describe } = known;
  const { check, refused } = judging(known);
  return {
    append: appending(known, tell),
    remove: (stream: string, expected: Expected): Appended => {
      const told = check(stream, expected, [id()]);
      if (told.is !== 'fresh') return refused(stream, expected, told);
      if (lastOf(stream) < 0 && lastOf(Settings.metadataStreamOf(stream)) < 0)
        return refused(stream, expected, { is: 'wrong' });
      const event = describe(stream, JSON.parse(Buffer.from(Settings.softDeletion).toString()));
      tell([event]);
      return { ok: true, revision: event.revision, position: event.position };
    },
    tombstone: (stream: string, expected: Expected): Appended => {
      const told = check(stream, expected, [id()]);
      if (told.is !== 'fresh') return refused(stream, expected, told);
      const event = add(stream, { id: id(), type: '$streamDeleted', data: null, metadata: {} }, null);
      tell([event]);
      return { ok: true, revision: event.revision, position: event.position };
    },
  };
};
