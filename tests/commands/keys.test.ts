import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CommandContext } from '../../src/commands/context.ts';
import { issueKey, rotateKey } from '../../src/commands/keys/keys.operations.ts';
import { opens, scopes, tokenParts } from '../../src/commands/keys/token.ts';
import type { Call } from '../../src/domain/kernel/operation.ts';
import { engineOn, eventsIn, noTelemetry, troubled } from './engines.ts';
import { openLog } from './setting.ts';

const real = await openLog();
let trouble: ReturnType<typeof troubled>['trouble'];
let context: CommandContext;
beforeEach(() => {
  const shaky = troubled(real);
  ({ trouble } = shaky);
  const secret = () => randomUUID().replaceAll('-', '');
  context = { engine: engineOn(shaky.log), telemetry: noTelemetry, secret } as unknown as CommandContext;
});

const call = (): Call => {
  const id = randomUUID();
  const principal = { actor: 'user:test', tenant: 'default', scopes: [...scopes] };
  return { principal, command_id: id, correlation_id: id, request_id: id, signal: new AbortController().signal };
};
const asked = { name: 'a key', scopes: ['agents:read' as const], roles: [], expires_at: null };
const answered = (answer: object) => (answer as { readonly output: { key_id: string; secret: string } }).output;

/** Whether a token opens what was recorded last. */
const fits = async (key_id: string, token: string): Promise<boolean> => {
  const last = (await eventsIn(real, `key-${key_id}`)).at(-1)?.data as { readonly secret_hash: string };
  const known = {
    key_id,
    tenant: 'default',
    scopes: [],
    roles: [],
    previous_hash: null,
    previous_until: null,
    revoked: false,
  };
  return opens({ ...known, secret_hash: last.secret_hash, expires_at: null }, tokenParts(token)?.secret ?? '', 0);
};

describe('a secret', () => {
  it('whose record was not heard of is shown all the same', async () => {
    trouble.unheard = 1;
    const { key_id, secret } = answered(await issueKey.run(context, asked, call()));
    expect(await fits(key_id, secret)).toBe(true);
    trouble.unheard = 1;
    const rotated = answered(await rotateKey.run(context, { key_id, overlap_seconds: 0 }, call()));
    expect(await fits(key_id, rotated.secret)).toBe(true);
    expect(await eventsIn(real, `key-${key_id}`)).toHaveLength(2);
  });
  it('that was shown is not shown again: who asks again is told to rotate the key', async () => {
    const first = call();
    const { key_id } = answered(await issueKey.run(context, asked, first));
    const refusal = {
      code: 'already_exists',
      detail: expect.stringContaining('rotate the key') as string,
      more: { key_id },
    };
    expect(await issueKey.run(context, asked, first)).toMatchObject(refusal);
    const rotation = call();
    await rotateKey.run(context, { key_id, overlap_seconds: 0 }, rotation);
    expect(await rotateKey.run(context, { key_id, overlap_seconds: 0 }, rotation)).toMatchObject(refusal);
    expect(await eventsIn(real, `key-${key_id}`)).toHaveLength(2);
  });
});

describe('a key', () => {
  it('that has expired is rotated only with another expiry', async () => {
    const expires_at = new Date(Date.now() + 30).toISOString();
    const { key_id } = answered(await issueKey.run(context, { ...asked, expires_at }, call()));
    await expect.poll(() => Date.now()).toBeGreaterThan(Date.parse(expires_at));
    const kept = await rotateKey.run(context, { key_id, overlap_seconds: 0 }, call());
    expect(kept).toMatchObject({ code: 'validation_failed' });
    const again = answered(await rotateKey.run(context, { key_id, overlap_seconds: 0, expires_at: null }, call()));
    expect(again).toMatchObject({ key_id, expires_at: null });
  });
});

it('a key of another tenant is none, whatever it allows', async () => {
  const { key_id } = answered(await issueKey.run(context, asked, call()));
  const mine = call();
  const stranger = { ...mine, principal: { ...mine.principal, tenant: 'elsewhere', scopes: ['keys:admin'] } };
  const answer = await rotateKey.run(context, { key_id, overlap_seconds: 0 }, stranger);
  expect(answer).toMatchObject({ code: 'not_found' });
  expect(await eventsIn(real, `key-${key_id}`)).toHaveLength(1);
});
