import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const program = new URL('./hostile.program.ts', import.meta.url).pathname;
const turnsMax = 10_000;
const runMsMax = 240_000;

interface Report {
  readonly turns: number;
  readonly wanted: number;
  readonly effects: number;
  readonly forbidden: number;
  readonly faults: readonly string[];
}

const played = async (...args: readonly string[]): Promise<Report> => {
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], { timeout: runMsMax }).catch(
    (error: unknown) => error as { readonly stdout: string },
  );
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as Report;
};

describe('a model under the control of somebody else', () => {
  it(
    'causes nothing that the policy does not allow, and nothing without a verdict on the record (P26)',
    async () => {
      const report = await played('--turns', String(turnsMax), '--seed', '7');
      expect(report).toMatchObject({ turns: turnsMax, forbidden: 0, faults: [] });
      expect(report.wanted).toBeGreaterThan(turnsMax);
      expect(report.effects).toBeGreaterThan(100);
    },
    runMsMax,
  );
  it(
    'would be seen to, if the policy were careless',
    async () => {
      expect((await played('--turns', '300', '--seed', '7', '--careless')).forbidden).toBeGreaterThan(0);
    },
    runMsMax,
  );
});
