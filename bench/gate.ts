/**
 * The gate and the run: how long a verdict takes, how long from a proposal to its result for a capability of low risk, and
 * how many runs a second there are, 32 at a time, beside durable single-row inserts in the same run. A node as people run it:
 * embedded log, read models, processes and HTTP in one process, asked over HTTP.
 */
import { randomUUID } from 'node:crypto';
import { judge } from '../src/domain/gate/judge.ts';
import { Plan, type ActionStep } from '../src/domain/gate/plan.ts';
import { digest } from '../src/domain/kernel/digest.ts';
import type { Engine } from '../src/commands/execute.ts';
import { readConfig } from '../src/config.ts';
import { startNode } from '../src/wiring.ts';
import { policyOf, ruleOf, specOf } from '../tests/gate/gate.story.ts';
import { insertsPerSecond, report, scratch, type Row } from './measure.ts';

const verdictsMax = 20_000;
const singleRunsMax = 300;
const parallelRunsMax = 3_000;
const lanesMax = 32;
const rulesMax = 100;

const shareOf = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;

/** Judging alone: a policy of a hundred rules whose last one matches, so that every rule is tried. */
const verdictTimes = (): readonly number[] => {
  const spec = specOf({ risk: 'low' });
  const rules = Array.from({ length: rulesMax }, (_, n) =>
    ruleOf(`rule-${n}`, {
      when: { capabilities: [n === rulesMax - 1 ? 'io.fs.*' : `other.${n}.*`], risk_levels: ['low'] },
    }),
  );
  const active = policyOf({ rules });
  const [step] = Plan.parse({
    steps: [{ kind: 'action', step_id: 'write', capability_id: spec.capability_id, args: { path: 'a', content: 'x' } }],
  }).steps;
  const principal = { type: 'agent' as const, id: 'bench', roles: [], permissions: [], chain: [] };
  const asker = { principal, scope: 'test', environment: 'test', budget_micros: null, stakes: null };
  const called = { spec, args: { path: 'a', content: 'x' }, fault: null, preconditions: {} };
  const materials = {
    called,
    standing: 'enabled',
    undoing: null,
    active: { ...active, digest: digest(active.document) },
    agent: 'active' as const,
    grant_id: null,
    budget_ids: [],
    life: 'bench',
  };
  return Array.from({ length: verdictsMax }, () => {
    const began = performance.now();
    judge(asker, step as ActionStep, materials);
    return performance.now() - began;
  });
};

const folder = scratch('gate');
const read = readConfig(
  {
    ACTA_DATA: folder,
    PORT: '0',
    ACTA_QUOTAS: 'off',
    ACTA_LOG_LEVEL: 'error',
    ...(process.env['DATABASE_URL'] === undefined ? {} : { DATABASE_URL: process.env['DATABASE_URL'] }),
  },
  folder,
);
if (!read.ok) throw new Error(read.faults.map(({ message }) => message).join('\n'));
let core: Engine | undefined;
const node = await startNode(read.config, {
  register: (engine) => {
    core = engine;
    return Promise.resolve();
  },
});
const waiting = new Map<string, () => void>();
const finished = new Set<string>();
core?.appended.add((_, events) => {
  for (const { type, data } of events) {
    if (type !== 'RunCompleted' && type !== 'RunFailed') continue;
    const { directive_id } = data as { directive_id: string };
    finished.add(directive_id);
    waiting.get(directive_id)?.();
  }
});

const directive = JSON.stringify({
  status: 'proposed',
  objective: 'measure',
  steps: [{ kind: 'action', step_id: 'look', capability_id: 'data.json.parse', args: { text: '{"a":1}' } }],
});

/** A proposal over HTTP until its result is on the record; the times until the answer and until the result, in milliseconds. */
const oneRun = async (): Promise<{ readonly answered: number; readonly done: number }> => {
  const began = performance.now();
  const response = await fetch(`${node.url}/directives`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: directive,
  });
  const { directive_id } = (await response.json()) as { directive_id: string };
  const answered = performance.now() - began;
  if (!finished.has(directive_id)) await new Promise<void>((resolve) => waiting.set(directive_id, resolve));
  waiting.delete(directive_id);
  return { answered, done: performance.now() - began };
};

const yardstick = await insertsPerSecond(lanesMax);
const rows: Row[] = [
  {
    what: `yardstick: durable single-row inserts/s, ${lanesMax} connections, ${yardstick.into}`,
    value: yardstick.perSecond,
  },
];

const verdicts = verdictTimes();
rows.push({ what: `a verdict, ${rulesMax} rules tried, p50 ms`, value: shareOf(verdicts, 0.5) });
rows.push({ what: `a verdict, ${rulesMax} rules tried, p99 ms`, value: shareOf(verdicts, 0.99) });

for (let n = 0; n < 50; n += 1) await oneRun();
const single: { readonly answered: number; readonly done: number }[] = [];
for (let n = 0; n < singleRunsMax; n += 1) single.push(await oneRun());
const answered = single.map((run) => run.answered);
const done = single.map((run) => run.done);
rows.push({ what: 'a proposal judged and answered over HTTP, one at a time, p50 ms', value: shareOf(answered, 0.5) });
rows.push({ what: 'a proposal judged and answered over HTTP, one at a time, p99 ms', value: shareOf(answered, 0.99) });
rows.push({ what: 'from a proposal to its result, low risk, one at a time, p50 ms', value: shareOf(done, 0.5) });
rows.push({ what: 'from a proposal to its result, low risk, one at a time, p99 ms', value: shareOf(done, 0.99) });

let started = 0;
const lane = async (): Promise<void> => {
  while (started < parallelRunsMax) {
    started += 1;
    await oneRun();
  }
};
const began = performance.now();
await Promise.all(Array.from({ length: lanesMax }, lane));
const perSecond = parallelRunsMax / ((performance.now() - began) / 1000);
rows.push({
  what: `runs/s, ${lanesMax} at a time, over HTTP, read models folding`,
  value: perSecond,
  ratio: perSecond / yardstick.perSecond,
});
report('gate', rows);
await node.stop(1_000);
