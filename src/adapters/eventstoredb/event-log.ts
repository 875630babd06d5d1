import { randomUUID } from 'node:crypto';
import { LogError, type EventLog, type StoredEvent, type Subscribe } from '../../ports.ts';
import { openConnection, type ConnectionOptions } from './connection.ts';
import { batchMax, readSilenceMsMax } from './limits.ts';
import { metadataIn, metadataRecord, metadataStreamOf } from './metadata.ts';
import { readAll, readStream } from './reading.ts';
import { follow } from './subscribing.ts';
import { append, remove, tombstone, type Lookup } from './writing.ts';

export interface EventStoreDbOptions extends ConnectionOptions {
  /** The most events in one page or batch. */
  readonly batch_max?: number;
  /** How long a read may be silent, in milliseconds. */
  readonly read_silence_ms_max?: number;
}

/**
 * EventStoreDB or KurrentDB as the log, through its official client: one node (`esdb://host:port`), several, or a cluster
 * found by name (`esdb+discover://`). Connects with the first call and after each loss. Throws `invalid` for a connection
 * string that is none. Appends to several streams at once are `unsupported`.
 */
export const openEventStoreDb = (url: string, options: EventStoreDbOptions = {}): EventLog => {
  const connection = openConnection(url, options);
  const limits = {
    batchMax: options.batch_max ?? batchMax,
    readSilenceMsMax: options.read_silence_ms_max ?? readSilenceMsMax,
  };

  const at = async (stream: string, from: number | 'end'): Promise<StoredEvent | undefined> => {
    for await (const [event] of readStream(connection, stream, { from, direction: 'backward', limit: 1 }, limits))
      return event;
    return undefined;
  };
  const metadata: EventLog['metadata'] = async (stream) => {
    const event = await at(metadataStreamOf(stream), 'end');
    if (event === undefined) return { metadata: {}, revision: 'no_stream' };
    return { metadata: metadataIn(event), revision: event.revision };
  };
  const lookup: Lookup = { at, metadata };
  const head: EventLog['head'] = async () => {
    for await (const [event] of readAll(connection, { direction: 'backward', limit: 1 }, limits))
      return event?.position ?? -1n;
    return -1n;
  };
  /** The end is where it was when it was asked for, so that nothing recorded from then on is missed. */
  const subscribe = async function* ({ from, filter, signal }: Subscribe) {
    const after = from === 'start' ? -1n : from === 'end' ? await head() : from;
    yield* follow(connection, after, { signal, ...(filter && { filter }) }, limits.batchMax);
  };

  return {
    append: (stream, expected, events) => append(connection, lookup, stream, expected, events),
    appendMany: async (writes) => {
      const [only, ...others] = writes;
      if (only === undefined) throw new LogError('invalid', 'nothing was asked for');
      if (others.length > 0) throw new LogError('unsupported', 'this server appends to one stream at a time');
      return append(connection, lookup, only.stream, only.expected, only.events);
    },
    read: (stream, options = {}) => readStream(connection, stream, options, limits),
    readAll: (options = {}) => readAll(connection, options, limits),
    subscribe,
    remove: (stream, expected) => remove(connection, lookup, stream, expected),
    tombstone: (stream, expected) => tombstone(connection, stream, expected),
    metadata,
    setMetadata: async (stream, expected, metadata) => {
      const event = { id: randomUUID(), type: '$metadata', data: metadataRecord(metadata), metadata: {} };
      return append(connection, lookup, metadataStreamOf(stream), expected, [event]);
    },
    head,
    close: connection.close,
  };
};
