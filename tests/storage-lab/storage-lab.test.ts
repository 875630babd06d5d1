import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { meet, type Fault } from './faults.ts';
import { killWriters } from './kills.ts';
import { cutPower } from './power-cut.ts';
import { straceFault } from './recording.ts';

/** The lab's share of `npm test`; `npm run lab` does it at full length. */
const kills = Number(process.env['KILLS'] ?? 20);
const states = Number(process.env['POWER_CUTS'] ?? 200);
const mutantStates = 40;

const noStrace = straceFault();

const workshop = (): string => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'acta-lab-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

describe('a power cut', () => {
  it('loses nothing that was acknowledged, tears no batch, and is recovered from once', async (context) => {
    if (noStrace !== undefined) return context.skip(noStrace);
    const plan = { first: 0, batches: 16, synchronous: 'full', statesMax: states, seed: 7 } as const;
    const report = await cutPower(workshop(), plan);
    expect(report.losses).toEqual([]);
    expect(report.batches).toBe(16);
    expect(report.states).toBeGreaterThan(states / 2);
  });

  it('would be seen to lose something, if commits were not synced', async (context) => {
    if (noStrace !== undefined) return context.skip(noStrace);
    const plan = { first: 0, batches: 16, synchronous: 'normal', statesMax: mutantStates, seed: 7 } as const;
    expect((await cutPower(workshop(), plan)).losses.length).toBeGreaterThan(0);
  });
});

const faults: readonly Fault[] = [
  { call: 'fdatasync', what: 'error=EIO', nth: 3 },
  { call: 'fsync', what: 'error=EIO', nth: 10 },
  { call: 'pwrite64', what: 'error=ENOSPC', nth: 60 },
];

describe('a system call that fails', () => {
  for (const fault of faults)
    it(`(${fault.call}, ${fault.what}, time ${fault.nth}) costs nothing that was acknowledged`, async (context) => {
      if (noStrace !== undefined) return context.skip(noStrace);
      expect(await meet(workshop(), fault)).toEqual({ met: true, broken: [] });
    });
});

describe('a killed writer', () => {
  it('has lost nothing that was acknowledged, and told nobody what is not there', { timeout: 300_000 }, async () => {
    const report = await killWriters(workshop(), kills, 3);
    expect(report.broken).toEqual([]);
    expect(report.acknowledged).toBeGreaterThan(kills);
    expect(report.told).toBeGreaterThan(0);
    // Every place at which the log may die was reached.
    expect(Object.keys(report.at)).toEqual([
      'log.before_commit',
      'log.after_commit',
      'log.after_head',
      'log.before_ack',
    ]);
  });
});
