import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { embeddingsOf } from '../../src/adapters/embeddings/embeddings.ts';
import { postgresVectors } from '../../src/adapters/postgres/vectors.ts';
import { embedder, type EmbedderParts } from '../../src/commands/memory/embedder.ts';
import type { Embeddings, VectorIndex } from '../../src/ports.memory.ts';
import { remember, withItems } from '../contracts/vector-index.contract.ts';
import { pglite, type FreshDatabase } from '../support/databases.ts';
import { embeddingServer, embeds, refuses } from '../support/embedding-server.ts';
import { quietJournal } from '../support/quiet.journal.ts';
import { until } from '../support/until.ts';

let fresh: FreshDatabase;
let vectors: VectorIndex;
beforeAll(async () => {
  fresh = await pglite.open();
  await withItems(fresh.database);
  vectors = await postgresVectors(fresh.database);
});
afterAll(() => fresh.discard());
beforeEach(async () => {
  await sql`truncate read.memory_items, acta.embeddings`.execute(fresh.database.background);
});

const rows = async (): Promise<readonly { readonly content_digest: string; readonly embedded: boolean }[]> => {
  const found = await sql<{ readonly content_digest: string; readonly embedded: boolean }>`
    select content_digest, embedding is not null as embedded from acta.embeddings order by content_digest`.execute(
    fresh.database.background,
  );
  return found.rows;
};
const allEmbedded = (count: number) =>
  until(async () => ((await rows()).filter(({ embedded }) => embedded).length === count ? true : undefined));

/** A clock that goes as far as it is told. */
const hands = () => {
  let now = 1_000_000;
  return { pass: (ms: number) => void (now += ms), clock: { now: () => now, id: () => 'x', chance: () => 0.5 } };
};
const running = (parts: Partial<EmbedderParts> & { readonly embeddings: Embeddings }) => {
  const journal = quietJournal();
  const running = embedder({
    vectors,
    clock: hands().clock,
    journal,
    reached: () => -1n,
    isWhole: async () => true,
    ...parts,
  });
  running.start();
  onTestFinished(running.stop);
  return { ...running, journal };
};

/** Hashed vectors, and every text that was asked for. */
const counted = () => {
  const hashed = embeddingsOf({ provider: 'hashed' });
  const asked: string[] = [];
  const embeddings: Embeddings = {
    ...hashed,
    embed: (texts, options) => {
      asked.push(...texts);
      return hashed.embed(texts, options);
    },
  };
  return { asked, embeddings };
};

describe('the embedder', () => {
  it('embeds every text once, though several nodes are at it', async () => {
    const texts = Array.from({ length: 250 }, (_, n) => ({ text: `text ${n}` }));
    await remember(fresh.database, texts);
    const { asked, embeddings } = counted();
    running({ embeddings });
    running({ embeddings });
    await allEmbedded(250);
    expect(asked.toSorted()).toEqual(texts.map(({ text }) => text).toSorted());
  });

  it('embeds what is remembered later when it is nudged, and nothing twice', async () => {
    const { asked, embeddings } = counted();
    const node = running({ embeddings });
    await remember(fresh.database, [{ text: 'first' }]);
    node.nudge();
    await allEmbedded(1);
    await sql`truncate read.memory_items`.execute(fresh.database.background);
    await remember(fresh.database, [{ text: 'first' }, { text: 'second' }]);
    node.nudge();
    await allEmbedded(2);
    expect(asked).toEqual(['first', 'second']);
  });

  it('embeds the others where a provider refuses one text, and does not ask for that one again', async () => {
    const server = await embeddingServer();
    onTestFinished(server.close);
    const picky = embeddingsOf({ provider: 'openai', openai: { api_key: 'k', base_url: server.url } });
    await remember(fresh.database, [{ text: 'fine' }, { text: 'poison' }, { text: 'well' }]);
    server.next(refuses(400), embeds(), refuses(400), embeds());
    const node = running({ embeddings: picky });
    await allEmbedded(2);
    node.nudge();
    await node.stop();
    expect(await rows()).toEqual([
      { content_digest: 'digest of fine', embedded: true },
      { content_digest: 'digest of poison', embedded: false },
      { content_digest: 'digest of well', embedded: true },
    ]);
    expect(server.requests.map(({ body }) => body.input.length)).toEqual([3, 1, 1, 1]);
    expect(node.journal.told.map(({ event }) => event)).toEqual(['text_not_embedded']);
  });

  it('comes again where a provider fails, and then embeds what it could not', async () => {
    const server = await embeddingServer(refuses(503), refuses(429, null, { 'retry-after-ms': '1' }));
    onTestFinished(server.close);
    const failing = embeddingsOf({ provider: 'openai', openai: { api_key: 'k', base_url: server.url } });
    await remember(fresh.database, [{ text: 'patience' }]);
    const { journal } = running({ embeddings: failing });
    await allEmbedded(1);
    expect(server.requests).toHaveLength(3);
    expect(journal.told.map(({ fields }) => (fields as { fault: string }).fault)).toEqual([
      'provider_error',
      'rate_limited',
    ]);
  });

  it('forgets what nobody remembers any more, but not while what is remembered is not all there', async () => {
    const { embeddings } = counted();
    const { pass, clock } = hands();
    let whole = false;
    let asked = 0;
    const isWhole = async (): Promise<boolean> => {
      asked += 1;
      return whole;
    };
    await remember(fresh.database, [{ text: 'kept' }]);
    const node = running({ embeddings, clock, isWhole });
    await allEmbedded(1);
    await sql`truncate read.memory_items`.execute(fresh.database.background);
    pass(61_000);
    node.nudge();
    await until(async () => (asked > 0 ? true : undefined));
    expect(await rows()).toHaveLength(1);
    whole = true;
    pass(61_000);
    node.nudge();
    await until(async () => ((await rows()).length === 0 ? true : undefined));
  });
});
