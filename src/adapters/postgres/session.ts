import pg from 'pg';
import { values } from './values.ts';
import { startWorker, workerStream } from './worker.stream.ts';

export interface Session {
  readonly client: pg.Client;
  /** Ends the thread without asking it. */
  readonly kill: () => void;
  /** When the thread has ended, however it came to that. */
  readonly ended: Promise<void>;
}

/**
 * Opens the cluster in a thread of its own and speaks to it through `pg`, as to a server: so types, errors and their
 * codes are the same. Statements are sent without waiting for the answer to the one before.
 */
export const openSession = async (cluster: string): Promise<Session> => {
  const stream = workerStream(await startWorker(cluster));
  const client = new pg.Client({
    stream: () => stream,
    pipeline: true,
    types: values,
    ssl: false,
    user: 'postgres',
    database: 'postgres',
  });
  const ended = new Promise<void>((resolve) => client.once('end', resolve));
  // Who keeps the session listens too; an error that nobody hears would end the process.
  client.on('error', () => {});
  await client.connect();
  return { client, kill: () => stream.destroy(), ended };
};
