import type { ProcessEntry, ProcessStanding, Roster } from '../../../src/ports.ts';

interface Row {
  readonly stream: string;
  readonly kind: string;
  due_at: number | null;
  owner: string | null;
  lease_until: number | null;
  lease: bigint | null;
  fault: string | null;
}

/** `Roster` without waiting: what the database does in one statement. It outlives every node. */
export type DurableRoster = {
  readonly [Call in keyof Roster]: (...given: Parameters<Roster[Call]>) => Awaited<ReturnType<Roster[Call]>>;
};

const earlier = (one: number | null, other: number | null): number | null =>
  one === null ? other : other === null ? one : Math.min(one, other);

const readyAt = ({ owner, due_at, lease_until }: Row): number | null => (owner === null ? due_at : lease_until);
const entryOf = ({ stream, kind, due_at }: Row): ProcessEntry => ({ stream, kind, due_at });
const byStream = (one: Row, other: Row): number => (one.stream < other.stream ? -1 : 1);
const ofOrder = (row: Row): number => readyAt(row) ?? Number.POSITIVE_INFINITY;

/** A roster in memory, with the rules of `acta.processes`: an instance is free while it has no owner, or its lease is over. */
export const durableRoster = (): DurableRoster => {
  const rows = new Map<string, Row>();
  const positions = new Map<string, bigint>();
  const sorted = (): readonly Row[] => [...rows.values()].toSorted((a, b) => ofOrder(a) - ofOrder(b) || byStream(a, b));
  let takings = 0n;
  const take = (row: Row, owner: string, lease_until: number): bigint => {
    takings += 1n;
    Object.assign(row, { owner, lease_until, due_at: null, lease: takings });
    return takings;
  };
  const fresh = { due_at: null, owner: null, lease_until: null, lease: null, fault: null };
  const rowOf = ({ stream, kind }: ProcessEntry): Row => {
    const row = rows.get(stream) ?? { stream, kind, ...fresh };
    rows.set(stream, row);
    return row;
  };
  return {
    claimDue: (owner, now, lease_ms, limit) => {
      const due = sorted().filter((row) => ofOrder(row) <= now);
      return due.slice(0, limit).map((row) => {
        const entry = entryOf(row);
        return { ...entry, lease: take(row, owner, now + lease_ms) };
      });
    },
    claim: (owner, now, lease_ms, entries) => {
      const wanted = [...new Map(entries.map((entry) => [entry.stream, entry])).values()];
      return wanted.flatMap((entry) => {
        const row = rowOf(entry);
        const free = row.owner === null || row.owner === owner || (row.lease_until ?? 0) <= now;
        if (!free) return [];
        return [{ stream: row.stream, lease: take(row, owner, now + lease_ms) }];
      });
    },
    held: (owner) =>
      [...rows.values()]
        .filter((row) => row.owner === owner)
        .toSorted(byStream)
        .map(entryOf),
    renew: (now, lease_ms, leases) =>
      leases.flatMap(({ stream, lease }) => {
        const row = rows.get(stream);
        if (row?.lease !== lease) return [];
        row.lease_until = now + lease_ms;
        return [stream];
      }),
    release: (ends) => {
      for (const { stream, kind, lease, due_at, done, fault = null } of ends) {
        const row = rows.get(stream);
        if (lease === null || row?.lease !== lease) {
          if (done || (due_at === null && fault === null)) continue;
          const another = rowOf({ stream, kind, due_at });
          another.due_at = earlier(another.due_at, due_at);
          if (another.owner === null) another.fault = fault;
          continue;
        }
        if (done && row.due_at === null) {
          rows.delete(stream);
          continue;
        }
        Object.assign(row, {
          owner: null,
          lease_until: null,
          lease: null,
          due_at: earlier(row.due_at, done ? null : due_at),
          fault,
        });
      }
    },
    wake: (entries, { name, position }) => {
      const before = positions.get(name);
      if (before !== undefined && before >= position) return;
      positions.set(name, position);
      for (const { unless, ...entry } of entries) {
        if (unless !== undefined && rows.get(entry.stream)?.lease === unless) continue;
        const row = rowOf(entry);
        row.due_at = earlier(row.due_at, entry.due_at);
      }
    },
    nextDue: () => {
      const ready = [...rows.values()].map(readyAt).filter((at) => at !== null);
      return ready.length === 0 ? undefined : Math.min(...ready);
    },
    list: (limit) => {
      const standing = sorted().toSorted((a, b) => Number(a.fault === null) - Number(b.fault === null));
      return standing.slice(0, limit).map(({ lease: _, ...row }): ProcessStanding => row);
    },
    position: (name) => positions.get(name),
  };
};

/** The `Roster` port on a durable roster, each call through `reach`. */
export const rosterPort = (
  durable: DurableRoster,
  reach: <T>(operation: string, detail: string, perform: () => T) => Promise<T>,
): Roster => ({
  claimDue: (...given) => reach('claim_due', '', () => durable.claimDue(...given)),
  claim: (...given) => reach('claim', given[3].map(({ stream }) => stream).join(), () => durable.claim(...given)),
  held: (...given) => reach('held', '', () => durable.held(...given)),
  renew: (...given) => reach('renew', '', () => durable.renew(...given)),
  release: (...given) => reach('release', given[0].map(({ stream }) => stream).join(), () => durable.release(...given)),
  wake: (...given) => reach('wake', String(given[1].position), () => durable.wake(...given)),
  nextDue: () => reach('next_due', '', () => durable.nextDue()),
  list: (...given) => reach('list', '', () => durable.list(...given)),
  position: (...given) => reach('position', '', () => durable.position(...given)),
});
