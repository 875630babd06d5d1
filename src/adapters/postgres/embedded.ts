import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Journal } from '../../ports.ts';
import { faultOf } from './fault.ts';
import { flush } from './flush.ts';
import { lockFolder, type FolderLock } from './folder.lock.ts';
import { maintenance } from './maintenance.ts';
import { sessionKeeper, type Keeper } from './session.keeper.ts';
import { soloPool, type SoloPool } from './solo.pool.ts';
import { newCluster } from './template.ts';

/** Clusters that could not be trusted any more are kept, the newest so many. */
const damagedKeptMax = 2;
/** The file system's clock is coarser than ours. */
const clockGrainMs = 1_000;

export interface Embedded {
  readonly pool: SoloPool;
  /** Whether a page or an index could not be read; then it is built anew at the next start. */
  readonly damaged: () => boolean;
  readonly maintain: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Everything in the embedded database can be derived from the log again, but for the answers kept under idempotency keys
 * (whose events the log recognises by their ids all the same) and the history of operations. So a cluster that cannot be
 * trusted is put aside, said aloud, and a new one is begun.
 */
const putAside = (cluster: string, why: string, journal: Journal): void => {
  const kept = `${cluster}.damaged-${new Date().toISOString().replaceAll(':', '')}`;
  renameSync(cluster, kept);
  journal.error('database_put_aside', { why, kept, note: 'the read models are built again from the log' });
  const folder = dirname(cluster);
  const all = readdirSync(folder).filter((name) => name.startsWith(`${basename(cluster)}.damaged-`));
  for (const name of all.toSorted().slice(0, -damagedKeptMax)) rmSync(join(folder, name), { recursive: true });
};

/** Not the cluster's fault: another one in its place would fare no better. */
const isOutside = (error: unknown): boolean =>
  faultOf(error) === 'disk_full' || /EACCES|EROFS|EMFILE/.test(String(error));

/** Sees to it that the cluster opens: what does not open twice is put aside. */
const opened = async (cluster: string, keeper: Keeper, journal: Journal): Promise<void> => {
  if (!existsSync(cluster)) await newCluster(cluster);
  for (let attempt = 1; ; attempt++) {
    try {
      await keeper.client();
      return;
    } catch (error) {
      journal.warn('database_did_not_open', { attempt, error: String(error) });
      if (isOutside(error) || attempt > 2) throw error;
      if (attempt === 1) continue;
      putAside(cluster, String(error), journal);
      await newCluster(cluster);
    }
  }
};

const distrustOf = ({ machineStopped }: FolderLock, mark: string): string | undefined => {
  if (machineStopped) return 'the machine stopped while it was open, and PGlite never flushes to disk';
  return existsSync(mark) ? 'a page or an index was corrupt' : undefined;
};

/** PGlite in a folder of its own, behind something that passes for a pool of connections. */
export const openEmbedded = async (folder: string, journal: Journal): Promise<Embedded> => {
  const lock = lockFolder(folder);
  const since = Date.now() - clockGrainMs;
  const cluster = join(folder, 'cluster');
  const mark = join(folder, 'corrupt');
  const keeper = sessionKeeper(cluster, journal);
  try {
    const distrust = distrustOf(lock, mark);
    if (distrust !== undefined && existsSync(cluster)) putAside(cluster, distrust, journal);
    rmSync(mark, { force: true });
    lock.enter();
    await opened(cluster, keeper, journal);
  } catch (error) {
    lock.abandon();
    throw error;
  }
  const pool = soloPool(keeper.client, (error) => {
    const fault = faultOf(error);
    // After an error of its files PGlite is in no known state; recovery brings it into one.
    if (fault === 'unavailable') keeper.renew(error);
    if (fault !== 'damaged' || existsSync(mark)) return;
    writeFileSync(mark, String(error));
    journal.error('database_damaged', { error: String(error), note: 'it is built anew at the next start' });
  });
  const upkeep = maintenance(pool, journal);

  const close = async (): Promise<void> => {
    await upkeep.stop();
    const leave = await pool.alone().catch(() => journal.warn('database_closed_in_use'));
    await keeper.close();
    leave?.();
    await flush(cluster, since);
    lock.release();
  };
  let closing: Promise<void> | undefined;
  return {
    pool,
    damaged: () => existsSync(mark),
    maintain: upkeep.now,
    close: () => (closing ??= close()),
  };
};
