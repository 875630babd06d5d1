import { randomBytes, randomUUID, randomUUIDv7 } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { lockFolder, type FolderLock } from '../adapters/postgres/folder.lock.ts';
import { chained } from '../commands/chain.ts';
import type { Config } from '../config.ts';
import type { Clock, EventLog, Journal, LogError } from '../ports.ts';
import type { Database } from '../schema.ts';
import { watched, type WatchedLog } from './log.watch.ts';
import { told } from './parts.ts';
import { version } from './version.ts';
import { openWitnesses, type Witnesses } from './world.telemetry.ts';

/** The clock and the chance of this machine. */
export const worldClock: Clock = {
  now: () => Date.now(),
  id: () => randomUUIDv7(),
  chance: () => Math.random(),
};

/** A secret of 256 random bits, base64url. */
export const secret = (): string => randomBytes(32).toString('base64url');

const NodeNote = z.object({ node: z.uuid() });

/** This node's lasting name, and the lock that makes it the only one of that name (decision 0005). */
export const nodeOf = (folder: string): { readonly name: string; readonly lock: FolderLock } => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = lockFolder(join(folder, 'node'));
  lock.enter();
  const file = join(folder, 'node', 'node.json');
  try {
    return { name: NodeNote.parse(JSON.parse(readFileSync(file, 'utf8'))).node, lock };
  } catch {
    const node = randomUUID();
    writeFileSync(file, JSON.stringify({ node }));
    return { name: node, lock };
  }
};

export interface OpenLog {
  readonly log: EventLog;
  readonly kind: 'embedded' | 'eventstoredb';
  readonly front_port: number | undefined;
  /** Resolves when the log can record no more; `unavailable` means that the process must end (assurance F33, F36). */
  readonly stopped: Promise<LogError> | undefined;
}

/** The log that the environment names: a server, or the embedded one. Clients are loaded only where they are used. */
export const openLog = async ({
  eventstore_url,
  folder,
  log_port,
  log_bytes_max,
  accept_loss,
}: Config): Promise<OpenLog> => {
  if (eventstore_url !== undefined) {
    const { openEventStoreDb } = await import('../adapters/eventstoredb/event-log.ts');
    return {
      log: chained(openEventStoreDb(eventstore_url)),
      kind: 'eventstoredb',
      front_port: undefined,
      stopped: undefined,
    };
  }
  const { openEmbeddedLog } = await import('../adapters/embedded-log/event-log.ts');
  const log = await openEmbeddedLog({
    folder: join(folder, 'log'),
    accept_loss,
    ...(log_port === undefined ? {} : { front_port: log_port }),
    ...(log_bytes_max === undefined ? {} : { bytes_max: log_bytes_max }),
  });
  return { log, kind: 'embedded', front_port: log.front_port, stopped: log.stopped };
};

/** The database that the environment names: a server, or the embedded one. */
export const openReadModels = async ({ database_url, folder }: Config, journal: Journal): Promise<Database> => {
  const { openDatabase } = await import('../adapters/postgres/database.ts');
  try {
    return await openDatabase({ url: database_url, folder: join(folder, 'read-models'), journal });
  } catch (error) {
    if (database_url === undefined) throw error;
    const said = error instanceof Error ? error.message : String(error);
    throw new Error(`the PostgreSQL of DATABASE_URL cannot be used: ${said}`, { cause: error });
  }
};

/** What a node stands on. */
export interface World extends Witnesses, Omit<OpenLog, 'log' | 'stopped'> {
  readonly config: Config;
  readonly log: WatchedLog;
  readonly database: Database;
  readonly node: ReturnType<typeof nodeOf>;
  readonly close: () => Promise<void>;
}

/** Opens what a node stands on. The log and the database open side by side; what one of them refuses, closes the other. */
export const openWorld = async (config: Config): Promise<World> => {
  const node = nodeOf(config.folder);
  const witnesses = await openWitnesses(config, version);
  const [log, database] = await Promise.allSettled([openLog(config), openReadModels(config, witnesses.journal)]);
  if (log.status === 'fulfilled' && database.status === 'fulfilled') {
    const record = watched(log.value.log, log.value.stopped, witnesses.journal);
    return {
      config,
      ...witnesses,
      kind: log.value.kind,
      front_port: log.value.front_port,
      log: record,
      database: database.value,
      node,
      close: async () => {
        const { journal } = witnesses;
        await told(journal, 'log', record.close)(0);
        await told(journal, 'database', database.value.close)(0);
        node.lock.release();
        journal.info('node_stopped', { node: node.name });
        await witnesses.telemetry.close();
        await witnesses.journal.close();
      },
    };
  }
  if (log.status === 'fulfilled') await log.value.log.close();
  if (database.status === 'fulfilled') await database.value.close();
  node.lock.release();
  throw [log, database].find((opened) => opened.status === 'rejected')?.reason;
};
