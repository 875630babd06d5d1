import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { sha256 } from '../../domain/kernel/digest.ts';
import { BlobError } from '../../ports.ts';

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const layout = 1;

/** How bytes become what lies on a shelf, and back; `opened` throws where they are not those of this tenant and address. */
export interface Seal {
  readonly addressOf: (tenant: string, bytes: Uint8Array) => string;
  readonly sealed: (tenant: string, address: string, bytes: Uint8Array) => Uint8Array;
  readonly opened: (tenant: string, address: string, bytes: Uint8Array) => Uint8Array;
}

const notThose = (): BlobError =>
  new BlobError('storage_error', 'the bytes are not those that were put: they are damaged, or sealed with another key');

/** Bytes as they are, under their SHA-256. */
export const openly: Seal = {
  addressOf: (_, bytes) => sha256(bytes),
  sealed: (_, __, bytes) => bytes,
  opened: (_, address, bytes) => {
    if (sha256(bytes) !== address) throw notThose();
    return bytes;
  },
};

/**
 * Encrypted at rest with AES-256-GCM. Two keys come of the one given (HKDF-SHA-256): one encrypts, the other makes the
 * address, an HMAC of tenant and plaintext, so that nobody who sees the store learns who keeps the same bytes as whom.
 * Tenant and address are authenticated with the bytes: what is moved elsewhere does not open. One key serves 2³² puts.
 * Throws `misconfigured` unless the key is of 32 bytes.
 */
export const sealedWith = (key: Uint8Array): Seal => {
  if (key.length !== keyBytes)
    throw new BlobError('misconfigured', `the key that encrypts blobs is of ${keyBytes} bytes, not ${key.length}`);
  const derived = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', key, '', `acta blobs ${purpose}`, keyBytes));
  const encrypting = derived('encryption');
  const naming = derived('address');
  const named = (tenant: string, bytes: Uint8Array): string =>
    createHmac('sha256', naming)
      .update(`${Buffer.byteLength(tenant)}:${tenant}:`)
      .update(bytes)
      .digest('hex');
  const bound = (tenant: string, address: string): Buffer => Buffer.from(JSON.stringify([layout, tenant, address]));
  return {
    addressOf: named,
    sealed: (tenant, address, bytes) => {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', encrypting, nonce).setAAD(bound(tenant, address));
      return Buffer.concat([Buffer.of(layout), nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
    },
    opened: (tenant, address, bytes) => {
      if (bytes.length < 1 + nonceBytes + tagBytes || bytes[0] !== layout) throw notThose();
      const nonce = bytes.subarray(1, 1 + nonceBytes);
      const cipher = createDecipheriv('aes-256-gcm', encrypting, nonce, { authTagLength: tagBytes })
        .setAAD(bound(tenant, address))
        .setAuthTag(bytes.subarray(-tagBytes));
      try {
        const plain = Buffer.concat([cipher.update(bytes.subarray(1 + nonceBytes, -tagBytes)), cipher.final()]);
        if (timingSafeEqual(Buffer.from(named(tenant, plain)), Buffer.from(address))) return plain;
      } catch {
        throw notThose();
      }
      throw notThose();
    },
  };
};
