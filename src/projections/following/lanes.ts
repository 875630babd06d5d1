import type { EventLog, Telemetry } from '../../ports.ts';
import { foldStretch } from '../folding/batch.ts';
import type { Stretch, Workshop } from '../folding/outcome.ts';
import { ProjectionFault } from '../fault.ts';
import type { Feed } from './feed.ts';
import { berthOf, inFront, laneOf, putOut, release, type Berth, type Company, type Lane } from './lane.ts';
import type { Member } from '../folding/member.ts';
import { pause } from './latch.ts';
import { pages } from './pages.ts';
import type { Positions } from './positions.ts';
import { inTraces } from './traces.ts';

/** Live, what has arrived is taken together, but not more than this: the first of it should not wait for the last. */
const stretchEventsMax = 2_000;
/** So long a few events are left alone for more to come, and so many are no longer a few. */
const gatherMs = 15;
const gatherEventsMax = 100;
/** A member whose part of one live stretch takes longer goes on in a lane of its own, for good. */
const slowMsMax = 500;
/** Live and in company, a statement that takes longer (a locked table, a stuck disk) makes everybody go alone for a while. */
const companyMsMax = 2_000;

export interface LaneParts {
  readonly workshop: Workshop;
  readonly log: EventLog;
  readonly telemetry: Telemetry;
  readonly feed: Feed;
  readonly signal: AbortSignal;
  /** Who waits for what. */
  readonly positions: Pick<Positions, 'asked' | 'awaited'>;
  /** Hears which members moved, after the database has committed it. */
  readonly advanced: (members: readonly Member[]) => void;
}

interface Traffic extends LaneParts {
  readonly lanes: Set<Lane>;
  numbers: number;
}

export interface Place {
  /** Resolves when the member was withdrawn, rejects with what made it leave; from then on nobody folds it. */
  readonly left: Promise<void>;
  /** Asks it to leave at the end of the stretch being folded. */
  readonly withdraw: () => void;
}

/** Whether a fault may be one member's: a table that is locked, gone or refused; not a database that is away. */
const ofOneAlone = ({ database }: Workshop, error: unknown): boolean =>
  !(error instanceof ProjectionFault) && ['timeout', 'undefined_table', 'other'].includes(database.faultOf(error));

/** Lets everybody go alone: whoever is held up then holds up nobody, and the others meet again in front. */
const scatter = (traffic: Traffic, lane: Lane): void => {
  for (const berth of lane.berths) launch(traffic, berth, 'later');
  lane.berths = [];
};

const fold = async (traffic: Traffic, lane: Lane, stretch: Stretch): Promise<void> => {
  const { workshop, telemetry, advanced } = traffic;
  while (lane.berths.length > 0) {
    const members = lane.berths.map(({ member }) => member);
    const company = lane.live && members.length > 1;
    const work = (): Promise<void> => foldStretch(workshop, members, stretch, company ? companyMsMax : undefined);
    try {
      // What is caught up on was asked for long ago: nobody follows it any more.
      await (lane.live ? inTraces(telemetry, members, stretch, work) : work());
    } catch (error) {
      if (members.length > 1 && ofOneAlone(workshop, error)) return scatter(traffic, lane);
      putOut(lane, error);
      continue;
    }
    lane.position = stretch.upTo;
    if (lane.company === 'later') lane.company = 'welcome';
    advanced(members);
    release(lane);
    return;
  }
};

const catchUp = async (traffic: Traffic, lane: Lane): Promise<void> => {
  lane.live = false;
  const wanted = lane.berths.map(({ member }) => member.projection);
  for await (const stretch of pages(traffic.log, lane.position, wanted)) {
    if (traffic.signal.aborted || lane.berths.length === 0) return;
    await fold(traffic, lane, stretch);
  }
};

/** Brings one that stands behind to where the lane is, then lets it in; one that is too far behind goes by itself. */
const admit = async (traffic: Traffic, lane: Lane, berth: Berth): Promise<void> => {
  const { member, left } = berth;
  while (member.position !== lane.position) {
    const stretch = traffic.feed.after(member.position, stretchEventsMax);
    if (typeof stretch === 'string') {
      launch(traffic, berth, 'welcome');
      return;
    }
    const events = stretch.events.filter(({ position }) => position <= lane.position);
    const upTo = stretch.upTo < lane.position ? stretch.upTo : lane.position;
    try {
      await foldStretch(traffic.workshop, [member], { events, upTo });
      traffic.advanced([member]);
    } catch (error) {
      left.reject(error);
      return;
    }
  }
  lane.berths = [...lane.berths, berth];
};

const partSlow = (traffic: Traffic, lane: Lane): void => {
  for (const berth of lane.berths) {
    if (lane.berths.length === 1 || berth.member.spentMs <= slowMsMax) continue;
    lane.berths = lane.berths.filter((other) => other !== berth);
    launch(traffic, berth, 'never');
  }
};

/**
 * A turn is recorded in half a dozen appends within some milliseconds: folded one by one they cost as many transactions, which stand
 * in the way of the turn's own questions. What comes right behind is taken along, unless somebody waits to see what is there.
 */
const gathered = async ({ feed, positions, signal }: Traffic, lane: Lane, stretch: Stretch): Promise<Stretch> => {
  const isAwaited = lane.berths.some(({ member }) => positions.awaited(member.projection.name));
  if (isAwaited || stretch.events.length >= gatherEventsMax) return stretch;
  await pause(gatherMs, signal, positions.asked());
  const more = feed.after(lane.position, stretchEventsMax);
  return typeof more === 'string' ? stretch : more;
};

/** One look around: false when the lane has nobody left, or has gone along with another. */
const step = async (traffic: Traffic, lane: Lane): Promise<boolean> => {
  const { feed, lanes } = traffic;
  // From here on whatever happens is heard: who is withdrawn while another is admitted, and the end of it all, too.
  const arrived = feed.arrived();
  release(lane);
  for (const joiner of lane.joiners.splice(0)) await admit(traffic, lane, joiner);
  if (lane.berths.length === 0) return false;
  const fault = feed.fault();
  if (fault !== undefined) throw fault;
  const stretch = feed.after(lane.position, stretchEventsMax);
  if (stretch === 'behind') {
    await catchUp(traffic, lane);
    return true;
  }
  const ahead = inFront(lanes, lane);
  if (ahead !== undefined) {
    ahead.joiners.push(...lane.berths);
    lane.berths = [];
    feed.wake();
    return false;
  }
  lane.live = true;
  if (stretch === 'nothing') await arrived;
  else {
    await fold(traffic, lane, await gathered(traffic, lane, stretch));
    partSlow(traffic, lane);
  }
  return true;
};

const run = async (traffic: Traffic, lane: Lane): Promise<void> => {
  const { signal, lanes } = traffic;
  // Whoever enters in the same turn at the same position comes along from the start.
  await new Promise((resolve) => setImmediate(resolve));
  lane.begun = true;
  try {
    while (!signal.aborted && (await step(traffic, lane)));
    for (const { left } of lane.berths) left.resolve();
  } catch (error) {
    for (const { left } of lane.berths) left.reject(error);
  }
  lanes.delete(lane);
  // Whoever wanted to come along did nothing wrong.
  for (const joiner of lane.joiners)
    if (signal.aborted) joiner.left.resolve();
    else launch(traffic, joiner, 'welcome');
};

const launch = (traffic: Traffic, berth: Berth, company: Company): void => {
  traffic.numbers += 1;
  const lane = laneOf(traffic.numbers, berth, company);
  traffic.lanes.add(lane);
  void run(traffic, lane);
};

/**
 * Members that stand at the same position travel in one lane: they are folded together, in one transaction for each
 * stretch of the log. A lane that is behind what the feed keeps reads the log by itself; once it is back, it comes along
 * with the lane in front. So a projection that is slow, new or was stopped for a while holds up nobody but itself.
 */
export const lanes = (parts: LaneParts) => {
  const traffic: Traffic = { ...parts, lanes: new Set(), numbers: 0 };
  return {
    /** Lets a member travel, from where it stands, until it is withdrawn, something fails, or everything ends. */
    enter: (member: Member): Place => {
      const berth = berthOf(member);
      const beside = [...traffic.lanes].find(
        ({ begun, company, position }) => !begun && company === 'welcome' && position === member.position,
      );
      if (beside === undefined) launch(traffic, berth, 'welcome');
      else beside.berths = [...beside.berths, berth];
      const withdraw = (): void => {
        berth.withdrawn = true;
        parts.feed.wake();
      };
      return { left: berth.left.promise, withdraw };
    },
    /** Whether a member is up with the log, as far as the feed has heard. */
    isLive: (member: Member): boolean =>
      [...traffic.lanes].some((lane) => lane.live && lane.berths.some((berth) => berth.member === member)),
  };
};

export type Lanes = ReturnType<typeof lanes>;
