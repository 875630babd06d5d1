import { AsyncLocalStorage } from 'node:async_hooks';
import {
  DefaultQueryExecutor,
  Kysely,
  PostgresDialect,
  type ConnectionProvider,
  type DatabaseConnection,
  type PostgresPool,
} from 'kysely';
import type { Lasting } from '../../schema.ts';
import { DatabaseError } from './fault.ts';

/** What surrounds the use of a connection; `open` is false once it was given back, though late callbacks may still see it. */
const using = new AsyncLocalStorage<{ open: boolean }>();

/**
 * Kysely over a pool, with one rule more: whoever has a connection may not ask for another. On one connection the second
 * would wait for ever for the first; on a pool it would when everybody does so. Refused on both, it is found on both.
 */
export const guardedKysely = async (pool: PostgresPool): Promise<Kysely<Lasting>> => {
  const dialect = new PostgresDialect({ pool });
  const driver = dialect.createDriver();
  await driver.init();

  const provider: ConnectionProvider = {
    provideConnection: async <T>(consumer: (connection: DatabaseConnection) => Promise<T>): Promise<T> => {
      if (using.getStore()?.open === true)
        throw new DatabaseError('other', 'inside a transaction only the transaction itself may be used (trx, not db)');
      const connection = await driver.acquireConnection();
      const use = { open: true };
      try {
        return await using.run(use, () => consumer(connection));
      } finally {
        use.open = false;
        await driver.releaseConnection(connection);
      }
    },
  };
  const executor = new DefaultQueryExecutor(dialect.createQueryCompiler(), dialect.createAdapter(), provider);
  return new Kysely<Lasting>({ config: { dialect }, dialect, driver, executor });
};
