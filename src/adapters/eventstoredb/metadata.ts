import { LogError, type StoredEvent, type StreamMetadata } from '../../ports.ts';

export const metadataStreamOf = (stream: string): string => `$$${stream}`;

/** The port's words for the settings that EventStoreDB obeys. */
const settings = [
  ['max_count', '$maxCount', 1],
  ['max_age', '$maxAge', 1],
  ['truncate_before', '$tb', 0],
] as const;

/** `$metadata` as it is recorded. Throws `invalid` for a setting the server would not understand. */
export const metadataRecord = ({ custom, ...given }: StreamMetadata): Record<string, unknown> => {
  const record: Record<string, unknown> = { ...custom };
  for (const [ours, theirs, least] of settings) {
    const value = given[ours];
    if (value === undefined) continue;
    if (!Number.isSafeInteger(value) || value < least)
      throw new LogError('invalid', `${ours} is a whole number of at least ${least}`);
    record[theirs] = value;
  }
  return record;
};

/** A deletion truncates before int64 max, which no number is; the largest safe one stands for it. */
const settingOf = (value: unknown): number | undefined =>
  typeof value === 'number' ? Math.min(value, Number.MAX_SAFE_INTEGER) : undefined;

/** What a `$metadata` event says. */
export const metadataIn = ({ data }: StoredEvent): StreamMetadata => {
  const record = typeof data === 'object' && data !== null ? { ...(data as Record<string, unknown>) } : {};
  const metadata: Record<string, unknown> = {};
  for (const [ours, theirs] of settings) {
    const value = settingOf(record[theirs]);
    if (value !== undefined) metadata[ours] = value;
    delete record[theirs];
  }
  return Object.keys(record).length === 0 ? metadata : { ...metadata, custom: record };
};

/** Whether the stream it describes is softly deleted. */
export const isDeletion = ({ truncate_before }: StreamMetadata): boolean => truncate_before === Number.MAX_SAFE_INTEGER;
