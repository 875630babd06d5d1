import { parseArgs } from 'node:util';
import { sound } from './mutants/mutant.ts';
import { harmless, mutants as sessionMutants } from './mutants/mutants.ts';
import { runMutants } from './mutants/run.mutants.ts';
import { runs } from './scenarios/runs.ts';
import { sessions } from './scenarios/sessions.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { simulate, type Ran } from './simulate.ts';

/**
 * Plays seeds and says what went wrong (`assurance.md` 4.4): `--seeds 1000 --from 1`, or `--seed N --trace`, or
 * `--list 3,17`. `--minutes M` are virtual ones with faults; `--twice` plays each seed again and compares the traces;
 * `--mutant NAME` plants a bug and stops at the first seed that finds it; `--hunt` adds faults that are known not to be
 * stood. Ends with 1 when a seed failed. The last line is the report, as JSON.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    list: { type: 'string' },
    scenario: { type: 'string', default: 'sessions' },
    minutes: { type: 'string', default: '1' },
    mutant: { type: 'string' },
    trace: { type: 'boolean', default: false },
    twice: { type: 'boolean', default: false },
    hunt: { type: 'boolean', default: false },
  },
});

const scenarios: readonly Scenario[] = [sessions, runs];
const failedMax = 20;
const print = (line: string): void => void process.stdout.write(`${line}\n`);

const named = <T extends { readonly name: string }>(all: readonly T[], name: string): T => {
  const found = all.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no ${name}; there are ${all.map((each) => each.name).join(', ')}`);
  return found;
};

const mutants = [...sessionMutants, ...runMutants];
const mutant = values.mutant === undefined ? sound : named([...mutants, ...harmless], values.mutant);
const scenario = named(scenarios, mutant.scenario ?? values.scenario);
const minutes = Number(values.minutes);
const { hunt } = values;
const options = { scenario, mutant, minutes, hunt, ...(values.trace ? { show: print } : {}) };

const chosen = (): readonly number[] => {
  if (values.seed !== undefined) return [Number(values.seed)];
  if (values.list !== undefined) return values.list.split(',').filter(Boolean).map(Number);
  return Array.from({ length: Number(values.seeds) }, (_, n) => Number(values.from) + n);
};

const report = {
  seeds: 0,
  failed: [] as { readonly seed: number; readonly violations: readonly string[] }[],
  unlike: [] as number[],
  steps: 0,
  events: 0,
  virtual_minutes: 0,
  reached: {} as Record<string, number>,
  never: [] as readonly string[],
};

const count = ({ steps, events, virtualMs, reached }: Ran): void => {
  report.seeds += 1;
  report.steps += steps;
  report.events += events;
  report.virtual_minutes += virtualMs / 60_000;
  for (const [what, times] of reached) report.reached[what] = (report.reached[what] ?? 0) + times;
};

const again = (seed: number): string =>
  [
    'node tests/simulator/simulate.program.ts',
    `--seed ${seed} --scenario ${scenario.name} --minutes ${minutes}`,
    ...(mutant === sound ? [] : [`--mutant ${mutant.name}`]),
    ...(hunt ? ['--hunt'] : []),
    '--trace',
  ].join(' ');

for (const seed of chosen()) {
  const ran = await simulate(seed, options);
  count(ran);
  if (values.twice && (await simulate(seed, options)).digest !== ran.digest) report.unlike.push(seed);
  if (ran.violations.length === 0) continue;
  report.failed.push({ seed, violations: ran.violations });
  print(`ACTA_SEED=${seed} ${ran.violations.join(' | ')}`);
  print(`  replay: ${again(seed)}`);
  if (mutants.includes(mutant) || report.failed.length >= failedMax) break;
}
report.never = scenario.sometimes.filter((what) => report.reached[what] === undefined);
print(JSON.stringify(report));
process.exitCode = report.failed.length + report.unlike.length > 0 ? 1 : 0;
