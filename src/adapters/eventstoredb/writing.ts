import { WrongExpectedVersionError, type ExpectedRevision } from '@eventstore/db-client';
import { LogError, type Actual, type Appended, type EventLog, type Expected, type NewEvent } from '../../ports.ts';
import type { Connection } from './connection.ts';
import { isDeleted, logErrorOf } from './faults.ts';
import { isDeletion, metadataStreamOf } from './metadata.ts';
import { numberOf, proposedEvents } from './records.ts';

/** What a writer has to look up where the client's answer, or its vocabulary, falls short. */
export interface Lookup {
  /** Where the event of that revision, or the newest one, lies. Throws `stream_deleted` for a tombstone. */
  readonly at: (stream: string, revision: number | 'end') => Promise<Place | undefined>;
  readonly metadata: EventLog['metadata'];
}

export interface Place {
  readonly revision: number;
  readonly position: bigint;
}

const conflict = (stream: string, expected: Expected, actual: Actual): Appended => ({
  ok: false,
  conflict: { stream, expected, actual },
});

const checkTarget = (stream: string, expected: Expected): void => {
  if (stream === '') throw new LogError('invalid', 'a stream has no name');
  if (typeof expected === 'number' && !(Number.isSafeInteger(expected) && expected >= 0))
    throw new LogError('invalid', `the expected revision ${expected} is none`);
};

const revisionOf = <Word extends string>(expected: number | Word): bigint | Word =>
  typeof expected === 'number' ? BigInt(expected) : expected;

/** A refusal as an answer; what is no refusal is thrown. */
const refused = (error: unknown, stream: string, expected: Expected): Appended => {
  if (isDeleted(error)) return conflict(stream, expected, 'deleted');
  if (!(error instanceof WrongExpectedVersionError)) throw logErrorOf(error, `write to ${stream}`);
  const { actualVersion } = error;
  return conflict(stream, expected, typeof actualVersion === 'bigint' ? numberOf(actualVersion) : 'no_stream');
};

/** `EventLog.append`. */
export const append = async (
  { call, credentials }: Connection,
  { at }: Lookup,
  stream: string,
  expected: Expected,
  events: readonly NewEvent[],
): Promise<Appended> => {
  checkTarget(stream, expected);
  if (events.length === 0) throw new LogError('invalid', 'an append holds at least one event');
  const proposed = proposedEvents(events);
  try {
    const written = await call((client, deadline) =>
      client.appendToStream(stream, proposed, { expectedRevision: revisionOf(expected), ...credentials, ...deadline }),
    );
    const revision = numberOf(written.nextExpectedRevision);
    // A connection string can ask the client to answer a refusal instead of throwing it.
    if (!written.success) return conflict(stream, expected, revision < 0 ? 'no_stream' : revision);
    // The answer to a retry may come without a position; the event itself knows its place.
    const position = written.position?.commit ?? (await at(stream, revision))?.position ?? -1n;
    return { ok: true, revision, position };
  } catch (error) {
    return refused(error, stream, expected);
  }
};

/** `EventLog.tombstone`. Its revision is int64 max, or what stands for it. */
export const tombstone = async ({ call }: Connection, stream: string, expected: Expected): Promise<Appended> => {
  checkTarget(stream, expected);
  // The client knows `stream_exists` here; only its types do not.
  const expectedRevision = revisionOf(expected) as ExpectedRevision;
  try {
    const { position } = await call((client, deadline) =>
      client.tombstoneStream(stream, { expectedRevision, ...deadline }),
    );
    return { ok: true, revision: Number.MAX_SAFE_INTEGER, position: position?.commit ?? -1n };
  } catch (error) {
    return refused(error, stream, expected);
  }
};

/** How often a removal looks again at a stream that went on while it was being looked at. */
const looksMax = 5;

/** What an existing stream is to be removed at, or why it does not exist. */
const seen = async (
  { at, metadata }: Lookup,
  stream: string,
): Promise<number | 'no_stream' | { readonly not: Actual }> => {
  try {
    const newest = await at(stream, 'end');
    if (newest !== undefined) return newest.revision;
    const described = await metadata(stream);
    if (isDeletion(described.metadata)) return { not: 'deleted' };
    // A stream that has metadata exists, though it has no events.
    return described.revision === 'no_stream' ? { not: 'no_stream' } : 'no_stream';
  } catch (error) {
    if (error instanceof LogError && error.fault === 'stream_deleted') return { not: 'deleted' };
    throw error;
  }
};

/** The client cannot say "the stream exists" of a deletion: the stream is looked at, and deleted as it was seen. */
const removeExisting = async (
  connection: Connection,
  lookup: Lookup,
  stream: string,
  looksLeft = looksMax,
): Promise<Appended> => {
  const as = await seen(lookup, stream);
  if (typeof as === 'object') return conflict(stream, 'stream_exists', as.not);
  const removed = await remove(connection, lookup, stream, as);
  if (removed.ok || looksLeft <= 1) return removed;
  return removeExisting(connection, lookup, stream, looksLeft - 1);
};

/** `EventLog.remove`. A soft deletion is an event in the stream's metadata, and its revision is that event's. */
export const remove = async (
  connection: Connection,
  lookup: Lookup,
  stream: string,
  expected: Expected,
): Promise<Appended> => {
  checkTarget(stream, expected);
  if (expected === 'stream_exists') return removeExisting(connection, lookup, stream);
  try {
    const { position } = await connection.call((client, deadline) =>
      client.deleteStream(stream, { expectedRevision: revisionOf(expected), ...deadline }),
    );
    const deletion = await lookup.at(metadataStreamOf(stream), 'end');
    return { ok: true, revision: deletion?.revision ?? 0, position: position?.commit ?? deletion?.position ?? -1n };
  } catch (error) {
    return refused(error, stream, expected);
  }
};
