import { tombstoneRevision } from '../../../src/adapters/embedded-log/storage.ts';
import * as Settings from '../../../src/adapters/embedded-log/stream.settings.ts';
import type { NewEvent, StoredEvent } from '../../../src/ports.ts';

export interface MemoryParts {
  readonly now: () => number;
  readonly id: () => string;
  /** Between the positions of two events. */
  readonly gap?: () => number;
}

interface Stream {
  readonly events: StoredEvent[];
  tombstoned: boolean;
}

export const frozen = <T>(value: T): T => {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  for (const member of Object.values(value)) frozen(member);
  return Object.freeze(value);
};

export const jsonBytes = (data: unknown): Uint8Array => Buffer.from(JSON.stringify(data) ?? '');

/** All events, by place and by stream, and what is known of a stream. */
export const memory = ({ now, id, gap = () => 1 }: MemoryParts) => {
  const all: StoredEvent[] = [];
  const streams = new Map<string, Stream>();
  const places = new Map<string, { readonly stream: string; readonly revision: number; readonly position: number }>();
  const numbers: number[] = [];

  const isTombstoned = (stream: string): boolean =>
    streams.get(stream)?.tombstoned === true ||
    (Settings.isMetadataStream(stream) && streams.get(Settings.describedBy(stream))?.tombstoned === true);
  const lastOf = (stream: string): number =>
    isTombstoned(stream) ? tombstoneRevision : (streams.get(stream)?.events.length ?? 0) - 1;
  const settingsOf = (stream: string): Settings.StreamSettings => {
    if (Settings.isMetadataStream(stream)) return Settings.metadataStreamSettings;
    const newest = streams.get(Settings.metadataStreamOf(stream))?.events.at(-1);
    return newest === undefined ? Settings.noSettings : Settings.settingsIn(jsonBytes(newest.data));
  };
  const numberOf = ({ position }: StoredEvent): number => Number(position);

  const add = (stream: string, { id: eventId, type, metadata }: NewEvent, data: unknown): StoredEvent => {
    const known = streams.get(stream) ?? { events: [], tombstoned: false };
    streams.set(stream, known);
    const position = (numbers.at(-1) ?? 0) + gap();
    const revision = type === '$streamDeleted' ? tombstoneRevision : known.events.length;
    const recorded_at = new Date(now()).toISOString();
    const event = frozen({
      id: eventId,
      type,
      stream,
      revision,
      position: BigInt(position),
      recorded_at,
      data,
      metadata: { ...metadata },
    });
    if (revision === tombstoneRevision) known.tombstoned = true;
    else known.events.push(event);
    all.push(event);
    numbers.push(position);
    places.set(eventId, { stream, revision, position });
    return event;
  };
  const describe = (stream: string, data: unknown): StoredEvent =>
    add(Settings.metadataStreamOf(stream), { id: id(), type: '$metadata', data, metadata: {} }, data);

  /** How many events stand before this position. */
  const indexOf = (position: number): number => {
    let [low, high] = [0, numbers.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((numbers[middle] ?? 0) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  return { all, streams, places, id, lastOf, settingsOf, isTombstoned, numberOf, add, describe, indexOf, now };
};
export type Memory = ReturnType<typeof memory>;
