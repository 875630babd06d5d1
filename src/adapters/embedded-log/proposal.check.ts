import { eventsPerAppendMax, streamNameBytesMax, streamsPerAppendMax, typeBytesMax } from './limits.ts';
import { describedBy, isMetadataStream } from './stream.settings.ts';
import type { Proposal, StoreOutcome, StoreWrite } from './storage.ts';

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Names are kept in SQLite as text: no zero character, which would end it, and nothing that UTF-8 cannot say. */
const nameFault = (name: string, bytesMax: number, what: string): string | undefined => {
  if (name.length === 0) return `${what} is empty`;
  if (Buffer.byteLength(name) > bytesMax) return `${what} is longer than ${bytesMax} bytes`;
  return name.isWellFormed() && !name.includes('\0') ? undefined : `${what} holds a character that cannot be kept`;
};

/** Why a stream cannot be called this. What describes a stream may be as much longer as its prefix. */
export const streamNameFault = (stream: string): string | undefined => {
  if (stream === '$all') return '$all is not a stream';
  const name = isMetadataStream(stream) ? describedBy(stream) : stream;
  return nameFault(name, streamNameBytesMax, 'the stream name');
};

const eventFault = ({ id, type }: Proposal): string | undefined =>
  uuid.test(id) ? nameFault(type, typeBytesMax, 'the event type') : `the event id is not a lower-case UUID`;

const expectedFault = ({ expected }: StoreWrite): string | undefined =>
  typeof expected === 'number' && !(Number.isSafeInteger(expected) && expected >= 0)
    ? `the expected revision ${expected} is none`
    : undefined;

const writeFault = (write: StoreWrite): string | undefined => {
  if (write.events.length > eventsPerAppendMax) return `an append holds at most ${eventsPerAppendMax} events`;
  return streamNameFault(write.stream) ?? expectedFault(write) ?? write.events.map(eventFault).find(Boolean);
};

/** As EventStoreDB counts an append against its limit: data, metadata, and the type in UTF-16. */
export const bytesOf = (events: readonly Proposal[]): number =>
  events.reduce((sum, { type, data, metadata }) => sum + data.length + metadata.length + 2 * type.length, 0);

/** Why these writes can never be recorded, whatever their streams hold; undefined when they may be. */
export const proposalFault = (writes: readonly StoreWrite[], bytesMax: number): StoreOutcome | undefined => {
  if (writes.length > streamsPerAppendMax)
    return { is: 'invalid', message: `an append writes at most ${streamsPerAppendMax} streams` };
  if (writes.length === 0) return { is: 'invalid', message: 'nothing was asked for' };
  if (new Set(writes.map(({ stream }) => stream)).size < writes.length)
    return { is: 'invalid', message: 'an append names each stream at most once' };
  const message = writes.map(writeFault).find(Boolean);
  if (message !== undefined) return { is: 'invalid', message };
  const bytes = bytesOf(writes.flatMap(({ events }) => events));
  return bytes > bytesMax ? { is: 'too_large', bytes, bytesMax } : undefined;
};
