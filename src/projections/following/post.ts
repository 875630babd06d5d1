import type { Clock, EventLog, Journal } from '../../ports.ts';
import type { Workshop } from '../folding/outcome.ts';
import { ProjectionFault } from '../fault.ts';
import { said } from '../folding/fold.ts';
import type { Lanes, Place } from './lanes.ts';
import { latch, pause, type Latch } from './latch.ts';
import type { Leadership } from './leadership.ts';
import { member, type Member } from '../folding/member.ts';
import type { Positions } from './positions.ts';
import type { Projection } from '../projection.ts';
import { rate, type Rate } from './rate.ts';
import { settled, standings, type Standing } from '../standing.ts';

/** How long somebody who has nothing to fold waits before looking again. */
const restMs = 1_000;
const retryFirstMs = 50;
const retryLongestMs = 5_000;

/**
 * What becomes of a projection on this node:
 *
 * * `starting`, `catching_up`, `live`: it is folded here.
 * * `following`: another node folds it.
 * * `rebuilding`, `rebuild_needed`: an older version is served; the newer table is being built, or somebody has to begin.
 *   The served table stands at its position for as long as no node with the older version keeps it current.
 * * `newer_version_served`: this node's code is older than the served table, which it must not touch; it may read it.
 * * `waiting`: the database or the log is away; it goes on by itself.
 * * `stopped`: too many parked events, a table that is gone, a log out of order: somebody has to do something.
 * * `log_rolled_back`: the log ends before what was folded (assurance F27). Nothing is folded until the table is rebuilt.
 */
export type PostState =
  | 'starting'
  | 'catching_up'
  | 'live'
  | 'following'
  | 'rebuilding'
  | 'rebuild_needed'
  | 'newer_version_served'
  | 'waiting'
  | 'stopped'
  | 'log_rolled_back';

/** A projection and what this node knows of it. */
export interface Post {
  readonly projection: Projection;
  readonly rate: Rate;
  /** Opened to make it look again at once. */
  readonly nudge: Latch;
  state: PostState;
  reason: string | undefined;
  servedVersion: number | undefined;
  leads: boolean;
  member: Member | undefined;
  place: Place | undefined;
  failures: number;
}

export const post = (projection: Projection, clock: Clock): Post => ({
  projection,
  rate: rate(clock),
  nudge: latch(),
  state: 'starting',
  reason: undefined,
  servedVersion: undefined,
  leads: false,
  member: undefined,
  place: undefined,
  failures: 0,
});

/** Makes it leave its lane and read again where it stands. */
export const recall = ({ place, nudge }: Post): void => {
  place?.withdraw();
  nudge.open();
};

/** How it stands with the newer table. */
export interface Outdated {
  readonly state: 'rebuilding' | 'rebuild_needed';
  readonly reason: string;
}

export interface PostParts {
  readonly workshop: Workshop;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly lanes: Lanes;
  /** Undefined on a node that only reads. */
  readonly leadership: Leadership | undefined;
  readonly positions: Positions;
  readonly signal: AbortSignal;
  /** An older version is served: sees to it that a rebuild is under way, or says why not. */
  readonly outdated: (post: Post) => Promise<Outdated>;
}

const leadName = ({ name, version }: Projection): string => `projection:${name}@${version}`;

const become = (post: Post, journal: Journal, state: PostState, reason?: string): void => {
  if (post.state !== state)
    journal.info('projection_state', { projection: post.projection.name, state, ...(reason && { reason }) });
  post.state = state;
  post.reason = reason;
};

/** What is known before anybody may fold: where it stands, and who leads. */
export interface Bearings extends Partial<Awaited<ReturnType<typeof settled>>> {
  readonly leads: boolean;
}

export const bearings = async (parts: PostParts, { projection }: Post): Promise<Bearings> => {
  const leads = (await parts.leadership?.take(leadName(projection))) ?? false;
  if (leads) return { leads, ...(await settled(parts.workshop.database, projection)) };
  const standing = (await standings(parts.workshop.database.background, [projection.name])).get(projection.name);
  return { leads, ...(standing && { standing }) };
};

const rest = async ({ signal, journal }: PostParts, post: Post, state: PostState, reason?: string): Promise<void> => {
  become(post, journal, state, reason);
  post.failures = 0;
  await pause(restMs, signal, post.nudge.opened());
};

/** Folds it until it is recalled, or something fails. */
const travel = async (parts: PostParts, post: Post, standing: Standing, found: Bearings): Promise<void> => {
  const { projection } = post;
  const head = await parts.log.head();
  if (standing.position > head)
    throw new ProjectionFault(
      'log_rolled_back',
      `the log ends at ${head}, but ${projection.name} was folded up to ${standing.position}: events are gone`,
    );
  post.member = member(projection, 'read', { ...standing, ...(found.parking && { parking: found.parking }) });
  post.place = parts.lanes.enter(post.member);
  become(post, parts.journal, 'catching_up');
  try {
    await post.place.left;
  } finally {
    post.member = undefined;
    post.place = undefined;
  }
};

/** Notes what is served, wherever it was folded. */
export const learn = (positions: Positions, post: Post, standing: Standing | undefined): void => {
  if (standing === undefined) return;
  post.servedVersion = standing.version;
  positions.advance(post.projection.name, standing.position);
};

const attend = async (parts: PostParts, post: Post, found: Bearings): Promise<void> => {
  const { standing } = found;
  const { projection } = post;
  post.leads = found.leads;
  learn(parts.positions, post, standing);
  if (standing === undefined) return rest(parts, post, 'following', 'no node has made its table yet');
  if (standing.version > projection.version)
    return rest(parts, post, 'newer_version_served', `version ${standing.version} is served`);
  if (standing.version < projection.version) {
    const { state, reason } = await parts.outdated(post);
    return rest(parts, post, state, reason);
  }
  if (!found.leads) return rest(parts, post, 'following');
  return travel(parts, post, standing, found);
};

const recover = async (parts: PostParts, post: Post, error: unknown): Promise<void> => {
  const { signal, journal, clock, workshop } = parts;
  const fault = error instanceof ProjectionFault ? error.fault : workshop.database.faultOf(error);
  post.failures += 1;
  const longest = Math.min(retryLongestMs, retryFirstMs * 2 ** Math.min(post.failures, 16));
  const reason = said(error);
  if (fault === 'log_rolled_back') become(post, journal, 'log_rolled_back', reason);
  else if (fault === 'disordered' || fault === 'too_many_parked') become(post, journal, 'stopped', reason);
  else if (fault === 'undefined_table') become(post, journal, 'stopped', `its table is gone, rebuild it: ${reason}`);
  else if (fault !== 'checkpoint_moved') {
    const { projection, failures } = post;
    become(post, journal, 'waiting', reason);
    // The first, the second, the fourth …: a long outage is no reason for a long journal.
    if ((failures & (failures - 1)) === 0)
      journal.warn('projection_interrupted', { projection: projection.name, error: reason, failures });
  }
  await pause((longest * (1 + clock.chance())) / 2, signal, post.nudge.opened());
};

/**
 * Sees to one projection until the node ends: takes the lead, finds out where it stands, and lets it travel. Whatever goes
 * wrong is tried again, at growing distances; what a database or a log did is never held against an event.
 */
export const attendTo = async (parts: PostParts, post: Post, first: Bearings | undefined): Promise<void> => {
  for (let found = first; !parts.signal.aborted; found = undefined) {
    try {
      await attend(parts, post, found ?? (await bearings(parts, post)));
    } catch (error) {
      if (!parts.signal.aborted) await recover(parts, post, error);
    }
  }
};
