/** What `$$stream` says of its stream, as far as reads and writes obey it. */
export interface StreamSettings {
  readonly max_count?: number;
  readonly max_age_s?: number;
  /** Events before this revision are hidden. */
  readonly truncate_before: number;
  readonly soft_deleted: boolean;
}

/** The largest int64, which is what EventStoreDB truncates a deleted stream before. Exact only as text. */
const int64Max = '9223372036854775807';

export const noSettings: StreamSettings = { truncate_before: 0, soft_deleted: false };

/** A metadata stream shows its newest event only, whatever anybody says of it. */
export const metadataStreamSettings: StreamSettings = { ...noSettings, max_count: 1 };

export const softDeletion: Uint8Array = Buffer.from(`{"$tb":${int64Max}}`);

const metadataPrefix = '$$';
export const isMetadataStream = (stream: string): boolean => stream.startsWith(metadataPrefix);
export const metadataStreamOf = (stream: string): string => metadataPrefix + stream;
export const describedBy = (metadataStream: string): string => metadataStream.slice(metadataPrefix.length);

const parsed = (json: Uint8Array, reviver?: Parameters<typeof JSON.parse>[1]): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString(), reviver);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
};

const integer = (value: unknown, min: number): number | undefined | 'malformed' => {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'number' && Number.isInteger(value) && value >= min ? value : 'malformed';
};

/** The settings in a `$metadata` event. What cannot be understood counts as empty, as it does in EventStoreDB. */
export const settingsIn = (json: Uint8Array): StreamSettings => {
  const metadata = parsed(json) ?? {};
  const maxCount = integer(metadata['$maxCount'], 1);
  const maxAge = integer(metadata['$maxAge'], 1);
  const truncateBefore = integer(metadata['$tb'], 0);
  if (maxCount === 'malformed' || maxAge === 'malformed' || truncateBefore === 'malformed') return noSettings;
  return {
    ...(maxCount !== undefined && { max_count: maxCount }),
    ...(maxAge !== undefined && { max_age_s: maxAge }),
    truncate_before: truncateBefore ?? 0,
    soft_deleted: truncateBefore !== undefined && truncateBefore >= Number(int64Max),
  };
};

/** Metadata that begins a soft-deleted stream anew at this revision; undefined where it is no JSON object. */
export const recreatedFrom = (json: Uint8Array, revision: number): Uint8Array | undefined => {
  // Numbers beyond 2^53 that others keep here go through as they were written.
  const exact = (_: string, value: unknown, { source }: { source?: string } = {}): unknown =>
    typeof value === 'number' && source !== undefined && !Number.isSafeInteger(value) ? rawJson(source) : value;
  const metadata = parsed(json, exact);
  return metadata && Buffer.from(JSON.stringify({ ...metadata, $tb: revision }));
};

const rawJson = (JSON as typeof JSON & { readonly rawJSON: (text: string) => unknown }).rawJSON;
