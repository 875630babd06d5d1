import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lease, ProcessEnd, ProcessEntry, Roster } from '../../src/ports.ts';

/** A roster of its own for each test, empty. */
export interface RosterUnderTest {
  readonly fresh: () => Promise<Roster>;
  readonly end: () => Promise<void>;
}

const lease = 1_000;
const entry = (name: string, due_at: number | null = 0): ProcessEntry => ({
  stream: `run-${name}`,
  kind: 'run',
  due_at,
});
type Left = Omit<ProcessEnd, 'kind' | 'lease'>;
/** Each instance is given back under the lease it was taken with. */
const given = (taken: readonly Lease[], ...ends: readonly Left[]): readonly ProcessEnd[] =>
  ends.map((end) => ({ ...end, kind: 'run', lease: leaseOf(taken, end.stream) }));
const leaseOf = (taken: readonly Lease[], stream: string): bigint | null =>
  taken.find((each) => each.stream === stream)?.lease ?? null;
const streamsOf = (taken: readonly Lease[]): readonly string[] => taken.map(({ stream }) => stream).toSorted();
const entriesOf = (taken: readonly (ProcessEntry & Lease)[]): readonly ProcessEntry[] =>
  taken.map(({ lease: _, ...rest }) => rest);
const names = (entries: readonly ProcessEntry[]): readonly string[] => entries.map(({ stream }) => stream).toSorted();

/** What every roster promises its drivers. */
export const rosterContract = (name: string, open: () => Promise<RosterUnderTest>): void => {
  describe(`the roster: ${name}`, () => {
    let under: RosterUnderTest;
    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.end());

    let last = 0n;
    /** A checkpoint that always moves. */
    const onwards = () => ({ name: 'reader', position: ++last });
    const rosterOf = async (...entries: readonly ProcessEntry[]): Promise<Roster> => {
      const roster = await under.fresh();
      if (entries.length > 0) await roster.wake(entries, onwards());
      return roster;
    };

    it('gives a due instance to one owner alone', async () => {
      const roster = await rosterOf(entry('a'), entry('b'), entry('c'));
      const claims = await Promise.all(['one', 'two', 'three'].map((owner) => roster.claimDue(owner, 10, lease, 10)));
      expect(names(claims.flat())).toEqual(['run-a', 'run-b', 'run-c']);
      expect(await roster.claimDue('four', 11, lease, 10)).toEqual([]);
    });

    it('says of a claimed instance what it is and when it was due', async () => {
      const roster = await rosterOf(entry('a', 7));
      expect(entriesOf(await roster.claimDue('one', 10, lease, 10))).toEqual([entry('a', 7)]);
    });

    it('gives the instance that has waited longest first, and no more than asked for', async () => {
      const roster = await rosterOf(entry('late', 9), entry('early', 1), entry('middle', 5), entry('future', 99));
      expect(names(await roster.claimDue('one', 10, lease, 2))).toEqual(['run-early', 'run-middle']);
      expect(names(await roster.claimDue('one', 10, lease, 2))).toEqual(['run-late']);
    });

    it('shows what there is, with what went wrong first, and forgets a fault when the next driving goes well', async () => {
      const roster = await rosterOf(entry('a', 1), entry('b', 2), entry('c', 3));
      const taken = await roster.claimDue('one', 10, lease, 10);
      const stuck = { stream: 'run-b', due_at: null, done: false, fault: 'stuck: nobody performs x' };
      await roster.release(given(taken, stuck, { stream: 'run-c', due_at: 50, done: false }));
      expect(await roster.list(10)).toEqual([
        { ...entry('b', null), owner: null, lease_until: null, fault: 'stuck: nobody performs x' },
        { ...entry('c', 50), owner: null, lease_until: null, fault: null },
        { ...entry('a', null), owner: 'one', lease_until: 10 + lease, fault: null },
      ]);
      expect(await roster.list(1)).toHaveLength(1);
      const again = await roster.claim('one', 20, lease, [entry('b')]);
      await roster.release(given(again, { stream: 'run-b', due_at: null, done: false }));
      expect((await roster.list(10)).map(({ fault }) => fault)).toEqual([null, null, null]);
    });

    it('does not give what is not due, or waits for an event', async () => {
      const roster = await rosterOf(entry('later', 11), entry('event', null));
      expect(await roster.claimDue('one', 10, lease, 10)).toEqual([]);
      expect(await roster.nextDue()).toBe(11);
      expect(names(await roster.claimDue('one', 11, lease, 10))).toEqual(['run-later']);
    });

    it('gives an instance whose lease has ended to the next, and not before', async () => {
      const roster = await rosterOf(entry('a'));
      const taken = await roster.claimDue('one', 10, lease, 10);
      expect(await roster.claimDue('two', 10 + lease - 1, lease, 10)).toEqual([]);
      expect(await roster.nextDue()).toBe(10 + lease);
      expect(names(await roster.claimDue('two', 10 + lease, lease, 10))).toEqual(['run-a']);
      expect(await roster.renew(10 + lease, lease, taken)).toEqual([]);
    });

    it('claims instances by name: new ones, free ones and its own, never one that another holds', async () => {
      const roster = await rosterOf(entry('free'), entry('taken'), entry('mine'));
      await roster.claim('two', 10, lease, [entry('taken')]);
      await roster.claim('one', 10, lease, [entry('mine')]);
      const wanted = [entry('new'), entry('free'), entry('taken'), entry('mine'), entry('new')];
      const got = await roster.claim('one', 11, lease, wanted);
      expect(streamsOf(got)).toEqual(['run-free', 'run-mine', 'run-new']);
      expect(streamsOf(await roster.claim('one', 10 + lease, lease, [entry('taken')]))).toEqual(['run-taken']);
      expect(await roster.claim('one', 11, lease, [])).toEqual([]);
    });

    it('says what is held under a name, and gives it to that name again', async () => {
      const roster = await rosterOf(entry('a'), entry('b'), entry('c'));
      await roster.claim('one', 10, lease, [entry('a'), entry('b')]);
      await roster.claim('two', 10, lease, [entry('c')]);
      const held = await roster.held('one');
      expect(held).toEqual([entry('a', null), entry('b', null)]);
      expect(await roster.held('three')).toEqual([]);
      expect(streamsOf(await roster.claim('one', 11, lease, held))).toEqual(['run-a', 'run-b']);
    });

    it('lets many claim at once without giving one instance twice', async () => {
      const all = Array.from({ length: 60 }, (_, index) => entry(String(index)));
      const roster = await rosterOf(...all);
      const owners = Array.from({ length: 6 }, (_, index) => `owner-${index}`);
      const got = await Promise.all([
        ...owners.map((owner) => roster.claimDue(owner, 10, lease, 25)),
        ...owners.map((owner) => roster.claim(owner, 10, lease, all)),
      ]);
      const streams = got.flat().map(({ stream }) => stream);
      // An owner may be given by name what it was given as due: then it holds it, once.
      const holders = new Map<string, Set<number>>();
      for (const [index, list] of got.entries())
        for (const { stream } of list)
          holders.set(stream, (holders.get(stream) ?? new Set()).add(index % owners.length));
      expect(new Set(streams).size).toBe(all.length);
      expect([...holders.values()].every((owned) => owned.size === 1)).toBe(true);
    });

    it('extends the leases of those that still hold them', async () => {
      const roster = await rosterOf(entry('a'), entry('b'));
      const [first] = await roster.claim('one', 10, lease, [entry('a')]);
      const [lost] = await roster.claim('two', 10 - lease, lease, [entry('b')]);
      const [now] = await roster.claim('two', 10, lease, [entry('b')]);
      expect(now?.lease).not.toBe(lost?.lease);
      const unknown = { stream: 'run-unknown', lease: first!.lease };
      expect(await roster.renew(500, lease, [first!, lost!, unknown])).toEqual(['run-a']);
      expect(names(await roster.claimDue('three', 10 + lease, lease, 10))).toEqual(['run-b']);
      expect(await roster.renew(500, lease, [])).toEqual([]);
    });

    it('takes an instance back with its next due time', async () => {
      const roster = await rosterOf(entry('a'), entry('b'));
      const taken = await roster.claimDue('one', 10, lease, 10);
      const waits = { stream: 'run-b', due_at: null, done: false };
      await roster.release(given(taken, { stream: 'run-a', due_at: 50, done: false }, waits));
      expect(await roster.nextDue()).toBe(50);
      expect(await roster.claimDue('two', 49, lease, 10)).toEqual([]);
      expect(entriesOf(await roster.claimDue('two', 50, lease, 10))).toEqual([entry('a', 50)]);
    });

    it('forgets an instance that is done', async () => {
      const roster = await rosterOf(entry('a'));
      const taken = await roster.claimDue('one', 10, lease, 10);
      await roster.release(given(taken, { stream: 'run-a', due_at: 12, done: true }));
      expect(await roster.nextDue()).toBeUndefined();
      expect(await roster.claimDue('one', 10 + 2 * lease, lease, 10)).toEqual([]);
    });

    it('does not lose a wake-up to a driver that holds the instance', async () => {
      const roster = await rosterOf(entry('a'), entry('b'));
      const taken = await roster.claimDue('one', 10, lease, 10);
      await roster.wake([entry('a', 12), entry('b', 12)], onwards());
      expect(await roster.claimDue('two', 13, lease, 10)).toEqual([]);
      const done = { stream: 'run-b', due_at: null, done: true };
      await roster.release(given(taken, { stream: 'run-a', due_at: 500, done: false }, done));
      expect(names(await roster.claimDue('two', 13, lease, 10))).toEqual(['run-a', 'run-b']);
    });

    it('counts a wake-up as seen by whoever takes the instance after it', async () => {
      const roster = await rosterOf(entry('a'));
      await roster.claim('one', 10, lease, [entry('a')]);
      await roster.wake([entry('a', 12)], onwards());
      const taken = await roster.claim('one', 13, lease, [entry('a')]);
      await roster.release(given(taken, { stream: 'run-a', due_at: null, done: false }));
      expect(await roster.nextDue()).toBeUndefined();
    });

    it('wakes nobody who holds the lease that is named, and everybody else', async () => {
      const roster = await rosterOf(entry('mine'), entry('lost'), entry('gone'));
      const taken = await roster.claimDue('one', 10, lease, 10);
      await roster.claim('two', 10 + lease, lease, [entry('lost')]);
      await roster.release(given(taken, { stream: 'run-gone', due_at: null, done: true }));
      const woken = taken.map(({ stream, kind, lease: unless }) => ({ stream, kind, due_at: 12, unless }));
      await roster.wake(woken, onwards());
      const due = (await roster.list(10)).map(({ stream, due_at }): [string, number | null] => [stream, due_at]);
      expect(Object.fromEntries(due)).toEqual({ 'run-mine': null, 'run-lost': 12, 'run-gone': 12 });
    });

    it('leaves alone what its former owner gives back', async () => {
      const roster = await rosterOf(entry('a'));
      const lost = await roster.claimDue('one', 10, lease, 10);
      const taken = await roster.claimDue('two', 10 + lease, lease, 10);
      await roster.release(given(lost, { stream: 'run-a', due_at: null, done: true }));
      expect(await roster.renew(10 + lease, lease, taken)).toEqual(['run-a']);
    });

    it('does not end a lease by what is said late of an earlier one of the same owner', async () => {
      const roster = await rosterOf(entry('a'), entry('b'));
      const before = await roster.claimDue('one', 10, lease, 10);
      const now = await roster.claim('one', 11, lease, [entry('a'), entry('b')]);
      const late = { stream: 'run-b', due_at: null, done: false };
      await roster.release(given(before, { stream: 'run-a', due_at: null, done: true }, late));
      expect((await roster.renew(12, lease, now)).toSorted()).toEqual(['run-a', 'run-b']);
      expect(await roster.renew(12, lease, before)).toEqual([]);
      expect(await roster.claimDue('two', 13, lease, 10)).toEqual([]);
    });

    it('forgets nothing that is due of what is given back without its lease', async () => {
      const roster = await rosterOf(entry('taken'), entry('gone'));
      const taken = await roster.claimDue('one', 10, lease, 10);
      const [now] = await roster.claim('two', 10 + lease, lease, [entry('taken')]);
      await roster.release(given(taken, { stream: 'run-gone', due_at: null, done: true }));
      const due = (name: string, due_at: number): Left => ({ stream: `run-${name}`, due_at, done: false });
      const nothing = { stream: 'run-nothing', due_at: null, done: false };
      await roster.release(given(taken, due('taken', 40), due('gone', 50), nothing));
      await roster.release(given([], due('unlisted', 60)));
      await roster.release(given([now!], { stream: 'run-taken', due_at: null, done: true }));
      expect(names(await roster.claimDue('three', 60, lease, 10))).toEqual(['run-gone', 'run-taken', 'run-unlisted']);
    });

    it('wakes an instance at the earlier of two times', async () => {
      const roster = await rosterOf(entry('a', 30), entry('a', 20), entry('b', null));
      expect(await roster.nextDue()).toBe(20);
      await roster.wake([entry('a', 40), entry('b', 15)], onwards());
      const due = await roster.claimDue('one', 50, lease, 10);
      expect(new Map(due.map(({ stream, due_at }) => [stream, due_at]))).toEqual(
        new Map([
          ['run-a', 20],
          ['run-b', 15],
        ]),
      );
    });

    it('moves the checkpoint with the wake-ups, only forwards', async () => {
      const roster = await under.fresh();
      expect(await roster.position('reactions')).toBeUndefined();
      await roster.wake([entry('a')], { name: 'reactions', position: 2n ** 60n });
      await roster.wake([entry('b')], { name: 'reactions', position: 2n ** 60n });
      await roster.wake([entry('c')], { name: 'reactions', position: 5n });
      await roster.wake([entry('d')], { name: 'other', position: 5n });
      expect(await roster.position('reactions')).toBe(2n ** 60n);
      expect(names(await roster.claimDue('one', 10, lease, 10))).toEqual(['run-a', 'run-d']);
      await roster.wake([], { name: 'other', position: 6n });
      expect(await roster.position('other')).toBe(6n);
    });

    it('is woken once by readers that race', async () => {
      const roster = await under.fresh();
      const racing = Array.from({ length: 8 }, () => roster.wake([entry('a', 3)], { name: 'reactions', position: 9n }));
      await Promise.all(racing);
      expect(entriesOf(await roster.claimDue('one', 10, lease, 10))).toEqual([entry('a', 3)]);
    });
  });
};
