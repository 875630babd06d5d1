import type { EventData, RecordedEvent } from '@eventstore/db-client';
import { isDeeperValue, storedDepthMax } from '../../domain/kernel/json.depth.ts';
import { appendBytesMax, LogError, type NewEvent, type StoredEvent } from '../../ports.ts';

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Revisions and `$tb` go up to int64 max, for tombstones and deletions; the port's numbers end at 2^53 - 1. */
export const numberOf = (revision: bigint): number =>
  revision > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(revision);

/** Metadata is flat and its values are strings; what others wrote differently is shown as its JSON text. */
const metadataOf = (metadata: unknown): Record<string, string> => {
  if (typeof metadata !== 'object' || metadata === null || metadata instanceof Uint8Array) return {};
  if (isDeeperValue(metadata, storedDepthMax)) return {};
  return Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
};

/** What is deeper than anybody reads, as the bytes it came as, or none where even they cannot be made again. */
const deepBytes = (data: unknown): Uint8Array => {
  try {
    return Buffer.from(JSON.stringify(data));
  } catch {
    return new Uint8Array();
  }
};

/** What others wrote that is no JSON, or deeper than anybody reads, goes through as bytes, for whoever knows what they mean. */
const contentOf = (data: unknown): unknown => {
  const nothing = (data instanceof Uint8Array || typeof data === 'string') && data.length === 0;
  if (nothing) return null;
  const json = typeof data === 'object' && !(data instanceof Uint8Array);
  return json && isDeeperValue(data, storedDepthMax) ? deepBytes(data) : data;
};

/** An event as the client read it, as the port has it. */
export const storedEvent = (event: RecordedEvent, commitPosition: bigint | undefined): StoredEvent => ({
  id: event.id,
  type: event.type,
  stream: event.streamId,
  revision: numberOf(event.revision),
  position: event.position?.commit ?? commitPosition ?? -1n,
  recorded_at: event.created.toISOString(),
  data: contentOf(event.data),
  metadata: metadataOf(event.metadata),
});

const jsonOf = (value: unknown, what: string): string => {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new LogError('invalid', `${what} is not JSON`, { cause: error });
  }
  if (text === undefined) throw new LogError('invalid', `${what} is not JSON`);
  return text;
};

/**
 * Events as the client wants them. Whatever it could not send is found here: it serialises in a promise that nobody
 * holds, where an error ends the process. Throws `invalid` or `too_large`.
 */
export const proposedEvents = (events: readonly NewEvent[]): EventData[] => {
  let bytes = 0;
  const proposed = events.map(({ id, type, data, metadata }): EventData => {
    if (!uuid.test(id)) throw new LogError('invalid', 'an event id is not a lower-case UUID');
    if (type === '') throw new LogError('invalid', 'an event has no type');
    const description = new TextEncoder().encode(jsonOf(metadata, 'metadata'));
    bytes += Buffer.byteLength(jsonOf(data, 'data')) + description.length + 2 * type.length;
    return { id, type, contentType: 'application/json', data: data as Record<string, unknown>, metadata: description };
  });
  if (bytes > appendBytesMax)
    throw new LogError('too_large', `an append of ${bytes} bytes is over the ${appendBytesMax} allowed`);
  return proposed;
};
