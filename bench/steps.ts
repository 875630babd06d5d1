/**
 * A process of ten trivial durable steps, at concurrency 1 and 32, beside durable single-row inserts in the same run.
 * One append a step: each step's outcome is on disk before the next begins.
 */
import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { engine, execute } from '../src/commands/execute.ts';
import { driver } from '../src/commands/drive.ts';
import { kind } from '../src/commands/kind.ts';
import { catalogueOf } from '../src/domain/kernel/catalogue.ts';
import { event, type Occurrence } from '../src/domain/kernel/event.ts';
import { derived, streamOf } from '../src/domain/kernel/ids.ts';
import type { Effect, Process } from '../src/domain/kernel/process.ts';
import { openEmbeddedLog } from '../src/adapters/embedded-log/event-log.ts';
import { openDatabase } from '../src/adapters/postgres/database.ts';
import { postgresRoster } from '../src/adapters/postgres/roster.ts';
import { worldClock } from '../src/wiring/world.ts';
import { insertsPerSecond, report, scratch, silentJournal, silentTelemetry, type Row } from './measure.ts';

const stepsMax = 10;
const Begun = event('BenchBegun', z.object({ steps: z.int() }));
const Stepped = event('BenchStepped', z.object({ step: z.int() }));
const events = [Begun, Stepped] as const;
type Ev = Occurrence<typeof events>;
type Command = { readonly type: 'Begin' } | { readonly type: 'Step'; readonly step: number };
interface State {
  readonly begun: boolean;
  readonly done: number;
}

const process_: Process<Command, State, Ev, never, Effect> = {
  initial: { begun: false, done: 0 },
  decide: (command) =>
    E.right(command.type === 'Begin' ? [Begun({ steps: stepsMax })] : [Stepped({ step: command.step })]),
  evolve: (state, { type }) => (type === 'BenchBegun' ? { ...state, begun: true } : { ...state, done: state.done + 1 }),
  next: ({ begun, done }) => (begun && done < stepsMax ? [{ kind: 'step', key: `step:${done}` }] : []),
  outcome: (effect) => ({ type: 'Step', step: Number(effect.key.slice(5)) }),
  done: ({ done }) => done === stepsMax,
};

const run = async (concurrency: number, processes: number): Promise<{ perSecond: number; stepMs: number[] }> => {
  const folder = scratch('steps');
  const log = await openEmbeddedLog({ folder: `${folder}/log` });
  const database = await openDatabase({
    url: process.env['DATABASE_URL'],
    folder: `${folder}/read-models`,
    journal: silentJournal,
  });
  const core = engine({ log, catalogue: catalogueOf(events), clock: worldClock, telemetry: silentTelemetry });
  const trivial = kind('bench', 'bench', process_, {
    step: () => Promise.resolve({ ok: true as const, result: null }),
  });
  const drives = driver(core, {
    roster: postgresRoster(database.background),
    kinds: [trivial],
    owner: worldClock.id(),
    journal: silentJournal,
  });
  drives.start();
  const ended = new Map<string, () => void>();
  const last = new Map<string, number>();
  const stepMs: number[] = [];
  core.appended.add((stream, recorded) => {
    const now = performance.now();
    const before = last.get(stream);
    if (before !== undefined) stepMs.push(now - before);
    last.set(stream, now);
    if (recorded.some(({ data }) => (data as { step?: number }).step === stepsMax - 1)) ended.get(stream)?.();
  });
  const one = async (n: number): Promise<void> => {
    const stream = streamOf('bench', derived('bench', folder, n));
    const finished = new Promise<void>((resolve) => ended.set(stream, resolve));
    const provenance = { command_id: derived(stream), actor: 'user:bench', tenant: 'default', correlation_id: stream };
    await execute(core, process_, stream, { type: 'Begin' }, provenance);
    await finished;
    ended.delete(stream);
    last.delete(stream);
  };
  let started = 0;
  const lane = async (until: number): Promise<void> => {
    while (started < until) await one(started++);
  };
  await Promise.all(Array.from({ length: concurrency }, () => lane(concurrency * 3)));
  stepMs.length = 0;
  const warm = started;
  const begin = performance.now();
  await Promise.all(Array.from({ length: concurrency }, () => lane(warm + processes)));
  const seconds = (performance.now() - begin) / 1000;
  await drives.stop(1_000);
  await database.close();
  await log.close();
  return { perSecond: (processes * stepsMax) / seconds, stepMs };
};

const rows: Row[] = [];
const yardstick = await insertsPerSecond(32);
rows.push({
  what: `yardstick: durable single-row inserts/s, 32 connections, ${yardstick.into}`,
  value: yardstick.perSecond,
});
for (const [concurrency, processes] of [
  [1, 60],
  [32, 3_000],
] as const) {
  const { perSecond, stepMs } = await run(concurrency, processes);
  const sorted = stepMs.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  rows.push({
    what: `durable steps/s, ${concurrency} at a time`,
    value: perSecond,
    ratio: perSecond / yardstick.perSecond,
  });
  rows.push({ what: `a step, ${concurrency} at a time, p50 ms`, value: at(0.5) });
  rows.push({ what: `a step, ${concurrency} at a time, p99 ms`, value: at(0.99) });
}
report('steps', rows);
