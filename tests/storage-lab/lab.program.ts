import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { meet, type Fault } from './faults.ts';
import { killWriters } from './kills.ts';
import { cutPower } from './power-cut.ts';
import { straceFault } from './recording.ts';

/**
 * The storage lab at full length (assurance 4.5): `power-cut [recordings]`, `kills [times]`, `faults [highest index]`.
 * Prints what it found as JSON and ends with 1 when a promise was broken.
 */
const batchesPerRecording = 24;
const shownMax = 20;

const print = (said: unknown): void => void process.stdout.write(`${JSON.stringify(said, null, 2)}\n`);

/** Where syncing costs nothing, if there is such a place: these disks are made of memory anyway. */
const workshop = mkdtempSync(path.join(process.platform === 'linux' ? '/dev/shm' : os.tmpdir(), 'acta-lab-'));

const powerCut = async (recordings: number): Promise<boolean> => {
  const sum = { recordings, deeds: 0, states: 0, batches: 0, losses: [] as string[] };
  for (let n = 0; n < recordings; n += 1) {
    const plan = {
      first: n * batchesPerRecording,
      batches: batchesPerRecording,
      synchronous: 'full',
      seed: n + 1,
    } as const;
    const { deeds, states, batches, losses } = await cutPower(workshop, plan);
    sum.deeds += deeds;
    sum.states += states;
    sum.batches += batches;
    sum.losses.push(...losses);
  }
  const mutant = await cutPower(workshop, { first: 0, batches: batchesPerRecording, synchronous: 'normal', seed: 1 });
  print({
    ...sum,
    losses: sum.losses.slice(0, shownMax),
    lost: sum.losses.length,
    mutant: { states: mutant.states, losses: mutant.losses.length },
  });
  return sum.losses.length === 0 && mutant.losses.length > 0;
};

const kills = async (times: number): Promise<boolean> => {
  const report = await killWriters(path.join(workshop, 'killed'), times, 1);
  print(report);
  return report.broken.length === 0;
};

const faults = async (highest: number): Promise<boolean> => {
  const report = { met: 0, not_met: 0, broken: [] as string[] };
  for (const call of ['fsync', 'fdatasync', 'pwrite64', 'ftruncate'] as const)
    for (const what of ['error=EIO', 'error=ENOSPC', 'signal=SIGKILL'] satisfies Fault['what'][])
      for (let nth = 1; nth <= highest; nth += 1) {
        const { met, broken } = await meet(workshop, { call, what, nth });
        report.broken.push(...broken);
        if (met) report.met += 1;
        else report.not_met += 1;
        // Beyond the last call there is nothing more to go wrong.
        if (!met) break;
      }
  print(report);
  return report.broken.length === 0 && report.met > 0;
};

const programs: Record<string, { readonly run: (size: number) => Promise<boolean>; readonly size: number }> = {
  'power-cut': { run: powerCut, size: 13 },
  kills: { run: kills, size: 300 },
  faults: { run: faults, size: 400 },
};

const [name = '', size] = process.argv.slice(2);
const program = programs[name];
const missing = name === 'kills' ? undefined : straceFault();
if (program === undefined) print(`usage: lab ${Object.keys(programs).join(' | ')} [size]`);
else if (missing !== undefined) print(missing);
const kept = program !== undefined && missing === undefined && (await program.run(Number(size ?? program.size)));
rmSync(workshop, { recursive: true, force: true });
process.exitCode = kept ? 0 : 1;
