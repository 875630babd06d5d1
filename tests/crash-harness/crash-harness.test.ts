import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runHarness } from './harness.ts';
import { gatePoints } from './points.ts';

/** The harness's share of `npm run campaigns`; `harness.program.ts` does it at any length. */
const kills = Number(process.env['CRASH_KILLS'] ?? 60);
const seed = Number(process.env['CRASH_SEED'] ?? 1);

describe('a node that is killed while it acts', () => {
  it(
    'does nothing twice that must not be done twice, and brings everything to its end',
    { timeout: 600_000 },
    async () => {
      const workshop = mkdtempSync(path.join(os.tmpdir(), 'acta-harness-'));
      onTestFinished(() => rmSync(workshop, { recursive: true, force: true, maxRetries: 3 }));
      const report = await runHarness(workshop, kills, seed);
      expect(report.broken).toEqual([]);
      expect(report.kills).toBe(kills);
      // Every place of the gate at which a node may die was reached, and every kind of effect was under way.
      expect(Object.keys(report.at)).toEqual(expect.arrayContaining([...gatePoints]));
      for (const route of ['keyed', 'unkeyed', 'natural', 'read', 'undo', 'compensation', 'webhook'])
        expect(report.calls[route], route).toBeGreaterThan(0);
      expect(report.rollbacks).toBeGreaterThan(0);
    },
  );
});
