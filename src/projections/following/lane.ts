import { ProjectionFault } from '../fault.ts';
import type { Member } from '../folding/member.ts';

/** A member's place in a lane. */
export interface Berth {
  readonly member: Member;
  readonly left: PromiseWithResolvers<void>;
  withdrawn: boolean;
}

/** Whether a lane goes along with others: `never` for one who was slow, `later` for one who has yet to show that it moves. */
export type Company = 'welcome' | 'later' | 'never';

/** Members that stand at the same position and are folded together. */
export interface Lane {
  /** Older lanes have lower numbers. */
  readonly number: number;
  company: Company;
  position: bigint;
  berths: readonly Berth[];
  /** Who wants to come along, and stands at the lane's position or behind it. */
  joiners: Berth[];
  begun: boolean;
  live: boolean;
}

export const berthOf = (member: Member): Berth => {
  const left = Promise.withResolvers<void>();
  // Whoever entered looks at it; that nobody does any more is no fault.
  left.promise.catch(() => {});
  return { member, left, withdrawn: false };
};

export const laneOf = (number: number, berth: Berth, company: Company): Lane => ({
  number,
  company,
  position: berth.member.position,
  berths: [berth],
  joiners: [],
  begun: false,
  live: false,
});

/** Lets go whoever asked to leave. */
export const release = (lane: Lane): void => {
  for (const { left, withdrawn } of lane.berths) if (withdrawn) left.resolve();
  lane.berths = lane.berths.filter(({ withdrawn }) => !withdrawn);
};

/** Puts out whom a fault is about, where the others may go on as if nothing had been tried; else throws it. */
export const putOut = (lane: Lane, error: unknown): void => {
  const about = error instanceof ProjectionFault ? error.about : [];
  const staying = lane.berths.filter(({ member }) => !about.includes(member.projection.name));
  const untouched = staying.every(({ member }) => member.position === lane.position);
  if (staying.length === lane.berths.length || !untouched) throw error;
  const leaving = lane.berths.filter((berth) => !staying.includes(berth));
  lane.berths = staying;
  for (const { left } of leaving) left.reject(error);
};

/** Which of these a lane should go along with: the furthest one, of several the oldest; undefined when it is that itself. */
export const inFront = (lanes: Iterable<Lane>, lane: Lane): Lane | undefined => {
  if (lane.company !== 'welcome') return undefined;
  let first = lane;
  for (const other of lanes) {
    const older = other.position === first.position && other.number < first.number;
    if (other.company === 'welcome' && (other.position > first.position || older)) first = other;
  }
  return first === lane ? undefined : first;
};
