import type { ArtifactScheme } from './artifact.uri.ts';

/** More than this no store takes (requirements D75); what is below 65,536 bytes its owner may keep in a row instead. */
export const blobBytesMax = 10_485_760;
/** What lies on a shelf may be longer than what was put, by what sealing adds. */
export const shelvedBytesMax = blobBytesMax + 1_024;

/**
 * Where bytes lie under a key of the store's making, `<tenant>/<address>`. It throws BlobErrors only, and knows neither
 * what an address means nor whether what it holds is still what it was.
 */
export interface Shelf {
  readonly scheme: ArtifactScheme;
  /** What stands before the key in an address: a bucket, or nothing. */
  readonly bucket?: string;
  readonly write: (key: string, bytes: Uint8Array, media_type: string) => Promise<void>;
  /** Undefined where there is nothing. */
  readonly read: (key: string) => Promise<Uint8Array | undefined>;
  readonly has: (key: string) => Promise<boolean>;
}
