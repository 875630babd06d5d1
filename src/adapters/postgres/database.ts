import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { migrations as released } from '../../../migrations/migrations.ts';
import type { Journal } from '../../ports.ts';
import type { Database, Health, Lasting } from '../../schema.ts';
import { openEmbedded } from './embedded.ts';
import { faultOf } from './fault.ts';
import { guardedKysely } from './guarded.kysely.ts';
import { migrate, withVector } from './migrate.ts';
import { apiLimits, backgroundLimits, migrationLimits, serverPool, type PoolLimits } from './server.ts';
import { inTransaction } from './transaction.ts';

export interface OpenDatabase {
  /** `postgres://…`: a server. Without it, PGlite in `folder`. */
  readonly url?: string | undefined;
  /** The embedded database's own folder; made if need be, locked while open. */
  readonly folder: string;
  readonly journal: Journal;
  /** Other migrations than the released ones. */
  readonly migrations?: Readonly<Record<string, Migration>>;
  /** For a server: other limits than the usual ones. */
  readonly limits?: { readonly api?: PoolLimits; readonly background?: PoolLimits };
}

const healthMsMax = 2_000;

const healthOf = async (db: Kysely<Lasting>): Promise<Health> => {
  const asked = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Health>((resolve) => {
    timer = setTimeout(
      () => resolve({ ok: false, fault: 'timeout', message: `no answer within ${healthMsMax} ms` }),
      healthMsMax,
    );
  });
  const answer = sql`select 1`.execute(db).then(
    (): Health => ({ ok: true, latency_ms: Math.round((performance.now() - asked) * 10) / 10 }),
    (error: unknown): Health => ({ ok: false, fault: faultOf(error), message: String(error) }),
  );
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
};

/** What both kinds have in common, once their lasting tables are in today's shape. */
const database = (
  kind: Database['kind'],
  vector: boolean,
  db: Kysely<Lasting>,
  background: Kysely<Lasting>,
): Omit<Database, 'maintain' | 'close'> => ({
  kind,
  vector,
  db,
  background,
  inTransaction: (work) => inTransaction(background, work),
  faultOf,
  health: () => healthOf(db),
});

/** Brings the lasting tables to today's shape and looks for pgvector; answers whether it is there. */
const prepared = async (
  db: Kysely<Lasting>,
  kind: Database['kind'],
  { journal, migrations = released }: OpenDatabase,
): Promise<boolean> => {
  const ran = await migrate(db, migrations);
  const vector = await withVector(db, journal);
  journal.info('database_open', { kind, vector, migrations: ran });
  return vector;
};

const openServer = async (url: string, options: OpenDatabase): Promise<Database> => {
  const { limits, journal } = options;
  const migrating = serverPool(url, 'acta-migrations', migrationLimits, journal);
  let vector: boolean;
  try {
    vector = await prepared(await guardedKysely(migrating), 'postgresql', options);
  } finally {
    await migrating.end();
  }
  const api = serverPool(url, 'acta-api', limits?.api ?? apiLimits, journal);
  const background = serverPool(url, 'acta-background', limits?.background ?? backgroundLimits, journal);
  let closing: Promise<unknown> | undefined;
  return {
    ...database('postgresql', vector, await guardedKysely(api), await guardedKysely(background)),
    maintain: async () => {},
    close: async () => {
      closing ??= Promise.all([api.end(), background.end()]);
      await closing;
    },
  };
};

const openPglite = async (options: OpenDatabase): Promise<Database> => {
  const { pool, damaged, maintain, close } = await openEmbedded(options.folder, options.journal);
  const db = await guardedKysely(pool);
  try {
    const vector = await prepared(db, 'pglite', options);
    return {
      ...database('pglite', vector, db, db),
      health: async () =>
        damaged() ? { ok: false, fault: 'damaged', message: 'start again to build it anew' } : healthOf(db),
      maintain,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

/**
 * Opens the read side's database: the PostgreSQL server at `url`, or PGlite in `folder`. Its lasting tables are in today's
 * shape when this answers. Throws what `faultOf` can tell: `unavailable` where no server answers or another process has
 * the folder.
 */
export const openDatabase = (options: OpenDatabase): Promise<Database> =>
  options.url === undefined ? openPglite(options) : openServer(options.url, options);
