import { sql } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import { embeddedLimits, postgresVectors } from '../../src/adapters/postgres/vectors.ts';
import { remember, vectorIndexContract, withItems } from '../contracts/vector-index.contract.ts';
import { databases, pglite } from '../support/databases.ts';

for (const { name, open } of await databases())
  vectorIndexContract(name, async () => {
    const fresh = await open();
    const { vector } = fresh.database;
    if (!vector) console.log(`${name} has no pgvector: every vector is compared in this process`);
    return { fresh, index: await postgresVectors(fresh.database) };
  });

vectorIndexContract('PGlite, as if it had no pgvector', async () => {
  const fresh = await pglite.open();
  return { fresh, index: await postgresVectors({ ...fresh.database, vector: false }) };
});

vectorIndexContract('PGlite with an approximate index', async () => {
  const fresh = await pglite.open();
  const index = await postgresVectors(fresh.database, { indexedFromRows: 0 });
  expect(await index.tend('test-3', 3)).toBe(true);
  return { fresh, index };
});

describe('vectors', () => {
  const opened = async () => {
    const fresh = await pglite.open();
    onTestFinished(fresh.discard);
    await withItems(fresh.database);
    return fresh;
  };
  const scope = { tenant: 'default', agent_id: '00000000-0000-4000-8000-000000000001', kinds: ['fact'] } as const;
  const vector = Float32Array.from([1, 0, 0]);

  it('are indexed from their number on, not before, and never where that would stop all else', async () => {
    const { database } = await opened();
    await remember(database, [{ text: 'a' }, { text: 'b' }]);
    const index = await postgresVectors(database, { indexedFromRows: 2 });
    const [first, second] = await index.claim('m', 0, 1, 10);
    await index.keep('m', [{ ...first!, vector }]);
    expect(await index.tend('m', 3)).toBe(false);
    await index.keep('m', [{ ...second!, vector }]);
    expect(await index.tend('m', 3)).toBe(true);
    expect(await index.nearest(scope, 'm', vector, 10)).toHaveLength(2);
    const exact = await postgresVectors(database, embeddedLimits);
    expect(await exact.tend('m', 3)).toBe(false);
  });

  it('that were kept without pgvector are found with it', async () => {
    const { database } = await opened();
    await remember(database, [{ text: 'a' }]);
    const before = await postgresVectors({ ...database, vector: false });
    const [claimed] = await before.claim('m', 0, 1, 10);
    await before.keep('m', [{ ...claimed!, vector }]);
    const after = await postgresVectors(database);
    expect(await after.nearest(scope, 'm', vector, 1)).toMatchObject([{ title: 'about a', score: 1 }]);
    // A node that has not noticed yet goes on with both.
    expect(await before.nearest(scope, 'm', vector, 1)).toMatchObject([{ title: 'about a', score: 1 }]);
    const { rows } = await sql<{ readonly type: string }>`
      select pg_typeof(embedding)::text as type from acta.embeddings`.execute(database.db);
    expect(rows).toEqual([{ type: 'vector' }]);
  });
});
