import type { Journal } from '../../ports.ts';
import { faultOf } from './fault.ts';
import type { SoloPool } from './solo.pool.ts';

/** So many rows written, and it is time to look. */
const writtenMax = 5_000;
/** So long since the last look, and it is time to look, if anything was written. */
const restMsMax = 5 * 60_000;
const tickMs = 2_000;
/** So much write-ahead log since the last checkpoint calls for the next one. */
export const walBytesMax = 32 * 1024 * 1024;
/** As PostgreSQL's autovacuum has it: a table is due when so many rows, and this share of it, are dead or new to the planner. */
const deadRowsMax = 1_000;
const deadShareMax = 0.2;

const walSinceCheckpoint = `
  select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn)::float8 as bytes from pg_control_checkpoint()`;

/** The counts of dead rows reach the statistics once a second at most, unless asked for: a look must not be a burst of writes late. */
const flushStatistics = 'select pg_stat_force_next_flush()';

const dueTables = `
  select format('%I.%I', schemaname, relname) as name
  from pg_stat_user_tables
  where n_dead_tup > ${deadRowsMax} + ${deadShareMax} * n_live_tup
     or n_mod_since_analyze > ${deadRowsMax} + ${deadShareMax} * n_live_tup
  order by n_dead_tup desc`;

/**
 * PGlite has no background processes: left alone its write-ahead log grows without bound, updated tables keep every dead
 * row, and the planner knows nothing. This does by hand, between transactions and never inside one, what a server's
 * checkpointer and autovacuum do.
 */
export const maintenance = (pool: SoloPool, journal: Journal) => {
  let seenWritten = 0;
  let lookedAt = Date.now();
  let running: Promise<void> | undefined;

  const look = async (): Promise<void> => {
    seenWritten = pool.written();
    lookedAt = Date.now();
    await pool.single(flushStatistics);
    const tables = (await pool.single(dueTables)).rows as { readonly name: string }[];
    // A table that was dropped since is none to clean.
    for (const { name } of tables)
      await pool.single(`vacuum (analyze) ${name}`).catch((error: unknown) => {
        if (faultOf(error) !== 'undefined_table') throw error;
      });
    const [wal] = (await pool.single(walSinceCheckpoint)).rows as { readonly bytes: number }[];
    if (wal !== undefined && wal.bytes > walBytesMax) await pool.single('checkpoint');
  };
  const now = (): Promise<void> => {
    running ??= look().finally(() => {
      running = undefined;
    });
    return running;
  };
  const timer = setInterval(() => {
    const written = pool.written() - seenWritten;
    if (written < writtenMax && (written === 0 || Date.now() - lookedAt < restMsMax)) return;
    now().catch((error: unknown) => journal.warn('database_maintenance_failed', { error: String(error) }));
  }, tickMs).unref();

  return {
    /** Looks now, and does what is due. */
    now,
    stop: async (): Promise<void> => {
      clearInterval(timer);
      await running?.catch(() => {});
    },
  };
};
