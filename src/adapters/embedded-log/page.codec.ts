import { isDeeper, storedDepthMax } from '../../domain/kernel/json.depth.ts';
import type { StoredEvent } from '../../ports.ts';
import type { StoredRecord } from './storage.ts';

/**
 * A page of records on its way between threads: numbers in arrays, names once each, and all bodies in one buffer that
 * changes hands without a copy. JSON is read where the events are wanted.
 */
export interface Page {
  readonly ids: readonly string[];
  readonly names: readonly string[];
  readonly streams: Uint16Array;
  readonly types: Uint16Array;
  readonly positions: Float64Array;
  readonly revisions: Float64Array;
  readonly created_us: Float64Array;
  readonly json: Uint8Array;
  /** Where each body ends: of every event first its data, then its metadata. */
  readonly ends: Uint32Array;
  readonly bodies: Uint8Array<ArrayBuffer>;
}

/** The records as a page, and what of it is to be handed over instead of copied. */
export const encodePage = (records: readonly StoredRecord[]): { page: Page; handedOver: ArrayBuffer[] } => {
  const count = records.length;
  const size = records.reduce((sum, { data, metadata }) => sum + data.length + metadata.length, 0);
  const numbers = new Map<string, number>();
  const numberOf = (name: string): number => {
    const known = numbers.get(name) ?? numbers.size;
    numbers.set(name, known);
    return known;
  };
  const bodies = new Uint8Array(size);
  const ends = new Uint32Array(2 * count);
  let end = 0;
  for (const [n, { data, metadata }] of records.entries()) {
    bodies.set(data, end);
    ends[2 * n] = end += data.length;
    bodies.set(metadata, end);
    ends[2 * n + 1] = end += metadata.length;
  }
  const page: Page = {
    ids: records.map(({ id }) => id),
    streams: Uint16Array.from(records, ({ stream }) => numberOf(stream)),
    types: Uint16Array.from(records, ({ type }) => numberOf(type)),
    positions: Float64Array.from(records, ({ position }) => position),
    revisions: Float64Array.from(records, ({ revision }) => revision),
    created_us: Float64Array.from(records, ({ created_us }) => created_us),
    json: Uint8Array.from(records, ({ is_json }) => (is_json ? 1 : 0)),
    names: [...numbers.keys()],
    ends,
    bodies,
  };
  return { page, handedOver: [bodies.buffer] };
};

/** What others wrote that is no JSON, or deeper than anybody reads, goes through as bytes, for whoever knows what they mean. */
const dataOf = (bodies: Buffer, start: number, end: number, isJson: boolean): unknown => {
  if (start === end) return null;
  if (isJson) {
    try {
      const text = bodies.toString('utf8', start, end);
      if (text.length <= 2 * storedDepthMax || !isDeeper(text, storedDepthMax)) return JSON.parse(text);
    } catch {
      // Said to be JSON and is not: the reader's parser will refuse it, and only it.
    }
  }
  return new Uint8Array(bodies.subarray(start, end));
};

/** Metadata is flat and its values are strings; what others wrote differently is shown as its JSON text. */
const metadataOf = (bodies: Buffer, start: number, end: number): Record<string, string> => {
  const parsed = dataOf(bodies, start, end, true);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed) || parsed instanceof Uint8Array) return {};
  const metadata = parsed as Record<string, unknown>;
  for (const key in metadata) {
    const value = metadata[key];
    if (typeof value !== 'string') metadata[key] = JSON.stringify(value);
  }
  return metadata as Record<string, string>;
};

/** The events of a page, in its order. */
export const decodePage = (page: Page): StoredEvent[] => {
  const bodies = Buffer.from(page.bodies.buffer);
  const { names, ends } = page;
  let start = 0;
  let us = -1;
  let recorded_at = '';
  return page.ids.map((id, n) => {
    const [dataEnd = 0, metadataEnd = 0] = [ends[2 * n], ends[2 * n + 1]];
    const created = page.created_us[n] ?? 0;
    // The events of a group were recorded at one time.
    if (created !== us) recorded_at = new Date(created / 1000).toISOString();
    us = created;
    const event: StoredEvent = {
      id,
      type: names[page.types[n] ?? 0] ?? '',
      stream: names[page.streams[n] ?? 0] ?? '',
      revision: page.revisions[n] ?? 0,
      position: BigInt(page.positions[n] ?? 0),
      recorded_at,
      data: dataOf(bodies, start, dataEnd, page.json[n] === 1),
      metadata: metadataOf(bodies, dataEnd, metadataEnd),
    };
    start = metadataEnd;
    return event;
  });
};
