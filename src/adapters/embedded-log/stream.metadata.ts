import { LogError, type StoredEvent, type StreamMetadata } from '../../ports.ts';

/** Our words for EventStoreDB's own keys of a stream's metadata; everything else is custom. */
const keys = { max_count: '$maxCount', max_age: '$maxAge', truncate_before: '$tb' } as const;

const leastOf = { max_count: 1, max_age: 1, truncate_before: 0 } as const;
const names = Object.keys(keys) as readonly (keyof typeof keys)[];

/** Metadata as EventStoreDB writes it. Throws `invalid` for a setting that it would not understand. */
export const metadataJson = ({ custom, ...settings }: StreamMetadata): Record<string, unknown> => {
  const written: Record<string, unknown> = { ...custom };
  for (const name of names) {
    const value = settings[name];
    if (value === undefined) continue;
    if (!Number.isSafeInteger(value) || value < leastOf[name])
      throw new LogError('invalid', `${name} is a whole number of at least ${leastOf[name]}`);
    written[keys[name]] = value;
  }
  return written;
};

const metadataOf = (data: unknown): StreamMetadata => {
  const custom = typeof data === 'object' && data !== null ? { ...(data as Record<string, unknown>) } : {};
  const metadata: { -readonly [Name in keyof typeof keys]?: number } = {};
  for (const name of names) {
    const value = custom[keys[name]];
    // A deletion truncates before int64 max, which no number is; the largest safe one stands for it.
    if (typeof value === 'number') metadata[name] = Math.min(value, Number.MAX_SAFE_INTEGER);
    delete custom[keys[name]];
  }
  return { ...metadata, ...(Object.keys(custom).length > 0 && { custom }) };
};

/** The metadata in the newest event of a metadata stream, or none where there is no such event. */
export const metadataFrom = async (
  pages: AsyncIterable<readonly StoredEvent[]>,
): Promise<{ readonly metadata: StreamMetadata; readonly revision: number | 'no_stream' }> => {
  for await (const [event] of pages) if (event) return { metadata: metadataOf(event.data), revision: event.revision };
  return { metadata: {}, revision: 'no_stream' };
};
