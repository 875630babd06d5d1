/** Recall over 10,000 remembered decisions beside the bare pgvector query, and how often it finds what was meant. */
import { sql } from 'kysely';
import { embeddingsOf } from '../src/adapters/embeddings/embeddings.ts';
import { openEmbeddedLog } from '../src/adapters/embedded-log/event-log.ts';
import { openDatabase } from '../src/adapters/postgres/database.ts';
import { postgresVectors } from '../src/adapters/postgres/vectors.ts';
import { embedder } from '../src/commands/memory/embedder.ts';
import { chainStart, recorded } from '../src/commands/record.ts';
import { catalogue } from '../src/domain/catalogue.ts';
import { DecisionRecorded } from '../src/domain/decision/decision.events.ts';
import { derived, streamOf } from '../src/domain/kernel/ids.ts';
import type { Memory, Recalled } from '../src/ports.memory.ts';
import { matching } from '../src/projections/memory/search.ts';
import { memoryItems } from '../src/projections/memory/memory-items.projection.ts';
import { project } from '../src/projections/project.ts';
import type { ReadModels } from '../src/projections/queries.ts';
import { recalling } from '../src/wiring/memory/recall.ts';
import { worldClock as clock } from '../src/wiring/world.ts';
import { report, scratch, silentJournal as journal, silentTelemetry as telemetry, type Row } from './measure.ts';
import { paraphrasing, sharing } from './recall.pairs.ts';

const itemsMax = Number(process.env['ITEMS'] ?? 10_000);
const questionsMax = Number(process.env['QUESTIONS'] ?? 200);
const tenant = 'default';
const fast = derived('bench agent', 'speed');
const good = derived('bench agent', 'quality');
const kinds = ['decision'] as const;
const { signal } = new AbortController();

const words = [...sharing, ...paraphrasing].flatMap(([, text]) => text.split(' '));
/** A sentence of words that remembered sentences have, so that common words are common. */
const sentence = (n: number): string => {
  const some = Array.from({ length: 12 }, (_, k) => words[(n * 7_919 + k * 104_729 + n * k * 31) % words.length]);
  return [...some, `number ${n}`].join(' ');
};

const folder = scratch('recall');
const log = await openEmbeddedLog({ folder: `${folder}/log` });
const remember = async (agent_id: string, n: number, description: string): Promise<string> => {
  const decision_id = derived('bench decision', agent_id, n);
  const said = { description, context: null, pattern: null, confidence: 0.8, tags: [], reasons: [] };
  const event = DecisionRecorded({
    ...{ decision_id, agent_id, session_id: null, by: 'user:bench' },
    ...{ ...said, category: 'process', stakes: 'low', quality: 0.5, bridge: { structure: '', function: '' } },
  } as never);
  const meta = { actor: 'user:bench', tenant, correlation_id: decision_id, command_id: decision_id };
  const stream = streamOf('decision', decision_id);
  const { stored } = recorded(catalogue, stream, { revision: -1, link: chainStart }, [event], meta);
  await log.append(stream, 'no_stream', stored);
  return decision_id;
};

const inLanes = async (count: number, work: (n: number) => Promise<unknown>): Promise<void> => {
  for (let at = 0; at < count; at += 64)
    await Promise.all(Array.from({ length: Math.min(64, count - at) }, (_, k) => work(at + k)));
};
const pairs = [...sharing, ...paraphrasing];
const answers: string[] = [];
for (const [n, [, text]] of pairs.entries()) answers.push(await remember(good, n, text));

const database = await openDatabase({ url: process.env['DATABASE_URL'], folder: `${folder}/read-models`, journal });
const read = project({ projections: [memoryItems], catalogue, log, database, clock, journal, telemetry });
await read.start();
const caughtUp = async (): Promise<void> => {
  const head = await log.head();
  while (!(await read.reached('memory_items', head, { wait_ms: 10_000 })).reached);
};
await caughtUp();
const vectors = await postgresVectors(database);

/** Gives all items their vectors of one provider, and answers what searches them. */
const remembered = async (provider: 'hashed' | 'local', of: string) => {
  const embeddings = embeddingsOf({ provider });
  const embeds = embedder({ embeddings, vectors, clock, journal, reached: () => -1n, isWhole: async () => false });
  embeds.start();
  const left = async (): Promise<number> => {
    const { rows } = await sql<{ readonly count: number }>`
      select count(*)::int as count from read.memory_items m where agent_id = ${of} and not exists
        (select from acta.embeddings e where e.model = ${embeddings.model}
           and e.content_digest = m.content_digest and embedding is not null)`.execute(database.db);
    return rows[0]?.count ?? 0;
  };
  while ((await left()) > 0) await new Promise((resolve) => setTimeout(resolve, 100));
  await embeds.stop();
  return { embeddings, memory: recalling({ read, embeddings, vectors, censors: () => Promise.resolve([]), signal }) };
};

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
const timed = async (count: number, work: (n: number) => Promise<unknown>) => {
  const took: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const began = performance.now();
    await work(n);
    took.push(performance.now() - began);
  }
  const sorted = took.toSorted((one, other) => one - other);
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
};

const speed = async (): Promise<readonly Row[]> => {
  await inLanes(itemsMax, (n) => remember(fast, n, sentence(n)));
  await caughtUp();
  const { embeddings, memory } = await remembered('hashed', fast);
  const questionOf = (n: number): string => `${sentence(n * 13 + 5).slice(0, 60)} ${n}`;
  const vectorOf = async (n: number): Promise<string> => {
    const embedded = await embeddings.embed([questionOf(n)], { signal });
    return `[${embedded.ok ? [...(embedded.vectors[0] ?? [])].join(',') : ''}]`;
  };
  const asked = await Promise.all(Array.from({ length: questionsMax }, (_, n) => vectorOf(n)));
  const scope = { tenant, agent_id: fast, kinds };
  const bare = (n: number) =>
    sql`select content_digest from acta.embeddings where model = ${sql.lit(embeddings.model)}
      order by embedding <=> ${asked[n]}::vector limit 10`.execute(database.db);
  const recall = (n: number) => memory.recall({ ...scope, text: questionOf(n), limit: 10 }, signal);
  const onlyWords = (n: number) =>
    matching((question) => read.ask<ReadModels, never>(question as never), scope, questionOf(n), 30);
  const rows: Row[] = [];
  for (const round of [1, 2, 3]) {
    const pg = await timed(questionsMax, bare);
    const hybrid = await timed(questionsMax, recall);
    const text = await timed(questionsMax, onlyWords);
    rows.push(
      { what: `round ${round}: pgvector alone, p50 ms`, value: pg.p50 },
      { what: `round ${round}: pgvector alone, p99 ms`, value: pg.p99 },
      { what: `round ${round}: recall, p50 ms`, value: hybrid.p50, ratio: hybrid.p50 / pg.p50 },
      { what: `round ${round}: recall, p99 ms`, value: hybrid.p99, ratio: hybrid.p99 / pg.p99 },
      { what: `round ${round}: words alone, p50 ms`, value: text.p50 },
    );
  }
  return rows;
};

const channels = ['vector', 'text', 'hybrid'] as const;
const rankBy = (channel: (typeof channels)[number], items: readonly Recalled[], id: string): number => {
  if (channel === 'hybrid') return items.findIndex((item) => item.id === id) + 1;
  return items.find((item) => item.id === id)?.channels.find(({ name }) => name === channel)?.rank ?? 0;
};

const quality = async (memory: Memory): Promise<readonly Row[]> => {
  const ranks = { vector: [] as number[], text: [] as number[], hybrid: [] as number[] };
  const gone: number[] = [];
  for (const [n, [text]] of pairs.entries()) {
    const { items, excluded } = await memory.recall({ tenant, agent_id: good, kinds, text, limit: 100 }, signal);
    for (const channel of channels) {
      const all = channel === 'vector' ? [...items, ...excluded] : items;
      ranks[channel].push(rankBy(channel, all, answers[n] ?? ''));
    }
    const left = excluded.find(({ id }) => id === answers[n])?.channels[0]?.score;
    if (left !== undefined) gone.push(left);
  }
  const share = (of: readonly number[], most: number): number =>
    of.filter((rank) => rank >= 1 && rank <= most).length / of.length;
  const parts = [
    ['all', 0, pairs.length],
    ['with a word in common', 0, sharing.length],
    ['without', sharing.length, pairs.length],
  ] as const;
  return [
    ...channels.flatMap((channel) =>
      parts.flatMap(([name, from, to]) =>
        [1, 5].map((most) => ({
          what: `${channel}, ${name}: found among the first ${most}`,
          value: share(ranks[channel].slice(from, to), most),
        })),
      ),
    ),
    { what: 'answers below the floor, and not found by words', value: gone.length },
  ];
};

const { memory, embeddings: local } = await remembered('local', good);
report(`recall: quality over ${pairs.length} pairs (${local.model})`, await quality(memory));
await local.close();
if (itemsMax > 0) report(`recall: ${itemsMax} items (${database.kind}, hashed)`, await speed());
await read.stop();
await database.close();
await log.close();
