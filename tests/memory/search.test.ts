import { sql, type Kysely } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SearchScope } from '../../src/ports.memory.ts';
import { matching } from '../../src/projections/memory/search.ts';
import type { ReadModels } from '../../src/projections/queries.ts';
import { remember, withItems } from '../contracts/vector-index.contract.ts';
import { pglite, type FreshDatabase } from '../support/databases.ts';

const agent_id = '00000000-0000-4000-8000-000000000001';
const scope: SearchScope = { tenant: 'default', agent_id, kinds: ['fact'] };
let fresh: FreshDatabase;
const ask = <T>(question: (db: Kysely<ReadModels>) => Promise<T>): Promise<T> =>
  question(fresh.database.db.withSchema('read') as unknown as Kysely<ReadModels>);
const found = async (text: string, more: Partial<SearchScope> = {}, limit = 10): Promise<readonly string[]> =>
  (await matching(ask, { ...scope, ...more }, text, limit)).map(({ title }) => title.replace('about ', ''));

beforeAll(async () => {
  fresh = await pglite.open();
  await withItems(fresh.database);
  await remember(fresh.database, [
    { text: 'refunds are approved by a person', learned: 1 },
    { text: 'refunds are paid to the card', learned: 2 },
    { text: 'refunds take three days', learned: 3 },
    { text: 'the harbour opens at seven', learned: 4 },
    { text: 'the harbour opens at nine', learned: 2, ended: 4 },
    { text: 'refunds of another agent', agent_id: '00000000-0000-4000-8000-000000000002' },
    { text: 'refunds as an episode', kind: 'episode' },
  ]);
});
afterAll(() => fresh.discard());

describe('a search by words', () => {
  it('finds what has any of them, in whatever form', async () => {
    expect(await found('gamma')).toEqual([]);
    expect(await found('opening')).toEqual(['the harbour opens at seven']);
    expect((await found('a refund for the harbour')).toSorted()).toEqual([
      'refunds are approved by a person',
      'refunds are paid to the card',
      'refunds take three days',
      'the harbour opens at seven',
    ]);
  });

  it('holds a rare word for more than a common one', async () => {
    expect(await found('refund card harbour', {}, 2)).toEqual([
      'refunds are paid to the card',
      'the harbour opens at seven',
    ]);
  });

  it('finds what ended only where that is asked for, and what was known at a position', async () => {
    expect(await found('harbour', { ended: true })).toEqual(['the harbour opens at nine']);
    expect(await found('harbour', { as_of: 3n })).toEqual(['the harbour opens at nine']);
    expect(await found('harbour', { as_of: 4n })).toEqual(['the harbour opens at seven']);
    expect(await found('harbour', { as_of: 1n })).toEqual([]);
  });

  it('finds only what is named, where something is', async () => {
    const third = '00000000-0000-4000-8000-000000000003';
    expect(await found('refunds', { ids: [third] })).toEqual(['refunds take three days']);
    expect(await found('harbour', { ids: [third] })).toEqual([]);
    expect(await found('refunds', { ids: [] })).toEqual([]);
  });

  it('finds one thing, the newest episode, and the only one', async () => {
    expect(await found('refunds', { kinds: ['episode'] })).toEqual(['refunds as an episode']);
    await sql`analyze read.memory_items`.execute(fresh.database.background);
    expect(await found('refunds', { kinds: ['episode'] })).toEqual(['refunds as an episode']);
  });

  it.each(["it's", 'a\\b', '\0', '\ud800', "'", 'x & !y | (z)', 'http://x.example/?a=1&b=2', '🙂', 'the'])(
    'takes %j for words, and for nothing else',
    async (text) => expect(await found(`${text} harbour`)).toEqual(['the harbour opens at seven']),
  );

  it('finds nothing of nothing', async () => {
    for (const text of ['', 'the of and', '…']) expect(await found(text)).toEqual([]);
  });
});
