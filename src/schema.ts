/**
 * What the read side keeps, as types: the rows of the lasting tables (`migrations/`), and the database as everyone but its
 * adapter sees it. Nothing here is made of anything but types, so the engines may know it and still not know Postgres.
 *
 * How values arrive, the same from PGlite and from PostgreSQL:
 *
 * | SQL                        | JavaScript                                                                            |
 * |----------------------------|---------------------------------------------------------------------------------------|
 * | `int8`                     | `bigint`, always: a position read back is the position that was folded. `count(*)::int` for a number. |
 * | `int2`, `int4`, `float8`   | `number`                                                                              |
 * | `numeric`                  | `string`                                                                              |
 * | `timestamptz`              | RFC 3339 in UTC, milliseconds (`2026-01-02T03:04:05.678Z`), microseconds where there are any |
 * | `timestamp`, `date`, `time`| `string`, as Postgres writes them                                                     |
 * | `json`, `jsonb`            | parsed                                                                                |
 * | `bytea`                    | `Buffer`                                                                              |
 * | `vector`                   | `string`, as pgvector writes it (`[1,2,3]`)                                           |
 *
 * On the way in a `bigint` is written as its digits, an object as JSON, an array as a Postgres array: JSON arrays are
 * given as text (`JSON.stringify`).
 */
import type { ColumnType, Generated, Kysely, Transaction } from 'kysely';

/** JSON goes in as text, comes out parsed. */
type JsonColumn<T> = ColumnType<T, string, string>;
type DefaultedJson<T> = ColumnType<T, string | undefined, string>;

/** Up to where a named reader of the log has handled everything. Moved only forwards, in the transaction that handled it. */
export interface CheckpointRow {
  readonly name: string;
  readonly position: bigint;
  /** The reader's own version; 0 where it has none. */
  readonly version: Generated<number>;
  /** Raised whenever the reader's table was changed behind its back. */
  readonly epoch: Generated<number>;
  readonly updated_at: Generated<string>;
}

/** The roster: which process instances there are, when they want to be asked, who drives them. Epoch milliseconds. */
export interface ProcessRow {
  readonly stream: string;
  readonly kind: string;
  /** While held: only what came since it was taken. */
  readonly due_at: bigint | null;
  readonly owner: string | null;
  readonly lease_until: bigint | null;
  /** Which taking this is; no two have the same. */
  readonly lease: bigint | null;
  /** `lease_until` while held, else `due_at`: from when on somebody may take it. Computed by the database. */
  readonly ready_at: ColumnType<bigint | null, never, never>;
  /** What went wrong when it was last driven. */
  readonly fault: string | null;
}

/** What was answered to a request that named itself by an `Idempotency-Key`. Epoch milliseconds. */
export interface IdempotencyRow {
  readonly principal: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly status: 'in_progress' | 'done';
  readonly response_status: number | null;
  readonly response_headers: ColumnType<Readonly<Record<string, string>> | null, string | null, string | null>;
  readonly response_body: string | null;
  readonly begun_at: bigint;
  readonly expires_at: bigint;
}

/** One row for each read model: what is served, what is being built beside it. */
export interface ProjectionRow {
  readonly name: string;
  /** Null until the first build was swapped in. */
  readonly served_version: number | null;
  readonly state: Generated<string>;
  readonly building_version: number | null;
  /** Positions of the log: where the build stands, and where it wants to arrive. */
  readonly building_position: bigint | null;
  readonly building_target: bigint | null;
  readonly building_started_at: string | null;
  /** Whatever else the engine wants to remember: digests, rates, why it stopped. */
  readonly detail: DefaultedJson<Readonly<Record<string, unknown>>>;
  readonly error: string | null;
  readonly parked: Generated<number>;
  readonly updated_at: Generated<string>;
}

/** An event that a projection could not take, for one of its keys. */
export interface ParkedRow {
  readonly projection: string;
  readonly position: bigint;
  /** The key of the row it was meant for; empty where the event itself could not be understood. */
  readonly key: string;
  readonly version: Generated<number>;
  readonly event_id: string;
  readonly event_type: string;
  readonly stream: string;
  readonly error: string;
  readonly attempts: Generated<number>;
  readonly status: Generated<'parked' | 'retried' | 'skipped'>;
  readonly parked_at: Generated<string>;
  readonly resolved_at: string | null;
}

/** Long work that somebody asked for and may cancel: a rebuild, a comparison, an export. */
export interface OperationRow {
  readonly id: string;
  readonly kind: string;
  readonly target: string;
  readonly status: Generated<'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled'>;
  readonly requested_by: string | null;
  readonly input: DefaultedJson<Readonly<Record<string, unknown>>>;
  readonly progress: DefaultedJson<Readonly<Record<string, unknown>>>;
  readonly result: JsonColumn<unknown> | null;
  readonly error: string | null;
  readonly cancel_requested: Generated<boolean>;
  /** Who runs it, and until when without a sign of life it is theirs (epoch milliseconds). */
  readonly owner: string | null;
  readonly lease_until: bigint | null;
  readonly created_at: Generated<string>;
  readonly started_at: string | null;
  readonly updated_at: Generated<string>;
  readonly ended_at: string | null;
}

/** A vector by its model and its text's digest; or, without one, that somebody is at it until then (epoch milliseconds). */
export interface EmbeddingRow {
  readonly model: string;
  readonly content_digest: string;
  /** `real[]`, or `vector` where pgvector is found: read and written as text, by `adapters/postgres/vectors.ts` alone. */
  readonly embedding: string | null;
  readonly claimed_until: bigint | null;
}

/** The lasting tables. Read-model tables are not among them: their projections know them. */
export interface Lasting {
  readonly 'acta.checkpoints': CheckpointRow;
  readonly 'acta.processes': ProcessRow;
  readonly 'acta.idempotency': IdempotencyRow;
  readonly 'acta.projections': ProjectionRow;
  readonly 'acta.parked': ParkedRow;
  readonly 'acta.operations': OperationRow;
  readonly 'acta.embeddings': EmbeddingRow;
}

/**
 * Why a statement failed, in the few words that make a difference to the caller:
 *
 * * `unavailable`: no database, or no connection within two seconds; the outcome of a write is unknown. Try again.
 * * `too_many_connections`, `disk_full`: the server refuses for want of room; nothing was written. Not the event's fault.
 * * `serialization`: lost against another transaction, nothing was written; `inTransaction` has tried again already.
 * * `timeout`: cancelled by the statement timeout, or waited too long for its turn; nothing was written.
 * * `undefined_table`: the table is not there (yet).
 * * `damaged`: what is on disk cannot be read any more.
 * * `other`: the statement itself: a constraint, a type, a mistake.
 */
export type DatabaseFault =
  | 'unavailable'
  | 'too_many_connections'
  | 'disk_full'
  | 'serialization'
  | 'timeout'
  | 'undefined_table'
  | 'damaged'
  | 'other';

export type Health =
  | { readonly ok: true; readonly latency_ms: number }
  | { readonly ok: false; readonly fault: DatabaseFault; readonly message: string };

/** The read side's database, whichever it is. */
export interface Database {
  readonly kind: 'pglite' | 'postgresql';
  /** Whether pgvector is there. */
  readonly vector: boolean;
  /** For requests that somebody waits for: its statements are cancelled after five seconds (PostgreSQL). */
  readonly db: Kysely<Lasting>;
  /** For projections, rosters and rebuilds: connections of their own, which requests cannot use up; sixty seconds. */
  readonly background: Kysely<Lasting>;
  /**
   * Runs work in one transaction on `background`, and again (up to five times, with growing, jittered pauses) where it
   * lost against another one; so work must be repeatable. Inside it only the given transaction may be used: a statement
   * on `db` or `background` would wait for the transaction that waits for it, and is refused at once.
   */
  readonly inTransaction: <T>(work: (trx: Transaction<Lasting>) => Promise<T>) => Promise<T>;
  readonly faultOf: (error: unknown) => DatabaseFault;
  readonly health: () => Promise<Health>;
  /** Cleans up what the embedded database does not clean up by itself; nothing to do on a server. */
  readonly maintain: () => Promise<void>;
  readonly close: () => Promise<void>;
}
