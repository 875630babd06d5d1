import { sql, type Kysely } from 'kysely';
import type { Lasting } from '../../schema.ts';
import type { Parked, Parking } from './fold.ts';
import { storable } from './values.ts';

/** Beyond so many parked events of one projection nobody will look at them any more: it stops instead. */
export const parkedMax = 10_000;

/** Everything of one projection that waits to be retried or skipped, and what was skipped for good. */
export interface ParkingLot extends Parking {
  readonly count: number;
}

export const emptyLot: ParkingLot = { keys: new Set(), streams: new Set(), count: 0 };

export const parkingLots = async (
  db: Kysely<Lasting>,
  names: readonly string[],
): Promise<ReadonlyMap<string, ParkingLot>> => {
  const { rows } = await sql<{
    readonly projection: string;
    readonly keys: readonly string[];
    readonly streams: readonly string[];
    readonly count: number;
  }>`
    select projection, count(*)::int4 as count,
      coalesce(array_agg(distinct key) filter (where key <> ''), '{}') as keys,
      coalesce(array_agg(distinct stream) filter (where key = ''), '{}') as streams
    from acta.parked
    where status = 'parked' and projection in (select jsonb_array_elements_text(${JSON.stringify(names)}::jsonb))
    group by projection`.execute(db);
  return new Map(
    rows.map(({ projection, keys, streams, count }) => [
      projection,
      { keys: new Set(keys), streams: new Set(streams), count },
    ]),
  );
};

/** The lot with these events in it too. */
export const withParked = (lot: ParkingLot, parked: readonly Parked[]): ParkingLot =>
  parked.length === 0
    ? lot
    : {
        keys: lot.keys.union(new Set(parked.filter(({ key }) => key !== '').map(({ key }) => key))),
        streams: lot.streams.union(new Set(parked.filter(({ key }) => key === '').map(({ stored }) => stored.stream))),
        count: lot.count + parked.length,
      };

/** Writes parked events down, in the transaction that passes them by. */
export const park = async (
  trx: Kysely<Lasting>,
  projection: { readonly name: string; readonly version: number },
  parked: readonly Parked[],
): Promise<void> => {
  if (parked.length === 0) return;
  const rows = parked.map(({ stored, key, error, attempts }) => ({
    position: String(stored.position),
    key,
    event_id: stored.id,
    event_type: storable(stored.type),
    stream: storable(stored.stream),
    error: storable(error),
    attempts,
  }));
  await sql`
    insert into acta.parked (projection, version, position, key, event_id, event_type, stream, error, attempts)
    select ${projection.name}, ${projection.version}::int4, r.* from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as r(position int8, key text, event_id text, event_type text, stream text, error text, attempts int4)
    on conflict (projection, position, key) do update
    set version = excluded.version, error = excluded.error, attempts = acta.parked.attempts + excluded.attempts,
      status = 'parked', parked_at = now(), resolved_at = null`.execute(trx);
};
