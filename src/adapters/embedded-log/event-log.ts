import { randomUUID } from 'node:crypto';
import { derived } from '../../domain/kernel/ids.ts';
import { LogError, type Appended, type EventLog, type Expected, type NewEvent, type Write } from '../../ports.ts';
import type { WrittenStream } from './messages.ts';
import { reachedPosition, readAllPages, readStreamPages } from './page.reader.ts';
import type { StoreOutcome } from './storage.ts';
import { metadataJson, metadataFrom } from './stream.metadata.ts';
import { metadataStreamOf } from './stream.settings.ts';
import { follow } from './subscription.ts';
import { startThread } from './thread.ts';

export interface EmbeddedLogOptions {
  /** Where the log lives; created where there is none. */
  readonly folder: string;
  /** Speaks EventStoreDB's protocol on this port of the loopback, 0 for any; not at all when left out. */
  readonly front_port?: number;
  readonly front_host?: string;
  /** Start although acknowledged events are gone, and record that (assurance F34). */
  readonly accept_loss?: boolean;
  readonly append_bytes_max?: number;
  /** The most the database file may hold; appends are refused with `disk_full` beyond it. */
  readonly bytes_max?: number;
}

export interface EmbeddedLog extends EventLog {
  /** The port that the front listens on, when it was asked for. */
  readonly front_port: number | undefined;
  /**
   * Resolves when the log records no more: `corrupt` (it goes on serving what is whole) or `unavailable` (its disk or its
   * thread failed, or it was closed). After `unavailable` the process must end and start again (assurance F36).
   */
  readonly stopped: Promise<LogError>;
}

const loopback = '127.0.0.1';

const appendedOf = (outcome: StoreOutcome, expected: Expected): Appended => {
  switch (outcome.is) {
    case 'appended':
      return { ok: true, revision: outcome.revisions.at(-1) ?? -1, position: BigInt(outcome.position) };
    case 'wrong_expected_version':
      return {
        ok: false,
        conflict: { stream: outcome.stream, expected: outcome.expected, actual: outcome.actual },
      };
    case 'stream_deleted':
      return { ok: false, conflict: { stream: outcome.stream, expected, actual: 'deleted' } };
    case 'too_large':
      throw new LogError('too_large', `an append of ${outcome.bytes} bytes; ${outcome.bytesMax} are allowed`);
    case 'invalid':
      throw new LogError('invalid', outcome.message);
    case 'disk_full':
      throw new LogError('disk_full', 'the disk of the log is full; nothing was recorded');
    case 'failed':
      throw new LogError('unavailable', `the log failed, and whether it recorded this is unknown: ${outcome.message}`);
  }
};

/** What JSON cannot say, a bigint or a circle or nothing, is the caller's fault and not the log's. */
const json = (value: unknown): string => {
  let text: unknown;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new LogError('invalid', 'the data of an event must be JSON', { cause: error });
  }
  if (typeof text !== 'string') throw new LogError('invalid', 'the data of an event must be JSON');
  return text;
};

const writtenOf = ({ stream, expected, events }: Write): WrittenStream => {
  if (events.length === 0) throw new LogError('invalid', 'an append holds at least one event');
  const written = events.map(({ id, type, data, metadata }: NewEvent) => ({
    id,
    type,
    data: json(data),
    metadata: json(metadata),
  }));
  return { stream, expected, events: written };
};

/**
 * Opens the embedded log: an EventStoreDB in a folder, in a thread of its own. Rejects with a LogError: `unavailable`
 * when another process has it open, `corrupt` when it is damaged or lost events, `unsupported`, `disk_full`.
 */
export const openEmbeddedLog = async (options: EmbeddedLogOptions): Promise<EmbeddedLog> => {
  const { front_port, front_host = loopback, ...settings } = options;
  const front = front_port === undefined ? {} : { front: { host: front_host, port: front_port } };
  const { ask, frontPort, stopped } = await startThread({ ...settings, ...front });

  const appendMany = async (writes: readonly Write[]): Promise<Appended> => {
    const asked = ask<StoreOutcome>({ ask: 'append', writes: writes.map(writtenOf) });
    return appendedOf(await asked.answer, writes[0]?.expected ?? 'any');
  };

  const append: EventLog['append'] = (stream, expected, events) => appendMany([{ stream, expected, events }]);

  const deletion =
    (kind: 'remove' | 'tombstone') =>
    async (stream: string, expected: Expected): Promise<Appended> =>
      appendedOf(await ask<StoreOutcome>({ ask: kind, stream, expected }).answer, expected);

  const setMetadata: EventLog['setMetadata'] = async (stream, expected, metadata) => {
    const data = metadataJson(metadata);
    // With a revision a retry is known by its id; without one, saying the same again is saying it anew.
    const id = typeof expected === 'number' ? derived('metadata', stream, expected, json(data)) : randomUUID();
    return append(metadataStreamOf(stream), expected, [{ id, type: '$metadata', data, metadata: {} }]);
  };

  return {
    append,
    appendMany,
    read: (stream, read) => readStreamPages(ask, stream, read),
    readAll: (read) => readAllPages(ask, read),
    subscribe: (subscribe) => follow(ask, subscribe),
    remove: deletion('remove'),
    tombstone: deletion('tombstone'),
    metadata: (stream) =>
      metadataFrom(readStreamPages(ask, metadataStreamOf(stream), { direction: 'backward', limit: 1 })),
    setMetadata,
    head: async () => reachedPosition(await ask<number>({ ask: 'head' }).answer),
    close: async () => {
      // A thread that has ended has closed its log, or left it to be recovered.
      await ask({ ask: 'close' }).answer.catch(() => undefined);
    },
    front_port: frontPort,
    stopped,
  };
};
