import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import type { Client, QueryResult } from 'pg';
import { turns, type Leave } from './turns.ts';

const opens = /^\s*(begin|start transaction)\b/i;
const ends = /^\s*(commit|rollback)\s*$/i;
const writing = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);

export interface SoloPool extends PostgresPool {
  /** A statement between other people's transactions. */
  readonly single: (sql: string) => Promise<QueryResult>;
  /** Waits until no transaction is open, and has the connection alone until it leaves. */
  readonly alone: () => Promise<Leave>;
  /** Rows written since the pool was made. */
  readonly written: () => number;
}

/** Sends statements, tells of those that fail, and counts the rows that were written. */
const statements = (failed: (error: unknown) => void) => {
  let written = 0;
  return {
    written: () => written,
    ask: async (client: Client, sql: string, parameters?: readonly unknown[]): Promise<QueryResult> => {
      const result = await client.query(sql, parameters as unknown[]).catch((error: unknown) => {
        failed(error);
        throw error;
      });
      if (writing.has(result.command)) written += result.rowCount ?? 0;
      return result;
    },
  };
};

/**
 * One connection that passes for a pool. Single statements of different callers share it, sent together and answered in
 * order; a transaction has it alone from `begin` to `commit` or `rollback`. What a session would remember outside a
 * transaction (`set`, temporary tables) is therefore everybody's. `failed` hears every error of a statement.
 */
export const soloPool = (connected: () => Promise<Client>, failed: (error: unknown) => void): SoloPool => {
  const queue = turns();
  const { ask, written } = statements(failed);

  const single = async (sql: string, parameters?: readonly unknown[]): Promise<QueryResult> => {
    const leave = await queue.shared();
    try {
      return await ask(await connected(), sql, parameters);
    } finally {
      leave();
    }
  };

  const connect = async (): Promise<PostgresPoolClient> => {
    // A transaction keeps the connection it began on: should that be lost, its next statement fails, as it must.
    let transaction: { readonly client: Client; readonly leave: Leave } | undefined;

    const begin = async (sql: string): Promise<QueryResult> => {
      const leave = await queue.exclusive();
      try {
        const client = await connected();
        const result = await ask(client, sql);
        transaction = { client, leave };
        return result;
      } catch (error) {
        leave();
        throw error;
      }
    };
    const query = async (sql: string, parameters: readonly unknown[]): Promise<QueryResult> => {
      if (transaction === undefined) return opens.test(sql) ? begin(sql) : single(sql, parameters);
      const { client, leave } = transaction;
      const result = await ask(client, sql, parameters);
      if (ends.test(sql)) {
        transaction = undefined;
        leave();
      }
      return result;
    };
    const release = (): void => {
      if (transaction === undefined) return;
      const { client, leave } = transaction;
      transaction = undefined;
      // Whoever leaves in the middle leaves nothing behind; where the connection is lost, so is the transaction.
      void ask(client, 'rollback').then(leave, leave);
    };
    return {
      query: query as unknown as <R>(sql: string, parameters: readonly unknown[]) => Promise<PostgresQueryResult<R>>,
      release,
    } as PostgresPoolClient;
  };

  return {
    connect,
    // The connection is its maker's, who also ends it.
    end: async () => {},
    options: {},
    single: (sql) => single(sql),
    alone: queue.exclusive,
    written,
  };
};
