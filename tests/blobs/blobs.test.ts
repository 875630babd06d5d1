import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { startFauxqs, type FauxqsServer } from 'fauxqs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parse_artifact_uri } from '../../src/adapters/blobs/artifact.uri.ts';
import { blobStoreOf } from '../../src/adapters/blobs/blobs.ts';
import { contentStore } from '../../src/adapters/blobs/content.store.ts';
import { noopShelf } from '../../src/adapters/blobs/noop.ts';
import { sealedWith } from '../../src/adapters/blobs/seal.ts';
import { blobContract, faultOf } from './blob.contract.ts';

const folders: string[] = [];
const folder = (): string => {
  const made = mkdtempSync(path.join(tmpdir(), 'acta-blobs-'));
  folders.push(made);
  return made;
};
afterAll(() => {
  for (const made of folders) rmSync(made, { recursive: true, force: true });
});

const flipped = (bytes: Uint8Array): Buffer => {
  const copy = Buffer.from(bytes);
  copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1;
  return copy;
};
const fileOf = (root: string, uri: string): string => {
  const [tenant = '', address = ''] = parse_artifact_uri(uri).key.split('/');
  return path.join(root, tenant, address.slice(0, 2), address);
};
const damageFile =
  (root: string) =>
  async (uri: string): Promise<void> =>
    writeFileSync(fileOf(root, uri), flipped(readFileSync(fileOf(root, uri))));

let s3: FauxqsServer;
beforeAll(async () => {
  s3 = await startFauxqs({ port: 0, logger: false, host: '127.0.0.1' });
  s3.createBucket('acta-blobs');
});
afterAll(() => s3.stop());

const keys = { access_key_id: 'test', secret_access_key: 'test' };
const bucket = () =>
  ({
    provider: 's3',
    bucket: 'acta-blobs',
    endpoint: `http://127.0.0.1:${s3.port}`,
    region: 'us-east-1',
    ...keys,
  }) as const;
const damageObject = async (uri: string): Promise<void> => {
  const client = new S3Client({
    endpoint: bucket().endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const at = { Bucket: 'acta-blobs', Key: parse_artifact_uri(uri).key.slice('acta-blobs/'.length) };
  const { Body } = await client.send(new GetObjectCommand(at));
  await client.send(new PutObjectCommand({ ...at, Body: flipped(await Body!.transformToByteArray()) }));
  client.destroy();
};

const encryption_key = randomBytes(32);
blobContract('a folder', async () => {
  const root = folder();
  return { store: blobStoreOf({ provider: 'folder', folder: root }), damage: damageFile(root) };
});
blobContract('a sealed folder', async () => {
  const root = folder();
  return { store: blobStoreOf({ provider: 'folder', folder: root, encryption_key }), damage: damageFile(root) };
});
blobContract('memory', async () => ({ store: blobStoreOf({ provider: 'noop' }) }));
blobContract('a bucket', async () => ({ store: blobStoreOf(bucket()), damage: damageObject }));
blobContract('a sealed bucket of R2', async () => ({
  store: blobStoreOf({ ...bucket(), provider: 'r2', encryption_key }),
  damage: damageObject,
}));

describe('an address of an artifact', () => {
  it('is read as scheme and key', () => {
    expect(parse_artifact_uri('artifact://local/0b2c')).toEqual({ scheme: 'local', key: '0b2c' });
    expect(parse_artifact_uri('artifact://r2/bucket/a/b')).toEqual({ scheme: 'r2', key: 'bucket/a/b' });
  });
  it('is refused where it is none', () => {
    for (const wrong of [
      'artifact://ftp/x',
      'artifact://noop/',
      'artifact://noop/a//b',
      'artifact://noop/../x',
      'noop/x',
    ])
      expect(() => parse_artifact_uri(wrong), wrong).toThrow('no address of an artifact');
  });
});

describe('a folder of blobs', () => {
  it('is readable by its owner only, and keeps what another process put', async () => {
    const root = folder();
    const { uri } = await blobStoreOf({ provider: 'folder', folder: root }).put('acme', Buffer.from('x'), 'text/plain');
    expect(statSync(fileOf(root, uri)).mode & 0o077).toBe(0);
    expect(readdirSync(path.join(root, '.incoming'))).toEqual([]);
    const other = blobStoreOf({ provider: 'folder', folder: root });
    expect(Buffer.from(await other.get('acme', uri)).toString()).toBe('x');
  });
  it('forgets what a crash left half written, and not what is being written', async () => {
    const root = folder();
    const store = () => blobStoreOf({ provider: 'folder', folder: root });
    await store().put('acme', Buffer.from('x'), 'text/plain');
    const [old, young] = ['old', 'young'].map((name) => path.join(root, '.incoming', name));
    writeFileSync(old!, '');
    writeFileSync(young!, '');
    utimesSync(old!, 1, 1);
    await store().put('acme', Buffer.from('y'), 'text/plain');
    expect(readdirSync(path.join(root, '.incoming'))).toEqual(['young']);
  });
  it('says that it is misconfigured where its folder is none', async () => {
    const file = path.join(folder(), 'file');
    writeFileSync(file, '');
    const store = blobStoreOf({ provider: 'folder', folder: file });
    expect(await faultOf(store.put('acme', Buffer.from('x'), 'text/plain'))).toBe('misconfigured');
    chmodSync(file, 0o600);
  });
  it('never reads what is too long to be its own', async () => {
    const root = folder();
    const store = blobStoreOf({ provider: 'folder', folder: root });
    const { uri } = await store.put('acme', Buffer.from('x'), 'text/plain');
    writeFileSync(fileOf(root, uri), Buffer.alloc(10_487_000));
    expect(await faultOf(store.get('acme', uri))).toBe('storage_error');
  });
});

describe('memory for blobs', () => {
  it('has an end, and says so', async () => {
    const store = contentStore(noopShelf(10));
    await store.put('acme', Buffer.alloc(10), 'text/plain');
    expect(await faultOf(store.put('acme', Buffer.alloc(1), 'text/plain'))).toBe('storage_error');
  });
});

describe('sealing', () => {
  it('leaves neither the bytes nor their digest where they lie, and no two tenants the same address', async () => {
    const root = folder();
    const store = blobStoreOf({ provider: 'folder', folder: root, encryption_key });
    const secret = Buffer.from('the harbour of Lindisfarne');
    const [a, b] = [await store.put('acme', secret, 'text/plain'), await store.put('umbrella', secret, 'text/plain')];
    expect(readFileSync(fileOf(root, a.uri)).includes('harbour')).toBe(false);
    expect(a.uri).not.toContain(a.digest.slice(7));
    expect(a.digest).toBe(b.digest);
    expect(a.uri.slice(-64)).not.toBe(b.uri.slice(-64));
  });
  it('does not open elsewhere, nor with another key, nor shortened', async () => {
    const seal = sealedWith(encryption_key);
    const address = seal.addressOf('acme', Buffer.from('x'));
    const sealed = seal.sealed('acme', address, Buffer.from('x'));
    expect(Buffer.from(seal.opened('acme', address, sealed)).toString()).toBe('x');
    expect(() => seal.opened('umbrella', address, sealed)).toThrow('not those');
    expect(() => seal.opened('acme', '0'.repeat(64), sealed)).toThrow('not those');
    expect(() => seal.opened('acme', address, sealed.subarray(0, 20))).toThrow('not those');
    expect(() => seal.opened('acme', address, sealed.subarray(0, -1))).toThrow('not those');
    expect(() => sealedWith(randomBytes(32)).opened('acme', address, sealed)).toThrow('not those');
  });
  it('wants a key of 32 bytes', () => {
    expect(() => blobStoreOf({ provider: 'noop', encryption_key: randomBytes(16) })).toThrow('32 bytes');
  });
});

describe('a bucket', () => {
  const put = (more: object) =>
    faultOf(blobStoreOf({ ...bucket(), ...more }).put('acme', Buffer.from('x'), 'text/plain'));
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  it('says at the first call what is missing, and never before', async () => {
    for (const wrong of [
      { bucket: '' },
      { access_key_id: '' },
      { secret_access_key: '' },
      { endpoint: 'ftp://x' },
      { provider: 'r2', endpoint: undefined },
      { endpoint: undefined, region: undefined },
      { bucket: 'there-is-no-such-bucket' },
    ])
      expect(await put(wrong), JSON.stringify(wrong)).toBe('misconfigured');
  });
  it('says storage_error where nobody answers, and where somebody never ends', async () => {
    const silent = createServer((socket) => {
      socket.on('error', () => undefined).resume();
    });
    servers.push(silent);
    const port = await new Promise<number>((resolve) => {
      silent.listen(0, '127.0.0.1', () => resolve((silent.address() as { port: number }).port));
    });
    expect(await put({ endpoint: `http://127.0.0.1:${port}`, callMsMax: 100 })).toBe('storage_error');
    await new Promise((resolve) => {
      silent.close(resolve);
    });
    expect(await put({ endpoint: `http://127.0.0.1:${port}`, callMsMax: 5_000 })).toBe('storage_error');
  });
});
