import { sql, type Kysely } from 'kysely';
import type { Lasting } from '../schema.ts';
import { ProjectionFault } from './fault.ts';
import { aloneWithTables } from './standing.ts';

const kind = 'rebuild';
const endedKeptMax = 1_000;

/** `manual`: when it is ready, it waits for `swap`. */
export type SwapMode = 'auto' | 'manual';

export interface Progress {
  readonly phase: 'replaying' | 'indexing' | 'catching_up' | 'comparing' | 'ready' | 'swapping';
  /** Positions of the log: where the new table stands, and where the log ends. */
  readonly done: number;
  readonly total: number;
  readonly events: number;
  readonly events_per_second: number;
  /** Null until there is enough to measure. */
  readonly eta_ms: number | null;
}

/** A rebuild as it is written down, so that it outlives the process that does it. */
export interface Operation {
  readonly id: string;
  readonly target: string;
  readonly status: 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';
  readonly input: { readonly version: number; readonly swap: SwapMode };
  readonly progress: Partial<Progress>;
  readonly result: unknown;
  readonly error: string | null;
  /** Who asked for it; null where a node began it by itself, because its code is newer than the table. */
  readonly requested_by: string | null;
  readonly cancel_requested: boolean;
  readonly created_at: string;
  readonly ended_at: string | null;
}

const columns = sql.raw(
  'id, target, status, input, progress, result, error, requested_by, cancel_requested, created_at, ended_at',
);

/** Rebuilds that have not ended, of all projections; at most one of each. */
export const openOperations = async (db: Kysely<Lasting>): Promise<readonly Operation[]> => {
  const { rows } = await sql<Operation>`
    select ${columns} from acta.operations where kind = ${kind} and status in ('queued', 'running')
    order by created_at`.execute(db);
  return rows;
};

/** Rebuilds, the newest first, whether or not they have ended. */
export const latestOperations = async (db: Kysely<Lasting>, limit: number): Promise<readonly Operation[]> => {
  const { rows } = await sql<Operation>`
    select ${columns} from acta.operations where kind = ${kind} order by created_at desc, id limit ${limit}`.execute(
    db,
  );
  return rows;
};

export const operationOf = async (db: Kysely<Lasting>, id: string): Promise<Operation | undefined> => {
  const { rows } = await sql<Operation>`
    select ${columns} from acta.operations where kind = ${kind} and id = ${id}`.execute(db);
  return rows[0];
};

/** Writes a rebuild down; a second one beside the first is refused. Ended ones beyond a thousand are forgotten. */
export const beginOperation = async (
  trx: Kysely<Lasting>,
  { id, target, input, requested_by }: Pick<Operation, 'id' | 'target' | 'input' | 'requested_by'>,
): Promise<void> => {
  await aloneWithTables(trx);
  const other = (await openOperations(trx)).find((operation) => operation.target === target);
  if (other !== undefined)
    throw new ProjectionFault('under_way', `${target} is being rebuilt already (operation ${other.id})`);
  await sql`
    insert into acta.operations (id, kind, target, status, input, requested_by, started_at)
    values (${id}, ${kind}, ${target}, 'running', ${JSON.stringify(input)}::jsonb, ${requested_by}, now())`.execute(
    trx,
  );
  await sql`
    delete from acta.operations where kind = ${kind} and status not in ('queued', 'running') and id not in
      (select id from acta.operations where kind = ${kind} order by created_at desc limit ${endedKeptMax})`.execute(
    trx,
  );
};

/** Notes how far it has come; answers what somebody asked of it meanwhile, or undefined where it has ended. */
export const noteProgress = async (
  db: Kysely<Lasting>,
  id: string,
  progress: Progress,
): Promise<Operation | undefined> => {
  const { rows } = await sql<Operation>`
    update acta.operations set progress = ${JSON.stringify(progress)}::jsonb, updated_at = now()
    where id = ${id} and status = 'running' returning ${columns}`.execute(db);
  return rows[0];
};

export const endOperation = async (
  db: Kysely<Lasting>,
  id: string,
  status: 'succeeded' | 'failed' | 'cancelled',
  { result = null, error = null }: { readonly result?: unknown; readonly error?: string | null } = {},
): Promise<void> => {
  await sql`
    update acta.operations
    set status = ${status}, result = ${JSON.stringify(result)}::jsonb, error = ${error}, ended_at = now(), updated_at = now()
    where id = ${id} and status in ('queued', 'running')`.execute(db);
};

/** Asks whoever does it to stop, or to swap as soon as it is ready; false where it has ended. */
export const askOperation = async (db: Kysely<Lasting>, id: string, wish: 'cancel' | 'swap'): Promise<boolean> => {
  const { numAffectedRows = 0n } = await sql`
    update acta.operations
    set cancel_requested = cancel_requested or ${wish === 'cancel'},
      input = case when ${wish === 'swap'} then input || '{"swap": "auto"}' else input end
    where id = ${id} and status in ('queued', 'running')`.execute(db);
  return numAffectedRows > 0n;
};
