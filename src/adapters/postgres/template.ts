import {
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSession } from './session.ts';

/** Beside the packages, for it can be made again from them at any time. */
const cache = fileURLToPath(new URL('../../../node_modules/.cache/acta/', import.meta.url));
/** A building place this old was left by a process that was killed. */
const buildingMsMax = 10 * 60_000;
const buildingPrefix = 'building-';

/** Of PGlite and of what is done to a new cluster here: raise the second when that changes. */
const name = (): string => {
  const entry = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  const manifest = readFileSync(join(dirname(entry), '..', 'package.json'), 'utf8');
  return `pglite-${(JSON.parse(manifest) as { readonly version: string }).version}-3`;
};

/** Makes an empty cluster: some seconds of `initdb`. */
const initialize = async (cluster: string): Promise<void> => {
  const { client, ended } = await openSession(cluster);
  // Nobody will make another database from these two, which are two thirds of the files.
  await client.query(`update pg_database set datistemplate = false`);
  for (const database of ['template0', 'template1']) await client.query(`drop database ${database}`);
  await client.query('create extension vector');
  await client.query('vacuum (freeze, analyze)');
  await client.end();
  await ended;
};

const swept = (): void => {
  for (const place of readdirSync(cache).filter((entry) => entry.startsWith(buildingPrefix))) {
    const { mtimeMs } = statSync(join(cache, place));
    if (Date.now() - mtimeMs > buildingMsMax) rmSync(join(cache, place), { recursive: true, force: true });
  }
};

/**
 * An empty cluster, made once for this version of PGlite and this machine, from which every other is copied: some
 * hundredths of a second instead of four seconds. Undefined where the place beside the packages cannot be written. It
 * may be called when the packages are installed, so that the first start need not.
 */
export const template = async (): Promise<string | undefined> => {
  const ready = join(cache, name());
  if (existsSync(ready)) return ready;
  let building: string;
  try {
    mkdirSync(cache, { recursive: true });
    swept();
    building = mkdtempSync(join(cache, buildingPrefix));
  } catch {
    return undefined;
  }
  try {
    await initialize(join(building, 'cluster'));
    // Of several who build at once the first one's is taken; the others' are as good, and go.
    if (!existsSync(ready)) renameSync(join(building, 'cluster'), ready);
  } catch (error) {
    if (!existsSync(ready)) throw error;
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
  return ready;
};

/** Makes a new cluster, all or nothing: a start that is killed half-way leaves none. */
export const newCluster = async (cluster: string): Promise<void> => {
  const unfinished = `${cluster}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  const source = await template();
  if (source === undefined) await initialize(unfinished);
  else cpSync(source, unfinished, { recursive: true, mode: constants.COPYFILE_FICLONE });
  renameSync(unfinished, cluster);
};
