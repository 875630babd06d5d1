import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll } from 'vitest';
import { openDatabase, type OpenDatabase } from '../../src/adapters/postgres/database.ts';
import type { Database } from '../../src/schema.ts';
import { copyMigratedCluster } from './migrated.cluster.ts';
import { findServer } from './postgres.server.ts';
import { quietJournal } from './quiet.journal.ts';

export interface FreshDatabase {
  /** The one that is open now. */
  readonly database: Database;
  readonly options: OpenDatabase;
  /** Closes it, if need be, and opens it once more. */
  readonly reopen: (given?: Partial<OpenDatabase>) => Promise<Database>;
  /** Closes it and removes every trace. */
  readonly discard: () => Promise<void>;
}

export interface DatabaseKind {
  readonly name: 'PGlite' | 'PostgreSQL';
  /** A database of its own, empty but for the lasting tables. Costs a second at most: one for each test file is well spent. */
  readonly open: (given?: Partial<OpenDatabase>) => Promise<FreshDatabase>;
}

const freshDatabase = async (options: OpenDatabase, remove: () => void | Promise<void>): Promise<FreshDatabase> => {
  let database = await openDatabase(options);
  return {
    options,
    get database() {
      return database;
    },
    reopen: async (given = {}) => {
      await database.close();
      database = await openDatabase({ ...options, ...given });
      return database;
    },
    discard: async () => {
      await database.close();
      await remove();
    },
  };
};

/** PGlite in a temporary folder of its own. */
export const pglite: DatabaseKind = {
  name: 'PGlite',
  open: async (given = {}) => {
    const parent = mkdtempSync(join(tmpdir(), 'acta-pglite-'));
    const options: OpenDatabase = { folder: join(parent, 'database'), journal: quietJournal(), ...given };
    await copyMigratedCluster(join(options.folder, 'cluster'));
    return freshDatabase(options, () => rmSync(parent, { recursive: true, force: true }));
  },
};

const administer = async (url: string, statement: string): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
};

const postgresql = (server: string): DatabaseKind => ({
  name: 'PostgreSQL',
  open: async (given = {}) => {
    const name = `acta_test_${process.pid}_${randomBytes(6).toString('hex')}`;
    await administer(server, `create database ${name}`);
    const url = new URL(server);
    url.pathname = `/${name}`;
    const options: OpenDatabase = { url: url.href, folder: '', journal: quietJournal(), ...given };
    return freshDatabase(options, () => administer(server, `drop database ${name} with (force)`));
  },
});

/**
 * The databases that this machine can test with: PGlite always, PostgreSQL where one is found.
 *
 * `describe.each(await databases())('a projection on $name', ({ open }) => …)`
 */
export const databases = async (): Promise<readonly DatabaseKind[]> => {
  const server = await findServer();
  if (server === undefined) {
    console.log('skipped: no PostgreSQL found');
    return [pglite];
  }
  afterAll(server.stop);
  return [pglite, postgresql(server.url)];
};
