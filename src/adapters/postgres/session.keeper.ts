import type { Client } from 'pg';
import type { Journal } from '../../ports.ts';
import { DatabaseError } from './fault.ts';
import { openSession, type Session } from './session.ts';

export interface Keeper {
  /** The session's client; opens one where there is none. Throws `unavailable` where that fails or all was closed. */
  readonly client: () => Promise<Client>;
  /** Gives up the session, for this reason, and lets the next caller open another. */
  readonly renew: (why: unknown) => void;
  readonly close: () => Promise<void>;
}

/**
 * Keeps one session open on the cluster, though its thread may end: out of memory, out of files, by a bug in PGlite.
 * Whoever had a statement under way then hears `unavailable`. Whoever comes next waits for the old thread's end, for two
 * threads on one cluster would destroy it, and for the new one's recovery.
 */
export const sessionKeeper = (cluster: string, journal: Journal): Keeper => {
  let closed = false;
  let opening: Promise<Session> | undefined;
  let current: Session | undefined;
  let formerEnded = Promise.resolve();

  const giveUp = (session: Session | undefined, why: unknown): void => {
    if (closed || session === undefined || session !== current) return;
    journal.error('database_thread_lost', { error: String(why) });
    current = undefined;
    opening = undefined;
    formerEnded = session.ended;
    session.kill();
  };
  const open = async (): Promise<Session> => {
    await formerEnded;
    const session = await openSession(cluster);
    session.client.on('error', (error) => giveUp(session, error));
    void session.ended.then(() => giveUp(session, 'it ended'));
    current = session;
    return session;
  };

  return {
    client: async () => {
      if (closed) throw new DatabaseError('unavailable', 'the database is closed');
      const asked = (opening ??= open());
      try {
        return (await asked).client;
      } catch (error) {
        if (opening === asked) opening = undefined;
        throw new DatabaseError('unavailable', String(error), { cause: error });
      }
    },
    renew: (why) => giveUp(current, why),
    close: async () => {
      closed = true;
      const session = await opening?.catch(() => undefined);
      await session?.client.end();
      await (session?.ended ?? formerEnded);
    },
  };
};
