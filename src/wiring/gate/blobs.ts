import path from 'node:path';
import { blobStoreOf } from '../../adapters/blobs/blobs.ts';
import type { Config } from '../../config.ts';
import type { BlobStore } from '../../ports.ts';

/** The store that the environment names. Throws, naming the variable, where it cannot be had. */
export const blobsOf = ({ blobs, folder }: Pick<Config, 'blobs' | 'folder'>): BlobStore => {
  const { provider, bucket, endpoint, region, access_key_id, secret_access_key, encryption_key } = blobs;
  const sealed = encryption_key === undefined ? {} : { encryption_key: Buffer.from(encryption_key, 'base64') };
  if (provider === 'folder') return blobStoreOf({ provider, folder: path.join(folder, 'artifacts'), ...sealed });
  if (provider === 'noop') return blobStoreOf({ provider, ...sealed });
  const missing = Object.entries({ bucket, access_key_id, secret_access_key }).filter(
    ([, value]) => value === undefined,
  );
  if (bucket === undefined || access_key_id === undefined || secret_access_key === undefined)
    throw new Error(
      `OBJECT_STORE_PROVIDER=${provider} needs ${missing.map(([name]) => `OBJECT_STORE_${name.toUpperCase()}`).join(', ')}`,
    );
  const at = endpoint === undefined ? {} : { endpoint };
  return blobStoreOf({ provider, bucket, access_key_id, secret_access_key, region, ...at, ...sealed });
};
