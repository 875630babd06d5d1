import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStorage } from '../../src/adapters/embedded-log/store.ts';
import { batchesIn, everything, missing } from './batches.ts';

/** A system call on the log's files that goes wrong the n-th time. */
export interface Fault {
  readonly call: 'fsync' | 'fdatasync' | 'pwrite64' | 'ftruncate';
  readonly what: 'error=EIO' | 'error=ENOSPC' | 'signal=SIGKILL';
  readonly nth: number;
}

const program = fileURLToPath(new URL('appender.program.ts', import.meta.url));
const files = ['log.sqlite', 'log.sqlite-wal', 'log.head'];
const batches = 12;

/** What broke when a writer met this fault, and whether it met it at all. */
export const meet = async (
  workshop: string,
  { call, what, nth }: Fault,
): Promise<{ met: boolean; broken: string[] }> => {
  const folder = path.join(workshop, 'faulty');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const only = files.flatMap((file) => ['-P', path.join(folder, file)]);
  const inject = `inject=${call}:${what}:when=${nth}`;
  const flags = ['-f', '-qq', ...only, '-e', `trace=${call}`, '-e', inject, '-o', path.join(workshop, 'fault')];
  const args = [program, folder, '0', String(batches), 'full'];
  const run = spawnSync('strace', [...flags, process.execPath, ...args], { encoding: 'utf8' });
  const lines = run.stdout.split('\n');
  const met = spawnSync('grep', ['-cE', 'INJECTED|killed by', path.join(workshop, 'fault')]).status === 0;
  const acknowledged = lines.filter((line) => line.startsWith('ACK ')).map((line) => line.slice(4));
  const unknown = lines.findIndex((line) => line.includes(' failed'));
  const broken: string[] = [];
  if (unknown >= 0 && lines.slice(unknown).some((line) => line.startsWith('ACK ')))
    broken.push('something was acknowledged after the disk had failed');
  try {
    const store = openStorage(folder);
    const found = batchesIn(everything(store));
    await store.close();
    for (const batch of missing(acknowledged, found)) broken.push(`${batch} was acknowledged and is gone`);
  } catch (error) {
    broken.push(String(error));
  }
  return { met, broken: broken.map((one) => `${call} ${what} ${nth}: ${one}`) };
};
