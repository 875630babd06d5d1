import type { Clock, EventLog } from '../ports.ts';
import type { Feed } from './following/feed.ts';
import type { Workshop } from './folding/outcome.ts';
import { parkingLots } from './folding/parking.ts';
import type { Lanes } from './following/lanes.ts';
import type { Operation, Progress } from './operations.ts';
import type { Positions } from './following/positions.ts';
import type { Post, PostState } from './following/post.ts';

/** `degraded`: it goes on, but some of its events are parked. */
export type ProjectionState = PostState | 'degraded';

/** States in which a read model answers, if not always with the newest. */
export const answering: ReadonlySet<ProjectionState> = new Set([
  ...(['live', 'catching_up', 'degraded', 'following'] as const),
  ...(['rebuilding', 'rebuild_needed', 'newer_version_served'] as const),
]);

/** What an operator sees of a projection. */
export interface ProjectionStatus {
  readonly name: string;
  /** The version of this node's code. */
  readonly version: number;
  /** The version that readers get; undefined where nothing is served yet. */
  readonly served_version: number | undefined;
  readonly state: ProjectionState;
  /** Why it is not well. */
  readonly reason: string | undefined;
  readonly position: bigint;
  /** Where the log ends. */
  readonly head: bigint;
  /** Events of the log not yet folded; at least so many, where that is more than are kept in memory. */
  readonly lag_events: number;
  /** The age of the oldest event that is yet to be folded; 0 where there is none, undefined where nobody knows yet. */
  readonly lag_seconds: number | undefined;
  readonly events_per_second: number;
  readonly parked: number;
  /** Whether this node folds it. */
  readonly leads: boolean;
  readonly rebuild: { readonly id: string; readonly version: number; readonly progress: Partial<Progress> } | undefined;
}

export interface StatusParts {
  readonly workshop: Workshop;
  readonly posts: readonly Post[];
  readonly feed: Feed;
  readonly lanes: Lanes;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly positions: Positions;
}

type Seen = Pick<ProjectionStatus, 'state' | 'reason'>;

/** Trouble before anything else, then what is parked, then how far it is. */
export const stateOf = ({ feed, lanes }: Pick<StatusParts, 'feed' | 'lanes'>, post: Post): Seen => {
  const { member, state, reason } = post;
  if (member === undefined) return { state, reason };
  const trouble = feed.trouble();
  if (trouble !== undefined) return { state: 'waiting', reason: `the log is away: ${trouble}` };
  const { count } = member.parking;
  if (count > 0) return { state: 'degraded', reason: `${count} parked events` };
  return { state: lanes.isLive(member) ? 'live' : 'catching_up', reason: undefined };
};

/**
 * Age of the oldest event that is yet to be folded, whether or not the database can be reached. Of what came before this
 * node listened only the last folded event's is known, and what follows it is no older.
 */
const lagSeconds = ({ feed, clock }: StatusParts, { member }: Post, position: bigint): number | undefined => {
  const next = feed.after(position, 1);
  // What only the log's own bookkeeping lies behind lacks nothing.
  if (next === 'nothing' || (next !== 'behind' && next.events.length === 0)) return 0;
  const oldest = feed.since(position) ?? member?.recordedAt;
  return oldest === undefined ? undefined : Math.max(0, clock.now() - Date.parse(oldest)) / 1_000;
};

/** Every projection as it stands, with the rebuilds under way on whatever node. Never fails: what is unknown is undefined. */
export const statusOf = async (
  parts: StatusParts,
  open: () => Promise<readonly Operation[]>,
): Promise<readonly ProjectionStatus[]> => {
  const { feed, log, positions, workshop } = parts;
  const names = parts.posts.map(({ projection }) => projection.name);
  const [head, operations, lots] = await Promise.all([
    log.head().catch(() => feed.head()),
    open().catch(() => []),
    parkingLots(workshop.database.db, names).catch(() => undefined),
  ]);
  return parts.posts.map((post): ProjectionStatus => {
    const { projection, rate, servedVersion, leads, member } = post;
    const position = positions.of(projection.name);
    const rebuild = operations.find(({ target }) => target === projection.name);
    return {
      name: projection.name,
      version: projection.version,
      served_version: servedVersion,
      ...stateOf(parts, post),
      position,
      head: head > position ? head : position,
      lag_events: position >= head ? 0 : feed.count(position),
      lag_seconds: position >= head ? 0 : lagSeconds(parts, post, position),
      events_per_second: Math.round(rate.perSecond() * 10) / 10,
      parked: lots === undefined ? (member?.parking.count ?? 0) : (lots.get(projection.name)?.count ?? 0),
      leads,
      rebuild: rebuild && { id: rebuild.id, version: rebuild.input.version, progress: rebuild.progress },
    };
  });
};
