import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse_artifact_uri } from '../../src/adapters/blobs/artifact.uri.ts';
import type { ObjectStore } from '../../src/adapters/blobs/content.store.ts';
import { blobBytesMax } from '../../src/adapters/blobs/shelf.ts';
import { BlobError, type BlobFault } from '../../src/ports.ts';

export interface StoreUnderTest {
  readonly store: ObjectStore;
  /** Turns a bit of what lies under an address, behind the store's back. */
  readonly damage?: (uri: string) => Promise<void>;
  readonly close?: () => Promise<void>;
}

/** The fault that this ends with. */
export const faultOf = async (work: Promise<unknown>): Promise<BlobFault | undefined> => {
  try {
    await work;
    return undefined;
  } catch (thrown) {
    if (thrown instanceof BlobError) return thrown.fault;
    throw thrown;
  }
};

/** What every blob store promises (`src/ports.ts`, requirements D74–D78). */
export const blobContract = (name: string, make: () => Promise<StoreUnderTest>): void => {
  describe(`${name}, as a blob store`, () => {
    let under: StoreUnderTest;
    beforeAll(async () => {
      under = await make();
    });
    afterAll(() => under.close?.());

    it('gives back what was put, byte for byte, and says where and what it is', async () => {
      const bytes = randomBytes(70_000);
      const ref = await under.store.put('acme', bytes, 'image/png');
      expect(ref).toMatchObject({ bytes: 70_000, media_type: 'image/png' });
      expect(ref.digest).toBe(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
      expect(parse_artifact_uri(ref.uri).scheme).toBe(under.store.name);
      expect(Buffer.from(await under.store.get('acme', ref.uri)).equals(bytes)).toBe(true);
    });

    it('gives the same bytes of a tenant one address, and keeps nothing at all as well', async () => {
      const first = await under.store.put('acme', Buffer.from('twice'), 'text/plain');
      const again = await under.store.put('acme', Buffer.from('twice'), 'text/plain');
      expect(again).toEqual(first);
      const empty = await under.store.put('acme', new Uint8Array(), 'text/plain');
      expect(await under.store.get('acme', empty.uri)).toHaveLength(0);
    });

    it('takes 10,485,760 bytes and not one more', async () => {
      const most = Buffer.alloc(blobBytesMax, 7);
      const { uri } = await under.store.put('acme', most, 'application/octet-stream');
      expect(most.equals(await under.store.get('acme', uri))).toBe(true);
      const more = Buffer.alloc(blobBytesMax + 1, 7);
      expect(await faultOf(under.store.put('acme', more, 'application/octet-stream'))).toBe('size_exceeded');
    });

    it('shows a tenant nothing of another, whatever the tenants are called', async () => {
      for (const [own, other] of [
        ['acme', 'umbrella'],
        ['../acme', 'acme'],
        ['ACME', 'acme'],
        ['a/b', 'a'],
      ] as const) {
        const { uri } = await under.store.put(own, Buffer.from(`of ${own}`), 'text/plain');
        expect(await under.store.exists(own, uri)).toBe(true);
        expect(await under.store.exists(other, uri)).toBe(false);
        expect(await faultOf(under.store.get(other, uri))).toBe('not_found');
      }
    });

    it('says not_found for what was never put, and serialization for what is no address', async () => {
      const { uri } = await under.store.put('acme', Buffer.from('here'), 'text/plain');
      const absent = `${uri.slice(0, -64)}${'0'.repeat(64)}`;
      expect(await under.store.exists('acme', absent)).toBe(false);
      expect(await faultOf(under.store.get('acme', absent))).toBe('not_found');
      expect(await faultOf(under.store.get('acme', 'artifact://local/1'))).toBe('not_found');
      for (const wrong of ['', 'file:///etc/passwd', uri.replace('t-acme', '..'), `${uri}/../x`, `${uri}?x`])
        expect(await faultOf(under.store.get('acme', wrong)), wrong).toBe('serialization');
      expect(await faultOf(under.store.put('acme', Buffer.from('x'), 'text/html\r\nx: y'))).toBe('serialization');
    });

    it('never deletes', async () => {
      const { uri } = await under.store.put('acme', Buffer.from('stays'), 'text/plain');
      expect(await faultOf(under.store.delete('acme', uri))).toBe('disabled');
      expect(await under.store.exists('acme', uri)).toBe(true);
    });

    it('refuses what was damaged, and heals it when it is put again', async () => {
      if (under.damage === undefined) return;
      const { uri } = await under.store.put('acme', Buffer.from('sound'), 'text/plain');
      await under.damage(uri);
      expect(await faultOf(under.store.get('acme', uri))).toBe('storage_error');
      await under.store.put('acme', Buffer.from('sound'), 'text/plain');
      expect(Buffer.from(await under.store.get('acme', uri)).toString()).toBe('sound');
    });
  });
};
