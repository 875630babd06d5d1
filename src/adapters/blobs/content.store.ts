import { z } from 'zod';
import { sha256 } from '../../domain/kernel/digest.ts';
import { BlobError, type BlobStore } from '../../ports.ts';
import { parse_artifact_uri, tenantPart } from './artifact.uri.ts';
import { openly, type Seal } from './seal.ts';
import { blobBytesMax, type Shelf } from './shelf.ts';

/** A blob store that says aloud what the port leaves out: nothing that was kept is ever deleted (requirements D76). */
export interface ObjectStore extends BlobStore {
  /** Always refused, with `disabled`. */
  readonly delete: (tenant: string, uri: string) => Promise<never>;
}

const MediaType = z
  .string()
  .max(255)
  .regex(/^[\w.+-]+\/[\w.+-]+(?:; ?[\w.+-]+=[\w.+-]+)*$/);

const address = /^[0-9a-f]{64}$/;

/**
 * Bytes by their content, on any shelf, sealed or not: the same bytes of the same tenant have one address, and putting
 * them again changes nothing, unless what lies there is damaged: then it is written again. A tenant sees nothing of
 * another's: it is `not_found`, as if it were not. What was damaged is refused with `storage_error`, never served.
 */
export const contentStore = (shelf: Shelf, seal: Seal = openly): ObjectStore => {
  const prefix = shelf.bucket === undefined ? '' : `${shelf.bucket}/`;

  /** The address within an URI of this tenant in this store; undefined where it is of another. */
  const addressIn = (tenant: string, uri: string): string | undefined => {
    const { scheme, key } = parse_artifact_uri(uri);
    const own = `${prefix}${tenantPart(tenant)}/`;
    const rest = key.slice(own.length);
    return scheme === shelf.scheme && key.startsWith(own) && address.test(rest) ? rest : undefined;
  };

  const get = async (tenant: string, within: string): Promise<Uint8Array | undefined> => {
    const bytes = await shelf.read(`${tenantPart(tenant)}/${within}`);
    return bytes === undefined ? undefined : seal.opened(tenant, within, bytes);
  };

  /** Whoever may write, but not look, writes again: it is the same. */
  const isKept = async (tenant: string, within: string): Promise<boolean> => {
    try {
      return (await get(tenant, within)) !== undefined;
    } catch {
      return false;
    }
  };

  return {
    name: shelf.scheme,
    put: async (tenant, bytes, media_type) => {
      if (bytes.length > blobBytesMax)
        throw new BlobError('size_exceeded', `${bytes.length} bytes, at most ${blobBytesMax}`);
      if (!MediaType.safeParse(media_type).success) throw new BlobError('serialization', 'no media type');
      const within = seal.addressOf(tenant, bytes);
      const key = `${tenantPart(tenant)}/${within}`;
      if (!(await isKept(tenant, within))) await shelf.write(key, seal.sealed(tenant, within, bytes), media_type);
      return {
        uri: `artifact://${shelf.scheme}/${prefix}${key}`,
        digest: `sha256:${sha256(bytes)}`,
        bytes: bytes.length,
        media_type,
      };
    },
    get: async (tenant, uri) => {
      const within = addressIn(tenant, uri);
      const bytes = within === undefined ? undefined : await get(tenant, within);
      if (bytes === undefined) throw new BlobError('not_found', 'there is no such artifact');
      return bytes;
    },
    exists: async (tenant, uri) => {
      const within = addressIn(tenant, uri);
      return within !== undefined && shelf.has(`${tenantPart(tenant)}/${within}`);
    },
    delete: () => Promise.reject(new BlobError('disabled', 'what was kept is not deleted')),
  };
};
