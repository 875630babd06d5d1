import { sql, type Kysely } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { embeddingsOf } from '../../src/adapters/embeddings/embeddings.ts';
import { postgresVectors } from '../../src/adapters/postgres/vectors.ts';
import { artifacts } from '../../src/projections/artifacts/artifacts.projection.ts';
import { directives } from '../../src/projections/directives/directives.projection.ts';
import {
  memoryReader,
  noopReader,
  readerBounds,
  writeLikeMembers,
  type MemoryReader,
} from '../../src/projections/memory/reader.ts';
import type { Project } from '../../src/projections/project.ts';
import type { ReadModels } from '../../src/projections/queries.ts';
import { runs } from '../../src/projections/runs/runs.projection.ts';
import { recalling } from '../../src/wiring/memory/recall.ts';
import { remember, withItems } from '../contracts/vector-index.contract.ts';
import { pglite, type FreshDatabase } from '../support/databases.ts';
import { quietJournal } from '../support/quiet.journal.ts';

const agent_id = '00000000-0000-4000-8000-000000000001';
const idOf = (n: number): string => `00000000-0000-4000-9000-${String(n).padStart(12, '0')}`;
const then = (n: number): string => `2026-11-0${n}T12:00:00.000Z`;
const journal = quietJournal();
let fresh: FreshDatabase;
let reader: MemoryReader;

const keep = (table: string, row: object): Promise<unknown> => {
  const [columns, values] = [Object.keys(row), Object.values(row) as unknown[]];
  return sql`insert into ${sql.table(`read.${table}`)} (${sql.join(columns.map((name) => sql.ref(name)))})
    values (${sql.join(values)})`.execute(fresh.database.background);
};
const directive = (n: number, more: object = {}) =>
  keep('directives', {
    ...{ directive_id: idOf(n), tenant: 'default', status: 'closed', objective: `objective ${n}`, agent_id },
    ...{ scope: 'support', issued_by: 'user:ann', origin: '{}', plan: '{}', step_count: 1, reasons: '[]' },
    ...{ revision: 0, position: 10 - n, created_at: then(n), updated_at: then(n), ...more },
  });
const run = (n: number, status: string, tenant = 'default') =>
  keep('runs', {
    ...{ run_id: idOf(n), tenant, directive_id: idOf(n), status, phase: status, principal: '{}', scope: 'support' },
    ...{ environment: 'test', plan: '{}', step_count: 1, steps_succeeded: 1, step_status: '{}', cost_micros: 0 },
    ...{ spans: '[]', segments: '[]', revision: 0, position: n, created_at: then(n), updated_at: then(n) },
  });
const artifact = (n: number, type: string) =>
  keep('artifacts', {
    ...{ event_id: idOf(n), ordinal: 0, artifact_id: idOf(n), tenant: 'default', type, uri: `artifact://local/${n}` },
    ...{ digest: 'sha256:0', bytes: 1, media_type: 'text/plain', position: n, created_at: then(n) },
  });

beforeAll(async () => {
  fresh = await pglite.open();
  const { database } = fresh;
  await withItems(database);
  for (const { createTable } of [directives, runs, artifacts])
    await sql.raw(createTable('read')).execute(database.background);
  const tables = database.db.withSchema('read') as unknown as Kysely<ReadModels>;
  const ask = <T>(question: (db: Kysely<ReadModels>) => Promise<T>): Promise<T> => question(tables);
  const read = { ask, served: () => undefined } as unknown as Project;
  const embeddings = embeddingsOf({ provider: 'hashed' });
  const vectors = await postgresVectors(database);
  const { signal } = new AbortController();
  const memory = recalling({ read, embeddings, vectors, censors: () => Promise.resolve([]), signal });
  reader = memoryReader({ ask, memory, journal, tenant: 'default', agent_id, signal });
  await remember(database, [{ text: 'refunds need two people' }, { text: 'the harbour is closed' }]);
  const claimed = await vectors.claim(embeddings.model, 0, 1, 10);
  const embedded = await embeddings.embed(
    claimed.map(({ text }) => text),
    { signal },
  );
  if (!embedded.ok) throw new Error(embedded.message);
  await vectors.keep(
    embeddings.model,
    claimed.map(({ content_digest }, place) => ({ content_digest, vector: embedded.vectors[place]! })),
  );
});
afterAll(() => fresh.discard());

describe('a reader of memory', () => {
  it('knows the newest directive for an agent, and the newest that a person issued', async () => {
    await directive(1);
    await directive(2, { status: 'active' });
    await directive(3, { agent_id: null, issued_by: 'user:bob' });
    await directive(4, { tenant: 'other' });
    const found = await reader.latest_directive_for_role(`agent:${agent_id}`);
    expect(found).toEqual({
      query_name: 'latest_directive_for_role',
      result_count: 1,
      results: [
        {
          ...{ id: idOf(2), role: `agent:${agent_id}`, type: 'support' },
          ...{ objective: 'objective 2', status: 'active', created_at: then(2) },
        },
      ],
    });
    expect((await reader.latest_directive_for_role('user:bob')).results).toMatchObject([{ id: idOf(3) }]);
    for (const role of ['agent:nobody', 'user:carl'])
      expect(await reader.latest_directive_for_role(role)).toMatchObject({ result_count: 0, results: [] });
  });

  it('knows runs, the newest first, and artifacts of a type', async () => {
    await run(1, 'completed');
    await run(2, 'failed');
    await run(3, 'completed');
    await run(4, 'completed', 'other');
    expect((await reader.execution_summaries(2)).results.map(({ run_id }) => run_id)).toEqual([idOf(3), idOf(2)]);
    expect((await reader.execution_summaries(100, 'failed')).results).toEqual([
      {
        ...{ run_id: idOf(2), directive_id: idOf(2), directive_type: 'support', status: 'failed' },
        ...{ created_at: then(2), started_at: null, ended_at: null },
      },
    ]);
    await artifact(1, 'file');
    await artifact(2, 'execution_end');
    expect((await reader.artifacts_by_type('file', 10)).results).toEqual([
      { id: idOf(1), type: 'file', uri: 'artifact://local/1', created_at: then(1) },
    ]);
  });

  it('finds what is like a text, with how like it is, and never a vector', async () => {
    const { results } = await reader.semantic_search('refunds need two people', 5);
    expect(results[0]).toEqual({
      ...{ memory_id: '00000000-0000-4000-8000-000000000001', content: 'about refunds need two people', scope: 'fact' },
      similarity_score: expect.closeTo(1, 4),
    });
    expect(Object.keys(results[0]!)).not.toContain('embedding');
  });

  it('answers with what cannot be changed', async () => {
    const found = await reader.execution_summaries(1);
    expect([found, found.results, found.results[0]].map(Object.isFrozen)).toEqual([true, true, true]);
  });

  it('cannot write: it has four questions, and none of them sounds like it (D103)', () => {
    for (const each of [reader, noopReader(journal)]) {
      expect(Object.isFrozen(each)).toBe(true);
      expect(writeLikeMembers(each)).toEqual([]);
    }
    const wrong = ['save', 'delete_memory', 'updateFact', 'store_embedding', 'forget'];
    const right = ['saved_searches', 'latest_update', 'storefront'];
    expect(writeLikeMembers(Object.fromEntries([...wrong, ...right].map((name) => [name, true])))).toEqual(wrong);
  });

  it('keeps its bounds, with something behind it and without, and every attempt is told', async () => {
    const { executionsMax, artifactsMax, similarMax } = readerBounds;
    expect([executionsMax, artifactsMax, similarMax]).toEqual([100, 100, 50]);
    for (const each of [reader, noopReader(journal)]) {
      const asked = (most: number) =>
        [
          () => each.execution_summaries(executionsMax + most),
          () => each.artifacts_by_type('file', artifactsMax + most),
          () => each.semantic_search('x', similarMax + most),
        ] as const;
      for (const ask of asked(0)) expect(await ask()).toHaveProperty('result_count');
      for (const ask of asked(1)) await expect(ask()).rejects.toThrow('answers from 1 to');
      await expect(each.execution_summaries(0)).rejects.toThrow('answers from 1 to 100, not 0');
      await expect(each.semantic_search('x', 1.5)).rejects.toThrow('answers from 1 to 50');
    }
    expect(await noopReader(journal).execution_summaries(5)).toMatchObject({ result_count: 0, results: [] });
    expect(journal.told.at(-2)).toEqual({
      level: 'warn',
      event: 'memory_access_attempt',
      fields: {
        ...{ reader: 'noop', query_name: 'semantic_search', allowed: false },
        reason: 'BoundExceeded: semantic_search answers from 1 to 50, not 1.5',
      },
    });
    expect(journal.told.at(-1)).toMatchObject({ event: 'memory_access_attempt', fields: { allowed: true } });
  });
});
