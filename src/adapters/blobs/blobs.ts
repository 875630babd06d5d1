import { contentStore, type ObjectStore } from './content.store.ts';
import { folderShelf } from './folder.ts';
import { noopShelf } from './noop.ts';
import { s3Shelf, type S3Settings } from './s3.ts';
import { openly, sealedWith } from './seal.ts';
import type { Shelf } from './shelf.ts';

/** Which store, with what it needs. `encryption_key` of 32 bytes encrypts at rest whatever the store is. */
export type BlobSettings = (
  { readonly provider: 'folder'; readonly folder: string } | { readonly provider: 'noop' } | S3Settings
) & { readonly encryption_key?: Uint8Array };

const shelfOf = (settings: BlobSettings): Shelf => {
  switch (settings.provider) {
    case 'folder':
      return folderShelf(settings.folder);
    case 'noop':
      return noopShelf();
    case 's3':
    case 'r2':
      return s3Shelf(settings);
  }
};

/**
 * The blob store that was chosen (requirements D78). Opens nothing yet: a folder is made and a server reached by the
 * first call. Throws `misconfigured` for a key that is none.
 */
export const blobStoreOf = (settings: BlobSettings): ObjectStore =>
  contentStore(shelfOf(settings), settings.encryption_key === undefined ? openly : sealedWith(settings.encryption_key));
