import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MemoryKind, SearchScope, VectorIndex } from '../../src/ports.memory.ts';
import { memoryItems } from '../../src/projections/memory/memory-items.projection.ts';
import type { Database } from '../../src/schema.ts';
import type { FreshDatabase } from '../support/databases.ts';

export interface VectorIndexUnderTest {
  readonly fresh: FreshDatabase;
  readonly index: VectorIndex;
}

const model = 'test-3';
const [mine, theirs] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'];
const idOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const scope: SearchScope = { tenant: 'default', agent_id: mine, kinds: ['fact', 'decision'] };

interface Told {
  readonly text: string;
  readonly kind?: MemoryKind;
  readonly tenant?: string;
  readonly agent_id?: string;
  readonly learned?: number;
  readonly ended?: number;
}

/** Makes the read model that the index is searched beside. */
export const withItems = async ({ background }: Database): Promise<void> => {
  await sql`create schema if not exists read`.execute(background);
  await sql.raw(memoryItems.createTable('read')).execute(background);
  for (const statement of memoryItems.createIndexes('read')) await sql.raw(statement).execute(background);
};

/** Items numbered from 1, each with what it says of itself; its digest is its text. */
export const remember = async ({ background }: Database, told: readonly Told[]): Promise<void> => {
  for (const [place, item] of told.entries()) {
    const { text, kind = 'fact', tenant = 'default', agent_id = mine, learned = 1, ended = null } = item;
    await sql`
      insert into read.memory_items values (${kind}, ${idOf(place + 1)}, ${tenant}, ${agent_id}, ${`about ${text}`}, ${text},
        ${`digest of ${text}`}, ${ended === null}, ${learned}, ${ended}, ${ended === null ? null : 'superseded'}, ${place},
        ${learned})`.execute(background);
  }
};

/** A direction in a plane, and something besides it: the nearer the angle, the nearer the meaning. */
const at = (degrees: number): Float32Array => {
  const angle = (degrees / 180) * Math.PI;
  return Float32Array.from([Math.cos(angle), Math.sin(angle), 0]);
};
const kept = (text: string, degrees: number) => ({ content_digest: `digest of ${text}`, vector: at(degrees) });

/** What every index of vectors promises whoever searches it and whoever fills it. */
export const vectorIndexContract = (name: string, open: () => Promise<VectorIndexUnderTest>): void => {
  describe(`vectors: ${name}`, () => {
    let under: VectorIndexUnderTest;
    let index: VectorIndex;
    let database: Database;
    beforeAll(async () => {
      under = await open();
      ({ index } = under);
      ({ database } = under.fresh);
      await withItems(database);
    });
    afterAll(() => under.fresh.discard());
    beforeEach(async () => {
      await sql`truncate read.memory_items, acta.embeddings`.execute(database.background);
    });

    const embedded = async (told: readonly (Told & { readonly degrees: number })[]): Promise<void> => {
      // What has ended was embedded while it was known.
      await remember(
        database,
        told.map(({ ended: _, ...item }) => item),
      );
      await index.claim(model, 0, 1, 100);
      await index.keep(
        model,
        told.map(({ text, degrees }) => kept(text, degrees)),
      );
      await sql`truncate read.memory_items`.execute(database.background);
      await remember(database, told);
    };
    const nearest = async (asked: number, more: Partial<SearchScope> = {}, limit = 10): Promise<readonly string[]> =>
      (await index.nearest({ ...scope, ...more }, model, at(asked), limit)).map(({ title }) => title);

    it('finds the nearest first, with how near they are and what they are', async () => {
      await embedded([
        { text: 'far', degrees: 90 },
        { text: 'near', degrees: 10 },
        { text: 'between', degrees: 60, kind: 'decision' },
      ]);
      const found = await index.nearest(scope, model, at(0), 2);
      expect(found).toMatchObject([
        { kind: 'fact', id: idOf(2), title: 'about near', revision: 1, ended_why: null },
        { kind: 'decision', id: idOf(3), title: 'about between' },
      ]);
      expect(found.map(({ score }) => score)).toEqual([
        expect.closeTo(Math.cos(Math.PI / 18), 5),
        expect.closeTo(0.5, 5),
      ]);
      expect(await nearest(90, {}, 1)).toEqual(['about far']);
    });

    it('finds nothing of another tenant, agent, kind or model, and nothing that ended', async () => {
      await embedded([
        { text: 'mine', degrees: 0 },
        { text: 'of another tenant', degrees: 0, tenant: 'other' },
        { text: 'of another agent', degrees: 0, agent_id: theirs },
        { text: 'of another kind', degrees: 0, kind: 'episode' },
        { text: 'over', degrees: 0, ended: 5 },
      ]);
      expect(await nearest(0)).toEqual(['about mine']);
      expect(await nearest(0, { ended: true })).toEqual(['about over']);
      expect(await nearest(0, { agent_id: theirs })).toEqual(['about of another agent']);
      expect(await nearest(0, { ids: [idOf(1), idOf(2)] })).toEqual(['about mine']);
      expect(await nearest(0, { ids: [] })).toEqual([]);
      expect(await index.nearest(scope, 'another', at(0), 10)).toEqual([]);
    });

    it('knows what was known at a position', async () => {
      await embedded([
        { text: 'old', degrees: 0, learned: 1, ended: 7 },
        { text: 'new', degrees: 1, learned: 7 },
      ]);
      expect(await nearest(0, { as_of: 0n })).toEqual([]);
      expect(await nearest(0, { as_of: 6n })).toEqual(['about old']);
      expect(await nearest(0, { as_of: 7n })).toEqual(['about new']);
      expect(await nearest(0, { as_of: 7n, ended: true })).toEqual(['about old']);
    });

    it('tells what was learned after a position, in the order of the log, each with its vector or none', async () => {
      await embedded([
        { text: 'second', kind: 'decision', learned: 9, degrees: 90 },
        { text: 'a fact', learned: 5, degrees: 0 },
        { text: 'first', kind: 'decision', learned: 7, degrees: 0 },
      ]);
      await sql`truncate read.memory_items`.execute(database.background);
      await remember(database, [
        { text: 'second', kind: 'decision', learned: 9 },
        { text: 'a fact', learned: 5 },
        { text: 'first', kind: 'decision', learned: 7 },
        { text: 'not embedded', kind: 'decision', learned: 8, tenant: 'another' },
        { text: 'ended', kind: 'decision', learned: 8, ended: 8 },
      ]);
      const all = await index.learned(model, 'decision', -1n, 10);
      expect(all).toEqual([
        { id: idOf(3), tenant: 'default', agent_id: mine, position: 7n, vector: at(0) },
        { id: idOf(4), tenant: 'another', agent_id: mine, position: 8n, vector: null },
        { id: idOf(1), tenant: 'default', agent_id: mine, position: 9n, vector: at(90) },
      ]);
      expect(await index.learned(model, 'decision', 7n, 1)).toEqual(all.slice(1, 2));
      expect((await index.learned('another', 'decision', 8n, 1)).map(({ vector }) => vector)).toEqual([null]);
    });

    it('answers equals by their ids, whenever it is asked', async () => {
      await embedded(['z', 'x', 'y'].map((text) => ({ text, degrees: 30 })));
      for (const _ of [1, 2, 3]) expect(await nearest(0, {}, 2)).toEqual(['about z', 'about x']);
    });

    it('are claimed of what changed since, where that is asked for', async () => {
      await remember(database, [
        { text: 'a', learned: 5 },
        { text: 'b', learned: 9 },
      ]);
      expect(await index.claim(model, 10, 20, 100, 9n)).toEqual([]);
      expect(await index.claim(model, 10, 20, 100, 5n)).toEqual([{ content_digest: 'digest of b', text: 'b' }]);
      expect(await index.claim(model, 10, 20, 100)).toEqual([{ content_digest: 'digest of a', text: 'a' }]);
    });
    it('gives a text to one claimant alone, once for all items that say it', async () => {
      await remember(database, [{ text: 'a' }, { text: 'b' }, { text: 'b' }, { text: 'over', ended: 3 }]);
      const claims = await Promise.all([1, 2, 3].map(() => index.claim(model, 10, 20, 100)));
      const texts = claims.flat().map(({ text }) => text);
      expect(texts.toSorted()).toEqual(['a', 'b']);
      expect(await index.claim(model, 19, 30, 100)).toEqual([]);
    });

    it('gives a text whose claim has run out to the next, and one that was given back from its time on', async () => {
      await remember(database, [{ text: 'a' }, { text: 'b' }]);
      expect(await index.claim(model, 10, 20, 1)).toEqual([{ content_digest: 'digest of a', text: 'a' }]);
      await index.claim(model, 10, 1_000, 1);
      expect(await index.claim(model, 20, 30, 100)).toEqual([{ content_digest: 'digest of a', text: 'a' }]);
      await index.release(model, ['digest of b'], 25);
      expect(await index.claim(model, 24, 40, 100)).toEqual([]);
      expect(await index.claim(model, 25, 40, 100)).toEqual([{ content_digest: 'digest of b', text: 'b' }]);
    });

    it('keeps the first vector of a text, and wants none again, under this model alone', async () => {
      await embedded([{ text: 'a', degrees: 0 }]);
      await index.keep(model, [kept('a', 90)]);
      await index.release(model, ['digest of a'], 0);
      expect((await index.nearest(scope, model, at(0), 1))[0]?.score).toBeCloseTo(1, 5);
      expect(await index.claim(model, 1_000, 2_000, 100)).toEqual([]);
      expect(await index.claim('another', 1_000, 2_000, 100)).toHaveLength(1);
    });

    it('forgets the vectors that no item needs any more, and keeps nothing of what was forgotten meanwhile', async () => {
      await embedded([
        { text: 'a', degrees: 0 },
        { text: 'b', degrees: 10 },
      ]);
      await sql`delete from read.memory_items where text = 'a'`.execute(database.background);
      expect(await index.forget()).toBe(1);
      await index.keep(model, [kept('a', 0)]);
      await remember(database, []);
      const { rows } = await sql<{ readonly content_digest: string }>`
        select content_digest from acta.embeddings`.execute(database.background);
      expect(rows).toEqual([{ content_digest: 'digest of b' }]);
      expect(await nearest(0)).toEqual(['about b']);
    });

    it('remembers vectors as they were said, to seven digits', async () => {
      const odd = Float32Array.from([0.1, -0.7012345, 0.7]);
      await remember(database, [{ text: 'odd' }]);
      await index.claim(model, 0, 1, 1);
      await index.keep(model, [{ content_digest: 'digest of odd', vector: odd }]);
      const [found] = await index.nearest(scope, model, odd, 1);
      expect(found?.score).toBeCloseTo(0.01 + 0.7012345 ** 2 + 0.49, 6);
    });
  });
};
