import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { authenticate, opens, scopes, tokenOf, tokenParts, type KnownKey } from '../../src/commands/keys/token.ts';
import { sha256 } from '../../src/domain/kernel/digest.ts';

const now = Date.parse('2026-11-21T12:00:00.000Z');
const secret = randomBytes(32).toString('base64url');
const older = randomBytes(32).toString('base64url');
const known: KnownKey = {
  key_id: randomUUID(),
  tenant: 'default',
  scopes: ['agents:read'],
  roles: ['ops'],
  secret_hash: sha256(secret),
  previous_hash: sha256(older),
  previous_until: now + 1,
  expires_at: null,
  revoked: false,
};
const token = tokenOf(known.key_id, secret);

describe('a token', () => {
  it('names its key and holds its secret, whatever characters that is made of', () => {
    expect(tokenParts(token)).toEqual({ key_id: known.key_id, secret });
    const odd = `${'_'.repeat(10)}${'-'.repeat(33)}`;
    expect(tokenParts(tokenOf(known.key_id, odd))).toEqual({ key_id: known.key_id, secret: odd });
  });
  it.each([
    '',
    'acta_',
    'Bearer x',
    `acta_${'0'.repeat(32)}_${secret}`,
    `${tokenOf(known.key_id, secret)} `,
    `acta_${known.key_id}_${secret}`,
  ])('is not what looks otherwise: %s', (text) => {
    expect(tokenParts(text)).toBeUndefined();
  });
});

describe('a key', () => {
  it('is opened by its newest secret, and by the one before until its overlap has passed', () => {
    expect(opens(known, secret, now)).toBe(true);
    expect(opens(known, older, now)).toBe(true);
    expect(opens(known, older, now + 1)).toBe(false);
    expect(opens({ ...known, previous_hash: null }, older, now)).toBe(false);
    expect(opens(known, `${secret}x`, now)).toBe(false);
    expect(opens(known, sha256(secret), now)).toBe(false);
  });
  it('is opened by nothing once it has expired or was revoked', () => {
    expect(opens({ ...known, expires_at: now + 1 }, secret, now)).toBe(true);
    expect(opens({ ...known, expires_at: now }, secret, now)).toBe(false);
    expect(opens({ ...known, revoked: true }, secret, now)).toBe(false);
    expect(opens({ ...known, revoked: true }, older, now)).toBe(false);
  });
});

describe('whoever asks', () => {
  const door = {
    bootstrap: 'the bootstrap key of a test',
    loopbackOpen: false,
    find: async (key_id: string) => (key_id === known.key_id ? known : undefined),
    now: () => now,
  };
  const from = { loopback: true };

  it('with a key is that key, with its scopes and no others', async () => {
    expect(await authenticate(door)(token, from)).toEqual({
      actor: `key:${known.key_id}`,
      tenant: 'default',
      scopes: ['agents:read'],
      roles: ['ops'],
    });
  });
  it('with the bootstrap key may do everything', async () => {
    const principal = await authenticate(door)(door.bootstrap, { loopback: false });
    expect(principal).toEqual({ actor: 'key:bootstrap', tenant: 'default', scopes: [...scopes], roles: ['*'] });
  });
  it.each([undefined, '', 'wrong', tokenOf(randomUUID(), secret), tokenOf(known.key_id, 'x'.repeat(43))])(
    'with nothing that opens is nobody: %s',
    async (credential) => {
      expect(await authenticate(door)(credential, from)).toBeUndefined();
    },
  );
  it('from this machine needs no key where none is asked for, and a wrong one is wrong all the same', async () => {
    const open = authenticate({ ...door, loopbackOpen: true, bootstrap: undefined });
    expect(await open(undefined, from)).toMatchObject({ actor: 'user:local' });
    expect(await open(undefined, { loopback: false })).toBeUndefined();
    expect(await open('wrong', from)).toBeUndefined();
  });
});
