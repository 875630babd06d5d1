import { embeddingsOf } from '../adapters/embeddings/embeddings.ts';
import { postgresRoster } from '../adapters/postgres/roster.ts';
import { postgresVectors } from '../adapters/postgres/vectors.ts';
import { newestOf } from '../commands/cognition/mind.ts';
import { linker } from '../commands/decisions/linker.ts';
import type { Engine } from '../commands/execute.ts';
import { embedder } from '../commands/memory/embedder.ts';
import { measured } from '../commands/memory/measured.ts';
import type { Embeddings, Memory } from '../ports.memory.ts';
import type { Project } from '../projections/project.ts';
import { censorsOf } from './memory/censors.ts';
import { recalling } from './memory/recall.ts';
import { worldClock as clock, type World } from './world.ts';

/** What a node has to remember with. */
export interface OpenMemory {
  readonly memory: Memory;
  readonly embeddings: Embeddings;
  /** Begins to embed what is remembered, and to link what is near, for the processes role; nothing where nobody embeds. */
  readonly embed: () => void;
  readonly close: () => Promise<void>;
}

const name = 'memory_items';
/** A read model that is folded anew is behind for longer than this; one that is whole is not. */
const wholeMsMax = 1_000;

/** Opens memory over the read models of a node: the search, the embedder that sees to its vectors, and what they lead to. */
export const openMemory = async (world: World, engine: Engine, read: Project): Promise<OpenMemory> => {
  const { config, database, journal, telemetry, log } = world;
  const { api_key, base_url } = { api_key: config.model.openai_api_key, base_url: config.model.openai_base_url };
  const embeddings = measured(
    embeddingsOf({
      ...config.embedding,
      openai: {
        ...(api_key === undefined ? {} : { api_key }),
        ...(base_url === undefined ? {} : { base_url }),
      },
    }),
    telemetry,
  );
  const vectors = await postgresVectors(database);
  const ending = new AbortController();
  const isWhole = async (): Promise<boolean> => {
    const { reached } = await read.reached(name, await log.head(), { wait_ms: wholeMsMax, signal: ending.signal });
    return reached;
  };
  const checkpoints = postgresRoster(database.background);
  const links = linker({ engine, vectors, model: embeddings.model, checkpoints, journal });
  const keep: typeof vectors.keep = async (model, kept) => {
    await vectors.keep(model, kept);
    links.nudge();
  };
  const reached = (): bigint => read.served(name)?.position ?? -1n;
  const embeds = embedder({ embeddings, vectors: { ...vectors, keep }, clock, journal, isWhole, reached });
  const newestDecision = newestOf(engine, new Set(['decision']));
  let linkedUpTo = -1n;
  const hush = read.onAdvance((moved, position) => {
    if (moved !== name) return;
    embeds.nudge();
    // A decision whose words were embedded before has nothing to be kept, and is linked all the same.
    const newest = newestDecision() ?? -1n;
    if (newest <= linkedUpTo || newest > position) return;
    linkedUpTo = newest;
    links.nudge();
  });
  return {
    memory: recalling({
      ...{ read, embeddings, vectors, signal: ending.signal },
      censors: censorsOf({ read, log, newest: newestOf(engine, new Set(['censor'])) }),
    }),
    embeddings,
    embed: () => {
      if (embeddings.provider === 'noop') return;
      embeds.start();
      links.start();
    },
    close: async () => {
      hush();
      ending.abort();
      await embeds.stop();
      await links.stop();
      await embeddings.close();
    },
  };
};
