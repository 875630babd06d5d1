import { setImmediate } from 'node:timers/promises';
import { EventStoreDBClient, NotLeaderError, type Credentials } from '@eventstore/db-client';
import { LogError } from '../../ports.ts';
import { callMsMax, closeMsMax, leaderAttemptsMax, pingMsMax } from './limits.ts';

/** A client, and what every call through it needs. */
export interface Connection {
  /** For reads and subscriptions, which have no end to wait for. Throws `unavailable` once the log is closed. */
  readonly client: () => EventStoreDBClient;
  /** Performs one call within its time, wherever the leader is. Throws what the client throws, or `timeout`. */
  readonly call: <T>(
    work: (client: EventStoreDBClient, deadline: { readonly deadline: number }) => Promise<T>,
  ) => Promise<T>;
  /** To be given with each append; see `appendCredentials`. */
  readonly credentials: { readonly credentials?: Credentials };
  readonly close: () => Promise<void>;
}

export interface ConnectionOptions {
  /** How long one call may take, in milliseconds. */
  readonly call_ms_max?: number;
}

/** `name:password@`, before the hosts. */
const signature = /^[^:]+:\/\/(?:([^:/@]+):([^@/]+)@)?/;

/**
 * The credentials to give with each append, though the client has them already: with them it appends by a call of its
 * own (`Append`) instead of one stream for all (`BatchAppend`). That stream's answers go through a table that all clients
 * of a process have in common; an error on anybody's stream empties it, and the next answer on another stream then ends
 * the process with an unhandled rejection (decision 0010). On an insecure connection credentials are not sent.
 */
const appendCredentials = (url: string): { readonly credentials?: Credentials } => {
  const [, username, password] = signature.exec(url) ?? [];
  if (username !== undefined && password !== undefined)
    return { credentials: { username: decodeURIComponent(username), password: decodeURIComponent(password) } };
  return /[?&]tls=false(?:&|$)/i.test(url) ? { credentials: { username: 'nobody', password: 'nothing' } } : {};
};

const withPings = (url: string): string => {
  if (/[?&]keepAliveTimeout=/i.test(url)) return url;
  const bare = url.trim().replace(/\/+$/, '');
  return `${bare}${bare.includes('?') ? '&' : '?'}keepAliveTimeout=${pingMsMax}`;
};

/** What the client says of a bad connection string may repeat the password in it, so it is not passed on. */
const clientFor = (url: string): EventStoreDBClient => {
  try {
    return EventStoreDBClient.connectionString(withPings(url));
  } catch {
    throw new LogError('invalid', 'the connection string of the log is not one EventStoreDB knows (esdb://host:port)');
  }
};

/** The client has no word for letting its connection go; its channel, which its types keep to themselves, has. */
const hangUp = async (client: EventStoreDBClient): Promise<void> => {
  const { getChannel } = client as unknown as { readonly getChannel: () => Promise<{ readonly close: () => void }> };
  (await getChannel()).close();
};

const within = async <T>(msMax: number, work: Promise<T>): Promise<T> => {
  let alarm: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    alarm = setTimeout(() => reject(new LogError('timeout', `the log did not answer within ${msMax} ms`)), msMax);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(alarm);
  }
};

/** A "not leader" answer says that nothing was written, and where the leader is. */
const atTheLeader = async <T>(work: () => Promise<T>, attemptsLeft = leaderAttemptsMax): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof NotLeaderError) || attemptsLeft <= 1) throw error;
    // By the next turn the client has turned to the leader it was told of.
    await setImmediate();
    return atTheLeader(work, attemptsLeft - 1);
  }
};

/** Prepares a connection; it is made by the first call, and made again by the first call after it was lost. */
export const openConnection = (url: string, { call_ms_max = callMsMax }: ConnectionOptions = {}): Connection => {
  const client = clientFor(url);
  let [dialled, closed] = [false, false];
  const open = (): EventStoreDBClient => {
    if (closed) throw new LogError('unavailable', 'the log is closed');
    dialled = true;
    return client;
  };
  return {
    client: open,
    call: async (work) =>
      within(
        call_ms_max,
        atTheLeader(() => work(open(), { deadline: call_ms_max })),
      ),
    credentials: appendCredentials(url),
    close: async () => {
      if (closed) return;
      closed = true;
      await within(closeMsMax, client.dispose()).catch(() => undefined);
      if (dialled) await within(closeMsMax, hangUp(client)).catch(() => undefined);
    },
  };
};
