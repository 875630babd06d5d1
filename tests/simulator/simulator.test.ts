import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { harmless, mutants } from './mutants/mutants.ts';
import { runMutants } from './mutants/run.mutants.ts';

/** The simulator's share of `npm run campaigns`; the program does it at any length (`assurance.md` 4.4). */
const seeds = Number(process.env['SEEDS'] ?? 520);
const seedsTwice = 20;
const seedsPerMutant = 200;
const harmlessSeeds = 150;
const timeoutMs = 300_000;

interface Report {
  readonly seeds: number;
  readonly failed: readonly { readonly seed: number; readonly violations: readonly string[] }[];
  readonly unlike: readonly number[];
  readonly never: readonly string[];
}

const program = new URL('simulate.program.ts', import.meta.url).pathname;
const outputBytesMax = 16 * 1024 * 1024;

/** Plays in a process of its own: the simulation takes the whole process' time and chance. */
const played = (...options: readonly string[]): Promise<Report> =>
  new Promise((resolve, reject) => {
    execFile(process.execPath, [program, ...options], { maxBuffer: outputBytesMax }, (_, stdout, stderr) => {
      const last = stdout.trimEnd().split('\n').at(-1) ?? '';
      if (last.startsWith('{')) resolve(JSON.parse(last) as Report);
      else reject(new Error(stderr || stdout));
    });
  });

interface Kept {
  readonly scenario: string;
  readonly hunt: boolean;
  readonly seeds: string;
}

/** A line is a seed, `runs` where it is not of sessions, `--hunt` where it was found so, and what it found. */
const keptSeeds = (): readonly Kept[] => {
  const lines = readFileSync(new URL('seeds.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => /^\d/.test(line));
  const ways = ['sessions', 'runs'].flatMap((scenario) => [true, false].map((hunt) => ({ scenario, hunt })));
  return ways.flatMap(({ scenario, hunt }) => {
    const those = lines.filter(
      (line) => /^\d+ runs\b/.test(line) === (scenario === 'runs') && line.includes('--hunt') === hunt,
    );
    const list = those.map((line) => Number.parseInt(line, 10)).join(',');
    return list === '' ? [] : [{ scenario, hunt, seeds: list }];
  });
};

const scenarios = [
  ['sessions', 'in a world where nodes die, calls are lost and clocks jump'],
  ['runs', 'under a gate whose rules change, with people who answer late, twice or wrongly'],
] as const;

describe.each(scenarios)('%s, %s', (scenario) => {
  it('keep every promise, and the world does all that it can', { timeout: timeoutMs }, async () => {
    const half = Math.ceil(seeds / 2);
    const reports = await Promise.all(
      [1, 1 + half].map((from) => played('--scenario', scenario, '--from', String(from), '--seeds', String(half))),
    );
    expect(reports.flatMap(({ failed }) => failed)).toEqual([]);
    expect(reports.reduce((sum, report) => sum + report.seeds, 0)).toBeGreaterThanOrEqual(seeds);
    const [one, other] = reports;
    expect(one?.never.filter((what) => other?.never.includes(what))).toEqual([]);
  });

  it('go the same way each time', { timeout: timeoutMs }, async () => {
    const { unlike, seeds: count } = await played('--scenario', scenario, '--twice', '--seeds', String(seedsTwice));
    expect(unlike).toEqual([]);
    expect(count).toBe(seedsTwice);
  });
});

describe('seeds that once found something', () => {
  it.each(keptSeeds())(
    'find nothing: $scenario $seeds',
    { timeout: timeoutMs },
    async ({ scenario, hunt, seeds: list }) => {
      const { failed, seeds: count } = await played(
        ...['--scenario', scenario, '--list', list],
        ...(hunt ? ['--hunt'] : []),
      );
      expect(failed).toEqual([]);
      expect(count).toBe(list.split(',').length);
    },
  );
});

/** Two at a time, for that many cores there are. */
const inPairs = async <T>(all: readonly T[], each: (one: T) => Promise<void>): Promise<void> => {
  const left = [...all];
  const lane = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await each(one);
  };
  await Promise.all([lane(), lane()]);
};

describe('a planted bug', () => {
  it('is found, whichever it is', { timeout: timeoutMs }, async () => {
    const missed: string[] = [];
    await inPairs([...mutants, ...runMutants], async ({ name }) => {
      const { failed } = await played('--mutant', name, '--seeds', String(seedsPerMutant));
      if (failed.length !== 1) missed.push(name);
    });
    expect(missed).toEqual([]);
  });

  it.each(harmless.map(({ name }) => name))('costs time at most: %s', { timeout: timeoutMs }, async (name) => {
    const { failed } = await played('--mutant', name, '--seeds', String(harmlessSeeds));
    const unsafe = failed.flatMap(({ violations }) => violations).filter((violation) => !violation.startsWith('L1'));
    expect(unsafe).toEqual([]);
  });
});
