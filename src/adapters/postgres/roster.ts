import { sql, type Kysely } from 'kysely';
import type { Lease, ProcessEntry, ProcessStanding, Roster } from '../../ports.ts';
import type { Lasting } from '../../schema.ts';
import { retried } from './transaction.ts';

interface EntryRow {
  readonly stream: string;
  readonly kind: string;
  readonly due_at: bigint | null;
}

const columns = (entries: readonly ProcessEntry[]) => ({
  streams: entries.map(({ stream }) => stream),
  kinds: entries.map(({ kind }) => kind),
  dues: entries.map(({ due_at }) => due_at),
});

const entryOf = ({ stream, kind, due_at }: EntryRow): ProcessEntry => ({
  stream,
  kind,
  due_at: due_at === null ? null : Number(due_at),
});

interface StandingRow extends EntryRow {
  readonly owner: string | null;
  readonly lease_until: bigint | null;
  readonly fault: string | null;
}

const standingOf = ({ owner, lease_until, fault, ...entry }: StandingRow): ProcessStanding => ({
  ...entryOf(entry),
  owner,
  lease_until: lease_until === null ? null : Number(lease_until),
  fault,
});

/** Taking instances and keeping them. */
const taking = (db: Kysely<Lasting>): Pick<Roster, 'claimDue' | 'claim' | 'held' | 'renew'> => ({
  claimDue: async (owner, now, lease_ms, limit) => {
    const { rows } = await retried(() =>
      sql<EntryRow & Lease>`
        with due as (
          select stream, kind, due_at from acta.processes
          where ready_at <= ${now} order by ready_at limit ${limit} for update skip locked
        )
        update acta.processes held
        set owner = ${owner}, lease_until = ${now + lease_ms}, due_at = null, lease = nextval('acta.leases')
        from due where held.stream = due.stream
        returning due.stream, due.kind, due.due_at, held.lease`.execute(db),
    );
    return rows.map((row) => ({ ...entryOf(row), lease: row.lease }));
  },

  claim: async (owner, now, lease_ms, entries) => {
    if (entries.length === 0) return [];
    const { streams, kinds } = columns(entries);
    const { rows } = await retried(() =>
      sql<Lease>`
        insert into acta.processes as held (stream, kind, due_at, owner, lease_until, lease)
        select stream, min(kind), null, ${owner}, ${now + lease_ms}::int8, nextval('acta.leases')
        from unnest(${streams}::text[], ${kinds}::text[]) as wanted (stream, kind) group by stream order by stream
        on conflict (stream) do update set
          owner = excluded.owner, lease_until = excluded.lease_until, lease = excluded.lease, due_at = null
        where held.owner is null or held.owner = excluded.owner or held.lease_until <= ${now}
        returning held.stream, held.lease`.execute(db),
    );
    return rows;
  },

  held: async (owner) => {
    const { rows } = await retried(() =>
      sql<EntryRow>`select stream, kind, due_at from acta.processes where owner = ${owner} order by stream`.execute(db),
    );
    return rows.map(entryOf);
  },

  renew: async (now, lease_ms, leases) => {
    if (leases.length === 0) return [];
    const [streams, numbers] = [leases.map(({ stream }) => stream), leases.map(({ lease }) => lease)];
    const { rows } = await retried(() =>
      sql<{ readonly stream: string }>`
        with mine as (
          select held.stream from acta.processes held
          join unnest(${streams}::text[], ${numbers}::int8[]) as given (stream, lease)
            on held.stream = given.stream and held.lease = given.lease
          order by held.stream for update of held
        )
        update acta.processes held set lease_until = ${now + lease_ms}
        from mine where held.stream = mine.stream returning held.stream`.execute(db),
    );
    return rows.map(({ stream }) => stream);
  },
});

/** Giving instances back. */
const givingBack = (db: Kysely<Lasting>): Pick<Roster, 'release'> => ({
  release: async (ends) => {
    if (ends.length === 0) return;
    const streams = ends.map(({ stream }) => stream);
    const kinds = ends.map(({ kind }) => kind);
    const leases = ends.map(({ lease }) => lease);
    const dues = ends.map(({ due_at, done }) => (done ? null : due_at));
    const dones = ends.map(({ done }) => done);
    // Postgres has no word for the character 0, and one instance's fault must not keep the others from being given back.
    const faults = ends.map(({ fault }) => fault?.replaceAll('\0', '\uFFFD').toWellFormed() ?? null);
    await retried(() =>
      sql`
        with given as (
          select * from unnest(
            ${streams}::text[], ${kinds}::text[], ${leases}::int8[], ${dues}::int8[], ${dones}::bool[], ${faults}::text[]
          ) as given (stream, kind, lease, due_at, done, fault)
        ),
        ended as (
          select held.stream, least(held.due_at, given.due_at) as due_at, given.done and held.due_at is null as gone, given.fault
          from acta.processes held join given on held.stream = given.stream and held.lease = given.lease
          order by held.stream for update of held
        ),
        forgotten as (
          delete from acta.processes held using ended where held.stream = ended.stream and ended.gone
        ),
        returned as (
          update acta.processes held
          set owner = null, lease_until = null, lease = null, due_at = ended.due_at, fault = ended.fault
          from ended where held.stream = ended.stream and not ended.gone
        )
        insert into acta.processes as held (stream, kind, due_at, fault)
        select stream, kind, due_at, fault from given
        where not done and (due_at is not null or fault is not null) and stream not in (select stream from ended)
        order by stream
        on conflict (stream) do update set
          due_at = least(held.due_at, excluded.due_at),
          fault = case when held.owner is null then excluded.fault else held.fault end`.execute(db),
    );
  },
});

/** Waking instances, and looking when the next one is due. */
const waking = (db: Kysely<Lasting>): Pick<Roster, 'wake' | 'nextDue' | 'list' | 'position'> => ({
  wake: async (entries, { name, position }) => {
    const { streams, kinds, dues } = columns(entries);
    const unless = entries.map(({ unless: lease }) => lease ?? null);
    await retried(() =>
      sql`
        with moved as (
          insert into acta.checkpoints as held (name, position) values (${name}, ${position})
          on conflict (name) do update set position = excluded.position, updated_at = now()
          where held.position < excluded.position returning 1
        )
        insert into acta.processes as held (stream, kind, due_at)
        select stream, min(kind), min(due_at)
        from unnest(${streams}::text[], ${kinds}::text[], ${dues}::int8[], ${unless}::int8[])
          as woken (stream, kind, due_at, unless)
        where exists (select from moved) and not exists (
          select from acta.processes known where known.stream = woken.stream and known.lease = woken.unless
        )
        group by stream order by stream
        on conflict (stream) do update set due_at = least(held.due_at, excluded.due_at)`.execute(db),
    );
  },

  nextDue: async () => {
    const { rows } = await sql<{ readonly ready_at: bigint | null }>`
      select min(ready_at) as ready_at from acta.processes`.execute(db);
    const ready = rows[0]?.ready_at ?? null;
    return ready === null ? undefined : Number(ready);
  },

  list: async (limit) => {
    const { rows } = await sql<StandingRow>`
      select stream, kind, due_at, owner, lease_until, fault from acta.processes
      order by fault is null, ready_at nulls last, stream limit ${limit}`.execute(db);
    return rows.map(standingOf);
  },

  position: async (name) => {
    const row = await db.selectFrom('acta.checkpoints').select('position').where('name', '=', name).executeTakeFirst();
    return row?.position;
  },
});

/**
 * The roster in `acta.processes`. Every call is one statement, however many instances it speaks of.
 *
 * An instance is free while it has no owner, or its lease has ended. Whoever takes one empties its `due_at`, so that what
 * stands there when it is given back came in the meantime: no wake-up is lost to a driver that had already looked.
 * Statements that lock several rows lock them in the order of their streams, and so do not meet head-on.
 */
export const postgresRoster = (db: Kysely<Lasting>): Roster => ({ ...taking(db), ...givingBack(db), ...waking(db) });
