import type { Catalogue } from '../domain/kernel/catalogue.ts';
import type { Clock, EventLog, Journal, Telemetry } from '../ports.ts';
import type { Database } from '../schema.ts';
import { ProjectionFault } from './fault.ts';
import { feed as feedOf } from './following/feed.ts';
import { decoding } from './folding/fold.ts';
import { lanes as lanesOf } from './following/lanes.ts';
import { pause } from './following/latch.ts';
import { leadership as leadershipOf } from './following/leadership.ts';
import type { Member } from './folding/member.ts';
import type { SwapMode } from './operations.ts';
import { outdated } from './rebuilding/outdated.ts';
import { positions as positionsOf, type Positions, type Reached, type Wait } from './following/positions.ts';
import { attendTo, bearings, learn, post as postOf, recall, type Post, type PostParts } from './following/post.ts';
import type { Projection } from './projection.ts';
import { reading } from './reading.ts';
import type { Ending } from './rebuild.ts';
import { rebuilds as rebuildsOf } from './rebuilding/rebuilds.ts';
import { standings, type Standing } from './standing.ts';
import { stateOf, statusOf, type ProjectionState } from './status.ts';
import { upkeep } from './upkeep.ts';

/** Where another node folds, its checkpoints are looked at this often while somebody waits, and otherwise rarely. */
const pollMs = 50;
const idlePollMs = 1_000;

export interface ProjectParts {
  readonly projections: readonly Projection[];
  readonly catalogue: Catalogue;
  readonly log: EventLog;
  readonly database: Database;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly telemetry: Telemetry;
  /** False on a node that only reads what others fold. */
  readonly folds?: boolean;
  /** What happens to a projection whose code is newer than its table: `auto` rebuilds and swaps by itself. */
  readonly rebuild?: SwapMode;
}

/** Two of one name would share a table; an event nobody ever defined would be waited for in vain. */
const assertKnown = (projections: readonly Projection[], { definitions }: Catalogue): void => {
  const names = new Set<string>();
  for (const { name, types } of projections) {
    if (names.has(name)) throw new Error(`${name} is defined twice`);
    names.add(name);
    if (types === 'every') continue;
    for (const type of types)
      if (!definitions.has(type)) throw new Error(`${name} folds ${type}, which is not in the catalogue`);
  }
};

const none: ReadonlyMap<string, Standing> = new Map();

const named = (posts: readonly Post[]) => {
  const byName = new Map(posts.map((post) => [post.projection.name, post]));
  return (name: string): Post => {
    const found = byName.get(name);
    if (found === undefined) throw new ProjectionFault('unknown', `there is no projection ${name}`);
    return found;
  };
};

/** Notes what has been committed, for those who wait and for the rates. */
const advancing = (postNamed: (name: string) => Post, positions: Positions, { journal, telemetry }: ProjectParts) => {
  const before = new WeakMap<Member, { readonly folded: number; readonly parked: number }>();
  return (members: readonly Member[]): void => {
    for (const member of members) {
      const { name } = member.projection;
      const { folded, parking, position, spentMs } = member;
      const { count: parked } = parking;
      const last = before.get(member) ?? { folded: 0, parked };
      if (parked > last.parked) journal.warn('events_parked', { projection: name, parked, position: String(position) });
      before.set(member, { folded, parked });
      const post = postNamed(name);
      post.rate.add(folded - last.folded);
      telemetry.count('acta_projection_events_folded_total', { projection: name }, folded - last.folded);
      telemetry.observe('acta_projection_batch_duration_seconds', spentMs / 1_000, { projection: name });
      post.failures = 0;
      positions.advance(name, position);
    }
  };
};

/** Learns from the database how far others have come, for whoever waits here. */
const watchOthers = async (
  { database }: ProjectParts,
  posts: readonly Post[],
  positions: Positions,
  signal: AbortSignal,
): Promise<void> => {
  while (!signal.aborted) {
    const asked = positions.asked();
    const others = posts.filter(({ member }) => member === undefined);
    const names = others.map(({ projection }) => projection.name);
    // Where the database is away, nobody has come any further.
    const found = names.length === 0 ? none : await standings(database.background, names).catch(() => none);
    for (const post of others) learn(positions, post, found.get(post.projection.name));
    await pause(pollMs, signal);
    if (!names.some(positions.awaited)) await pause(idlePollMs, signal, asked);
  }
};

const engineOf = (parts: ProjectParts, signal: AbortSignal) => {
  const { log, database, clock, journal, telemetry, projections, folds = true, rebuild = 'auto' } = parts;
  const posts = projections.map((projection) => postOf(projection, clock));
  const postNamed = named(posts);
  const workshop = { database, decode: decoding(parts.catalogue), clock };
  const positions = positionsOf(projections.map(({ name }) => name));
  const { definitions } = parts.catalogue;
  const feed = feedOf({ log, clock, journal, knows: (type) => definitions.has(type) });
  const world = { workshop, log, clock, journal, telemetry, signal, feed, positions, posts, postNamed };
  const lanes = lanesOf({ ...world, advanced: advancing(postNamed, positions, parts) });
  const recallAll = (): void => {
    for (const post of posts) recall(post);
  };
  const leadership = folds ? leadershipOf(database, journal, signal, recallAll) : undefined;
  const ended = ({ name, version }: Projection, { is }: Ending): void => {
    const post = postNamed(name);
    // Readers get it from now on, whenever this node looks again.
    if (is === 'swapped') post.servedVersion = version;
    recall(post);
  };
  const rebuilds = rebuildsOf({ ...world, projections, leadership, ended });
  return { ...world, lanes, recallAll, leadership, rebuilds, outdated: outdated(rebuilds, rebuild), folds };
};

type Engine = ReturnType<typeof engineOf>;

/** Looks at every projection once, so that those that stand at the same position set out together; then sees to each. */
const begin = async (engine: Engine, parts: ProjectParts): Promise<readonly Promise<void>[]> => {
  const { feed, posts, positions, rebuilds, signal } = engine;
  const postParts: PostParts = engine;
  const following = feed.run(signal);
  const first = await Promise.allSettled(posts.map((post) => bearings(postParts, post)));
  return [
    following,
    watchOthers(parts, posts, positions, signal),
    ...(engine.folds ? [rebuilds.run()] : []),
    ...posts.map((post, index) => {
      const found = first[index];
      return attendTo(postParts, post, found?.status === 'fulfilled' ? found.value : undefined);
    }),
  ];
};

/**
 * The engine that keeps read models: folds the log into their tables, live and after any absence, exactly once; knows how
 * far each is, and lets readers wait for it; parks what cannot be folded; rebuilds beside what is served (design 6).
 *
 * Nothing happens before `start`, which answers when every projection has been looked at once; where the database or the
 * log is away, they are waited for. `stop` ends it all at the end of the stretches being folded; rebuilds stay written down.
 * A definition that cannot be right throws here.
 */
export const project = (parts: ProjectParts) => {
  assertKnown(parts.projections, parts.catalogue);
  const ending = new AbortController();
  const engine = engineOf(parts, ending.signal);
  const { positions, postNamed, feed, rebuilds } = engine;
  let work: readonly Promise<void>[] = [];
  return {
    ...reading(parts.database),
    ...upkeep(engine),
    start: async (): Promise<void> => {
      work = await begin(engine, parts);
    },
    stop: async (): Promise<void> => {
      ending.abort();
      feed.wake();
      engine.recallAll();
      await Promise.all(work);
      await engine.leadership?.close();
    },
    /** Every projection as it stands, and the rebuilds under way. */
    status: () => statusOf(engine, rebuilds.open),
    /**
     * Which version readers get under a name and how far it is at least, as this node knows; undefined before it has looked.
     * Asked before the question, it says nothing that the answer does not show.
     */
    served: (name: string): { readonly version: number; readonly position: bigint } | undefined => {
      const { servedVersion: version } = postNamed(name);
      return version === undefined ? undefined : { version, position: positions.of(name) };
    },
    /** Waits, at most ten seconds, until a projection shows what the log holds up to a position. */
    reached: async (
      name: string,
      position: bigint,
      wait: Wait,
    ): Promise<Reached & { readonly state: ProjectionState }> => {
      const reached = await positions.reached(name, position, wait);
      return { ...reached, state: stateOf(engine, postNamed(name)).state };
    },
    /** Types of events that arrived since this node started and that it does not know, and how many of each (F51). */
    unknown: feed.unknown,
    /** Hears of every commit; answers how to stop hearing. */
    onAdvance: positions.onAdvance,
  };
};

export type Project = ReturnType<typeof project>;
