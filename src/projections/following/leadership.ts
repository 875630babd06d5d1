import { sql, type Kysely } from 'kysely';
import type { Journal } from '../../ports.ts';
import type { Database, Lasting } from '../../schema.ts';
import { pause } from './latch.ts';

/** How often a node makes sure that it still leads. */
const heartbeatMs = 2_000;

/** A connection that is kept, because locks are held on it. */
interface Session {
  readonly connection: Kysely<Lasting>;
  readonly end: () => void;
  /** Settles when the connection was given back. */
  readonly ended: Promise<void>;
}

const openSession = ({ background }: Database): Promise<Session> =>
  new Promise((resolve, reject) => {
    const kept = Promise.withResolvers<void>();
    const ended = background.connection().execute(async (connection) => {
      // The promise exists only after this callback has begun.
      queueMicrotask(() => resolve({ connection, end: kept.resolve, ended }));
      await kept.promise;
      // Back in the pool it must not lead anything any more.
      await sql`select pg_advisory_unlock_all()`.execute(connection).catch(() => {});
    });
    ended.catch(reject);
  });

export interface Leadership {
  /** Whether this node leads under that name, from now on or already. Throws where the database does not answer. */
  readonly take: (name: string) => Promise<boolean>;
  readonly give: (name: string) => Promise<void>;
  /** Lets go of everything, and gives the connection back. */
  readonly close: () => Promise<void>;
}

/** The embedded database has one node, by its folder's lock. */
const sole: Leadership = { take: async () => true, give: async () => {}, close: async () => {} };

/** Advisory locks on one connection, opened when the first is wanted and again when it was lost. */
const locks = (database: Database, lost: (names: readonly string[], error: unknown) => void) => {
  const held = new Set<string>();
  let session: Promise<Session> | undefined;

  const lose = (of: Promise<Session>, error: unknown): void => {
    if (of !== session) return;
    session = undefined;
    void of.then(({ end }) => end()).catch(() => {});
    const names = [...held];
    held.clear();
    if (names.length > 0) lost(names, error);
  };

  /** Asks something on the connection; when that fails, so have all locks. */
  const on = async <T>(of: Promise<Session>, work: (connection: Kysely<Lasting>) => Promise<T>): Promise<T> => {
    try {
      return await work((await of).connection);
    } catch (error) {
      lose(of, error);
      throw error;
    }
  };

  const take = async (name: string): Promise<boolean> => {
    if (held.has(name)) return true;
    session ??= openSession(database);
    const of = session;
    const { rows } = await on(of, (connection) =>
      sql<{ readonly taken: boolean }>`
        select pg_try_advisory_lock(hashtextextended(${`acta:${name}`}, 0)) as taken`.execute(connection),
    );
    if (rows[0]?.taken !== true || of !== session) return false;
    held.add(name);
    return true;
  };

  const give = async (name: string): Promise<void> => {
    if (!held.delete(name) || session === undefined) return;
    await on(session, (connection) =>
      sql`select pg_advisory_unlock(hashtextextended(${`acta:${name}`}, 0))`.execute(connection),
    ).catch(() => {});
  };

  const beat = async (): Promise<void> => {
    if (session !== undefined) await on(session, (connection) => sql`select 1`.execute(connection)).catch(() => {});
  };

  const close = async (): Promise<void> => {
    const last = await session?.catch(() => undefined);
    held.clear();
    session = undefined;
    last?.end();
    await last?.ended.catch(() => {});
  };
  return { take, give, beat, close };
};

/**
 * Who folds what, where several nodes share a PostgreSQL: whoever has the advisory lock, held on one connection that is
 * kept for it. It spares work and contention; that nothing is folded twice is the checkpoint's doing. A node hears of it
 * when it has lost the lead.
 */
export const leadership = (database: Database, journal: Journal, signal: AbortSignal, lost: () => void): Leadership => {
  if (database.kind === 'pglite') return sole;
  const { take, give, beat, close } = locks(database, (names, error) => {
    journal.warn('leadership_lost', { names, error: String(error) });
    lost();
  });
  const keep = async (): Promise<void> => {
    for (; !signal.aborted; await beat()) await pause(heartbeatMs, signal);
  };
  void keep();
  return { take, give, close };
};
