import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, dataFolder, startHere } from '../support/acta.ts';

const bootstrap = 'the-first-key-of-all';
let url: string;
beforeAll(async () => {
  ({ url } = await startHere(await dataFolder(afterAll), { AOS_API_KEY: bootstrap }, afterAll));
});

const admin = { 'x-aos-key': bootstrap };
const issued = async (scopes: readonly string[]): Promise<{ key_id: string; secret: string }> =>
  (await ask(url, '/keys', { body: { name: 'a key', scopes }, headers: admin })).body;
const statusWith = async (key: string, path = '/agents'): Promise<number> =>
  (await ask(url, path, { headers: { authorization: `Bearer ${key}` } })).status;

describe('a key', () => {
  it('is needed once there is one, by either header, and a wrong one is no better than none', async () => {
    expect((await ask(url, '/agents')).status).toBe(401);
    expect(await statusWith('a-guess-of-somebody')).toBe(401);
    expect((await ask(url, '/agents', { headers: admin })).status).toBe(200);
    expect(await statusWith(bootstrap)).toBe(200);
  });

  it('opens what its scopes name and nothing else, and its holder is on the record', async () => {
    const { key_id, secret } = await issued(['agents:read', 'sessions:write', 'events:read']);
    expect(await statusWith(secret)).toBe(200);
    expect(await statusWith(secret, '/keys')).toBe(403);
    const headers = { authorization: `Bearer ${secret}` };
    const { body } = await ask(url, '/chat', { body: { message: 'hello' }, headers });
    const { body: events } = await ask(url, `/streams/session-${body.session_id}/events`, { headers });
    expect(events.data[1].actor).toBe(`key:${key_id}`);
  });

  it('is shown once, and kept as a hash', async () => {
    const headers = { ...admin, 'idempotency-key': 'the-same-key' };
    const body = { name: 'once', scopes: ['agents:read'] };
    const first = await ask(url, '/keys', { body, headers });
    const again = await ask(url, '/keys', { body, headers });
    expect(again).toMatchObject({ status: 409, body: { code: 'already_exists' } });
    const record = await ask(url, `/streams/key-${first.body.key_id}/events`, { headers: admin });
    const secret = (first.body.secret as string).replace(/^acta_[0-9a-f]{32}_/, '');
    expect(JSON.stringify(record.body)).not.toContain(secret);
  });

  it('that is rotated opens with the new secret, and with the old one for a while', async () => {
    const { key_id, secret } = await issued(['agents:read']);
    const path = `/keys/${key_id}/rotate`;
    const gentle = await ask(url, path, { body: { overlap_seconds: 60 }, headers: admin });
    expect([await statusWith(secret), await statusWith(gentle.body.secret)]).toEqual([200, 200]);
    const abrupt = await ask(url, path, { body: { overlap_seconds: 0 }, headers: admin });
    expect(await statusWith(gentle.body.secret)).toBe(401);
    expect(await statusWith(abrupt.body.secret)).toBe(200);
  });

  it('is not rotated by one that allows less', async () => {
    const writer = await issued(['agents:write', 'keys:admin']);
    const { secret } = await issued(['keys:admin']);
    const rotate = (key_id: string, key: string) =>
      ask(url, `/keys/${key_id}/rotate`, { body: {}, headers: { authorization: `Bearer ${key}` } });
    expect(await rotate(writer.key_id, secret)).toMatchObject({
      status: 403,
      body: { code: 'insufficient_scope', scopes: ['agents:write'] },
    });
    expect(await statusWith(writer.secret, '/keys')).toBe(200);
    const { key_id } = await issued(['keys:admin', 'agents:write']);
    expect((await rotate(key_id, writer.secret)).status).toBe(200);
  });

  it('keeps its expiry when it is rotated, and loses it where that is asked for', async () => {
    const expires_at = new Date(Date.now() + 3_600_000).toISOString();
    const { key_id } = (
      await ask(url, '/keys', { body: { name: 'a', scopes: ['agents:read'], expires_at }, headers: admin })
    ).body;
    const rotated = async (body: object): Promise<unknown> =>
      (await ask(url, `/keys/${key_id}/rotate`, { body, headers: admin })).body.expires_at;
    expect(await rotated({})).toBe(expires_at);
    expect(await rotated({ expires_at: null })).toBeNull();
    expect(await rotated({})).toBeNull();
  });

  it('that is revoked opens nothing any more', async () => {
    const { key_id, secret } = await issued(['agents:read']);
    expect(await statusWith(secret)).toBe(200);
    await ask(url, `/keys/${key_id}`, { method: 'DELETE', headers: admin });
    expect(await statusWith(secret)).toBe(401);
  });
});
