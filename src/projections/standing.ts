import { sql, type Kysely } from 'kysely';
import type { Database, Lasting } from '../schema.ts';
import { checkpointName, placeCheckpoint } from './folding/checkpoints.ts';
import { parkingLots, type ParkingLot } from './folding/parking.ts';
import type { Projection } from './projection.ts';
import { tableName, type Schema } from './folding/statements.ts';

/** What is served under a projection's name, and up to where. */
export interface Standing {
  readonly version: number;
  readonly position: bigint;
  readonly epoch: number;
}

/** What is served under these names, those that are served at all. */
export const standings = async (
  db: Kysely<Lasting>,
  names: readonly string[],
): Promise<ReadonlyMap<string, Standing>> => {
  const { rows } = await sql<Standing & { readonly name: string }>`
    select p.name, p.served_version as version, c.position, c.epoch
    from acta.projections p join acta.checkpoints c on c.name = 'projection:' || p.name
    where p.served_version is not null
      and p.name in (select jsonb_array_elements_text(${JSON.stringify(names)}::jsonb))`.execute(db);
  return new Map(rows.map(({ name, ...standing }) => [name, standing]));
};

/** Whoever makes or swaps tables does so alone, on however many nodes. */
export const aloneWithTables = async (trx: Kysely<Lasting>): Promise<void> => {
  await sql`select pg_advisory_xact_lock(hashtextextended('acta:read-model-tables', 0))`.execute(trx);
};

export const createTable = async (trx: Kysely<Lasting>, schema: Schema, projection: Projection): Promise<void> => {
  await sql.raw(`create schema if not exists "${schema}"`).execute(trx);
  await sql.raw(`drop table if exists ${tableName(schema, projection)}`).execute(trx);
  await sql.raw(projection.createTable(schema)).execute(trx);
};

export const createIndexes = async (trx: Kysely<Lasting>, schema: Schema, projection: Projection): Promise<void> => {
  for (const statement of projection.createIndexes(schema)) await sql.raw(statement).execute(trx);
};

/** Says which version is served; readers and folders look here. */
export const pointTo = async (trx: Kysely<Lasting>, { name, version }: Projection): Promise<void> => {
  await sql`
    insert into acta.projections (name, served_version) values (${name}, ${version})
    on conflict (name) do update set served_version = excluded.served_version, updated_at = now()`.execute(trx);
};

/** The first table of a projection: empty, served at once, and filled from the beginning of the log. */
const createFirst = (database: Database, projection: Projection): Promise<void> =>
  database.inTransaction(async (trx) => {
    await aloneWithTables(trx);
    if ((await standings(trx, [projection.name])).size > 0) return;
    await createTable(trx, 'read', projection);
    await createIndexes(trx, 'read', projection);
    await pointTo(trx, projection);
    await placeCheckpoint(trx, checkpointName('read', projection.name), {
      position: -1n,
      version: projection.version,
    });
  });

/** Where a projection stands, and what of it is parked; its first table is made where it has none. */
export const settled = async (
  database: Database,
  projection: Projection,
): Promise<{ readonly standing: Standing; readonly parking: ParkingLot | undefined }> => {
  const { background } = database;
  const { name } = projection;
  for (;;) {
    const [found, lots] = await Promise.all([standings(background, [name]), parkingLots(background, [name])]);
    const standing = found.get(name);
    if (standing !== undefined) return { standing, parking: lots.get(name) };
    await createFirst(database, projection);
  }
};
