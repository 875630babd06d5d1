import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answeringMsMax, keptMsMax, postgresIdempotency } from '../../src/adapters/postgres/idempotency.ts';
import type { Idempotency } from '../../src/ports.ts';
import { databases, type FreshDatabase } from '../support/databases.ts';

const answer = { status: 201, headers: { location: '/v1/runs/ü' }, body: '{"a":1}' };

describe.each(await databases())('the memory of requests on $name', ({ open }) => {
  let fresh: FreshDatabase;
  let store: Idempotency;
  let now = 1_000_000;
  beforeAll(async () => {
    fresh = await open();
    store = postgresIdempotency(fresh.database.db, { now: () => now });
  });
  afterAll(() => fresh.discard());
  beforeEach(async () => {
    await fresh.database.db.deleteFrom('acta.idempotency').execute();
  });

  it('lets one of many simultaneous requests go on', async () => {
    const begun = await Promise.all(Array.from({ length: 12 }, () => store.begin('ana', 'k', 'f')));
    expect(begun.filter(({ state }) => state === 'fresh')).toHaveLength(1);
    expect(begun.filter(({ state }) => state === 'in_progress')).toHaveLength(11);
  });

  it('gives the same answer again, word for word', async () => {
    await store.begin('ana', 'k', 'f');
    await store.finish('ana', 'k', answer);
    await store.finish('ana', 'k', { ...answer, status: 500 });
    expect(await store.begin('ana', 'k', 'f')).toEqual({ state: 'replay', answer });
  });

  it('tells another request under the same key from it', async () => {
    await store.begin('ana', 'k', 'f');
    expect(await store.begin('ana', 'k', 'g')).toEqual({ state: 'mismatch' });
    await store.finish('ana', 'k', answer);
    expect(await store.begin('ana', 'k', 'g')).toEqual({ state: 'mismatch' });
  });

  it('keeps the keys of two principals apart', async () => {
    await store.begin('ana', 'k', 'f');
    expect(await store.begin('ben', 'k', 'g')).toEqual({ state: 'fresh' });
  });

  it('lets an abandoned key be used again, for anything', async () => {
    await store.begin('ana', 'k', 'f');
    await store.abandon('ana', 'k');
    expect(await store.begin('ana', 'k', 'g')).toEqual({ state: 'fresh' });
    await store.finish('ana', 'k', answer);
    await store.abandon('ana', 'k');
    expect(await store.begin('ana', 'k', 'g')).toEqual({ state: 'replay', answer });
  });

  it('gives a request whose node died to whoever asks again, but only the same request', async () => {
    await store.begin('ana', 'k', 'f');
    now += answeringMsMax;
    expect(await store.begin('ana', 'k', 'g')).toEqual({ state: 'mismatch' });
    expect(await store.begin('ana', 'k', 'f')).toEqual({ state: 'fresh' });
    expect(await store.begin('ana', 'k', 'f')).toEqual({ state: 'in_progress' });
  });

  it('remembers for 48 hours, swept or not', async () => {
    await store.begin('ana', 'k', 'f');
    await store.finish('ana', 'k', answer);
    now += keptMsMax - 1;
    expect(await store.sweep()).toBe(0);
    expect(await store.begin('ana', 'k', 'f')).toEqual({ state: 'replay', answer });
    now += 1;
    expect(await store.begin('ana', 'k', 'g')).toEqual({ state: 'fresh' });
    now += keptMsMax;
    expect(await store.sweep()).toBe(1);
    expect(await store.sweep()).toBe(0);
  });
});
