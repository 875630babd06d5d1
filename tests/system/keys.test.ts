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
    const secret = (first.body.secret as string).split('_').at(-1) ?? 'none';
    expect(JSON.stringify(record.body)).not.toContain(secret);
  });

  it('that is rotated opens with the new secret, and with the old one for a while', async () => {
    const { key_id, secret } = await issued(['agents:read']);
    const path = `/keys/${key_id}/rotate`;
    const gentle = await ask(url, path, { body: { overlap_seconds: 60 }, headers: admin });
    expect([await statusWith(secret), await statusWith(gentle.body.secret)]).toEqual([200, 200]);
    const abrupt = await ask(url, path, { body: { overlap_seconds: 0 }, headers: admin });
    await expect.poll(() => statusWith(gentle.body.secret)).toBe(401);
    expect(await statusWith(abrupt.body.secret)).toBe(200);
  });

  it('that is revoked opens nothing any more', async () => {
    const { key_id, secret } = await issued(['agents:read']);
    expect(await statusWith(secret)).toBe(200);
    await ask(url, `/keys/${key_id}`, { method: 'DELETE', headers: admin });
    await expect.poll(() => statusWith(secret)).toBe(401);
  });
});
