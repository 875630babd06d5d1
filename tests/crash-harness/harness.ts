import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { dice } from '../storage-lab/dice.ts';
import { policyWith } from '../support/policy.ts';
import { copyStartedCluster } from '../support/started.cluster.ts';
import { budgetFaults, histories, settled } from './aftermath.ts';
import { discrepancies } from './check.ts';
import { ledger as openLedger, type Ledger } from './ledger.ts';
import { live, type Life } from './life.ts';
import { gatePoints, otherPoints } from './points.ts';
import { workload, type Workload } from './work.ts';

export interface HarnessReport {
  readonly kills: number;
  /** Kills by place; `any moment` for those that came by the clock. */
  readonly at: Readonly<Record<string, number>>;
  readonly directives: number;
  /** Calls of the ledger, by route. */
  readonly calls: Readonly<Record<string, number>>;
  readonly ends: Readonly<Record<string, number>>;
  readonly unknown: number;
  readonly rollbacks: number;
  readonly broken: readonly string[];
}

const readyMsMax = 30_000;
const reachMsMax = 6_000;
const momentMsMin = 20;
const momentMsMax = 400;
/** Start-up is what costs: looking four times as often took 207 s of processor time for 60 kills instead of 202. */
const roundMs = 40;
const attemptsMax = 4;
const anyMoment = 'any moment';

const counted = (names: readonly string[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const name of names.toSorted()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
};

const environment = (folder: string, { url, host }: Ledger): NodeJS.ProcessEnv => {
  const policy = path.join(folder, 'policy.yaml');
  writeFileSync(policy, JSON.stringify(policyWith({ approval: { webhook: true } })));
  return {
    PORT: '0',
    LLM_PROVIDER: 'noop',
    ACTA_LOG_LEVEL: 'silent',
    ACTA_POLICY: policy,
    ACTA_HTTP_ALLOW: host,
    ACTA_HTTP_IDEMPOTENT: host,
    ACTA_APPROVAL_WEBHOOK: `${url}/webhook`,
    ACTA_QUOTAS: 'off',
    HARNESS_LEDGER: url,
    // Many lives of one program: what the first has compiled the others need not.
    NODE_COMPILE_CACHE: path.join(folder, '..', 'compiled'),
  };
};

/** Works with a node until it dies, or until it is time to kill it. Answers whether it died by itself. */
const lived = async (life: Life, work: Workload, ms: number): Promise<boolean> => {
  const url = await Promise.race([life.url, pause(readyMsMax, undefined, { ref: false })]);
  const deadline = Date.now() + ms;
  while (url !== undefined && !life.isOver() && Date.now() < deadline) {
    await Promise.race([work.round(url), pause(Math.max(1, deadline - Date.now()), undefined, { ref: false })]);
    await Promise.race([pause(roundMs), life.ended]);
  }
  const died = life.isOver();
  life.kill();
  await life.ended;
  return died;
};

/** How much of what is one of how many that share the places among them. */
interface Share {
  readonly kills: number;
  readonly seed: number;
  readonly part: number;
  readonly parts: number;
}

/** Every place of the gate in turn, then others and moments by chance. */
const placeOf = (n: number, { part, parts }: Share, chance: () => number): string => {
  const place = gatePoints[n * parts + part];
  if (place !== undefined) return place;
  const any = Math.floor(chance() * 2 * (gatePoints.length + otherPoints.length));
  return [...gatePoints, ...otherPoints][any] ?? anyMoment;
};

interface Node {
  readonly live: (crashAt?: string) => Life;
  readonly work: Workload;
  readonly chance: () => number;
}

/** One kill at a place; what a life has not come by, the next one does, the first time. Answers what went wrong. */
const killedAt = async ({ live: life, work, chance }: Node, place: string): Promise<readonly string[]> => {
  const more = place.includes('undo') ? 'quick_undo' : 'post';
  work.want();
  work.want(place.includes('undo') ? 'quick_undo' : undefined);
  if (place.endsWith('announce') || place.endsWith('claim')) work.want('post');
  if (place === anyMoment) {
    const early = await lived(life(), work, momentMsMin + chance() * momentMsMax);
    return early ? ['a life ended by itself'] : [];
  }
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const times = attempt === 1 ? 1 + Math.floor(chance() * 2) : 1;
    if (attempt > 1) work.want(more);
    if (await lived(life(`${place}:${times}`), work, reachMsMax)) return [];
  }
  return [`no life came by ${place}`];
};

const begun = async ({ live: life, work }: Node): Promise<string> => {
  const first = life();
  const url = await first.url;
  if (url === undefined) throw new Error(`the node does not start: ${first.complaints()}`);
  const { body } = await work.budget(url);
  first.kill();
  await first.ended;
  return body.budget_id;
};

const part = async (workshop: string, share: Share): Promise<HarnessReport> => {
  const chance = dice(share.seed);
  const folder = path.join(workshop, `node-${share.part}`);
  mkdirSync(folder, { recursive: true });
  await copyStartedCluster(path.join(folder, 'read-models', 'cluster'));
  const ledger = await openLedger(chance);
  const env = environment(folder, ledger);
  const work = workload(ledger, share.seed);
  const node: Node = { live: (crashAt) => live(folder, env, crashAt), work, chance };
  const at: string[] = [];
  const broken: string[] = [];
  const budget_id = await begun(node);
  for (let n = 0; n < share.kills; n += 1) {
    const place = placeOf(n, share, chance);
    broken.push(...(await killedAt(node, place)));
    at.push(place);
  }
  const last = node.live();
  const url = (await last.url) ?? '';
  broken.push(...(await settled(url, work)));
  const told = await histories(url, work);
  broken.push(...told.flatMap((each) => discrepancies(each, ledger.entries)));
  broken.push(...(await budgetFaults(url, budget_id, told)));
  last.kill('SIGTERM');
  await last.ended;
  await ledger.close();
  const types = told.flatMap(({ run }) => run.map(({ type }) => type as string));
  const ends = ['RunCompleted', 'RunFailed', 'RunCanceled'];
  return {
    kills: at.length,
    at: counted(at),
    directives: work.wanted.length,
    calls: counted(ledger.entries.map(({ route }) => route)),
    ends: counted(types.filter((type) => ends.includes(type))),
    unknown: types.filter((type) => type === 'StepOutcomeUnknown').length,
    rollbacks: types.filter((type) => type === 'RollbackStarted').length,
    broken,
  };
};

const added = (counts: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> => {
  const sums: Record<string, number> = {};
  for (const [name, count] of counts.flatMap((each) => Object.entries(each))) sums[name] = (sums[name] ?? 0) + count;
  return sums;
};

/** Nodes side by side: half of a life is start-up, in which one processor has nothing to do. */
const parts = 2;

/**
 * Kills nodes so many times while directives of every kind are under way, at every place of the gate and at seeded moments,
 * and compares what then is in their logs with what reached their ledgers (assurance 4.6).
 */
export const runHarness = async (workshop: string, kills: number, seed: number): Promise<HarnessReport> => {
  const shares = Array.from({ length: parts }, (_, index) => {
    const own = Math.floor(kills / parts) + (index < kills % parts ? 1 : 0);
    return part(workshop, { kills: own, seed: seed * parts + index, part: index, parts });
  });
  const reports = await Promise.all(shares);
  const sum = (of: (report: HarnessReport) => number): number => reports.reduce((all, each) => all + of(each), 0);
  return {
    kills: sum((each) => each.kills),
    at: added(reports.map((each) => each.at)),
    directives: sum((each) => each.directives),
    calls: added(reports.map((each) => each.calls)),
    ends: added(reports.map((each) => each.ends)),
    unknown: sum((each) => each.unknown),
    rollbacks: sum((each) => each.rollbacks),
    broken: reports.flatMap((each) => each.broken),
  };
};
