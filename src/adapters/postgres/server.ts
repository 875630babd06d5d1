import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import pg from 'pg';
import type { Journal } from '../../ports.ts';
import { faultOf } from './fault.ts';
import { statementNames } from './statement.names.ts';
import { values } from './values.ts';

/** How long a request waits for a connection (assurance F43), and a connection for the server. */
const connectMsMax = 2_000;
const idleMsMax = 30_000;
/** A connection is replaced after this, so that a load balancer or a failover is noticed. */
const lifetimeSecondsMax = 30 * 60;
/** A transaction whose owner is stuck does not hold its locks for longer. */
const idleInTransactionMsMax = 60_000;

export interface PoolLimits {
  readonly connectionsMax: number;
  /** 0 for none. */
  readonly statementMsMax: number;
  /** Statements that are sent often are prepared: for pools whose transactions never meet a table that is being swapped. */
  readonly prepares?: true;
}

/** For requests; and for projections, rosters and rebuilds, whose connections requests cannot use up (F43, F44). */
export const apiLimits: PoolLimits = { connectionsMax: 10, statementMsMax: 5_000, prepares: true };
export const backgroundLimits: PoolLimits = { connectionsMax: 5, statementMsMax: 60_000 };
/** A migration takes as long as it takes, and waits as long for the one that another node runs. */
export const migrationLimits: PoolLimits = { connectionsMax: 1, statementMsMax: 0 };

/** "cached plan must not change result type": the table was swapped for one with other columns. Nothing was done. */
const isOutdatedPlan = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code === '0A000' && error.message.includes('cached plan');

/** pg copies a configuration, property by property, and a text with its values not: so the name is added to the query made of them. */
const asked = (
  client: pg.PoolClient,
  name: string | undefined,
  sql: string,
  parameters: unknown[],
): Promise<pg.QueryResult> =>
  new Promise((resolve, reject) => {
    const query: pg.Query & { name?: string | undefined; callback?: unknown } = new pg.Query(sql, parameters);
    query.name = name;
    query.callback = (error: Error | null | undefined, result: pg.QueryResult): void => {
      if (error) reject(error);
      else resolve(result);
    };
    client.query(query);
  });

/**
 * A pool of connections to a PostgreSQL server, made when they are needed. A connection that breaks costs the statement
 * that was on it, nothing else: neither the process nor whoever would get that connection next.
 */
export const serverPool = (url: string, name: string, limits: PoolLimits, journal: Journal): PostgresPool => {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: name,
    max: limits.connectionsMax,
    statement_timeout: limits.statementMsMax,
    idle_in_transaction_session_timeout: idleInTransactionMsMax,
    connectionTimeoutMillis: connectMsMax,
    idleTimeoutMillis: idleMsMax,
    maxLifetimeSeconds: lifetimeSecondsMax,
    keepAlive: true,
    types: values,
    options: '-c timezone=UTC',
  });
  pool.on('error', (error) => journal.warn('database_connection_lost', { pool: name, error: String(error) }));
  // The pool listens to idle connections only; from one in use, an error that nobody hears would end the process.
  pool.on('connect', (client) => client.on('error', () => {}));

  const names = limits.prepares === true ? statementNames() : undefined;
  const connect = async (): Promise<PostgresPoolClient> => {
    const client = await pool.connect();
    let broken = false;
    const query = async (sql: string, parameters: readonly unknown[]): Promise<pg.QueryResult> => {
      const name = names?.nameOf(sql);
      try {
        return await asked(client, name, sql, parameters as unknown[]);
      } catch (error) {
        if (name !== undefined && isOutdatedPlan(error)) {
          names?.renew(sql);
          return query(sql, parameters);
        }
        broken ||= faultOf(error) === 'unavailable';
        throw error;
      }
    };
    return {
      query: query as unknown as <R>(sql: string, parameters: readonly unknown[]) => Promise<PostgresQueryResult<R>>,
      release: (destroy = false) => client.release(destroy || broken),
    } as PostgresPoolClient;
  };
  return { connect, end: () => pool.end(), options: {} };
};
