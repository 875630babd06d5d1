import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { crashPoints } from '../../src/crash-points.ts';
import { openStorage } from '../../src/adapters/embedded-log/store.ts';
import { batchesIn, everything, missing } from './batches.ts';
import { dice } from './dice.ts';

export interface KillReport {
  readonly kills: number;
  /** Kills at each crash point of the log; the others came at any moment. */
  readonly at: Readonly<Record<string, number>>;
  readonly acknowledged: number;
  readonly told: number;
  /** Appends that were durable though nobody was told so: the outcome a client must take for unknown. */
  readonly unknown: number;
  readonly broken: readonly string[];
}

const program = fileURLToPath(new URL('publisher.program.ts', import.meta.url));
const points = crashPoints.filter((point) => point.startsWith('log.'));

interface Life {
  readonly sent: string[];
  readonly acknowledged: string[];
  readonly told: string[];
  readonly end: NodeJS.Signals | number | null;
  readonly complaints: string;
}

/** One life of a writer: killed by the crash point it reaches, or by us when it has said so many lines. */
const live = async (folder: string, name: string, linesMax: number, crashAt: string | undefined): Promise<Life> => {
  // Hundreds of lives read the same sources: one of them compiles them.
  const NODE_COMPILE_CACHE = path.join(folder, '..', 'compiled');
  const env = { ...process.env, NODE_COMPILE_CACHE, ...(crashAt !== undefined && { ACTA_CRASH_AT: crashAt }) };
  const child = spawn(process.execPath, [program, folder, name], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<Life['end']>((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)));
  const life = { sent: [] as string[], acknowledged: [] as string[], told: [] as string[] };
  let complaints = '';
  child.stderr.on('data', (text: Buffer) => (complaints += text.toString()));
  let lines = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, ...rest] = line.split(' ');
    if (word === 'SENT') life.sent.push(...rest);
    if (word === 'ACK') life.acknowledged.push(...rest);
    if (word === 'TOLD') life.told.push(...rest);
    lines += 1;
    if (crashAt === undefined && lines === linesMax) child.kill('SIGKILL');
  }
  return { ...life, end: await ended, complaints };
};

/** What is in the log now. Throws when it does not open, or when something in it is torn. */
const contents = async (folder: string) => {
  const store = openStorage(folder);
  const records = everything(store);
  await store.close();
  return { ids: records.map(({ id }) => id), batches: batchesIn(records) };
};

const noted = () => ({ sent: new Set<string>(), acknowledged: [] as string[], told: [] as string[] });

/** What does not fit between what was said of a log and what it holds, in sentences. */
const discrepancies = async (folder: string, { sent, acknowledged, told }: ReturnType<typeof noted>) => {
  const { ids, batches } = await contents(folder);
  const broken = [
    ...missing(acknowledged, batches).map((batch) => `${batch} was acknowledged and is gone`),
    ...missing(told, ids).map((id) => `${id} was told and is gone`),
    ...missing(batches, sent).map((batch) => `${batch} was never sent`),
  ];
  if (new Set(ids).size !== ids.length) broken.push('an event is there twice');
  return { broken, unknown: batches.length - acknowledged.length };
};

/** A log is written to in so many lives, each of which recovers what the one before it has left. */
const livesPerLog = 10;
const linesMax = 150;
const passesMax = 15;

/** Kills the writers of a few logs again and again, and looks after each death whether a promise was broken. */
export const killWriters = async (workshop: string, kills: number, seed: number): Promise<KillReport> => {
  const chance = dice(seed);
  const at: Record<string, number> = {};
  const broken: string[] = [];
  const sum = { acknowledged: 0, told: 0, unknown: 0 };
  let notes = noted();
  let unknown = 0;
  for (let n = 0; n < kills; n += 1) {
    if (n % livesPerLog === 0) [notes, unknown] = [noted(), 0];
    const folder = path.join(workshop, `log-${Math.floor(n / livesPerLog)}`);
    // Every other life ends at a crash point, in turn.
    const point = n % 2 === 0 ? undefined : points[Math.floor(n / 2) % points.length];
    if (point !== undefined) at[point] = (at[point] ?? 0) + 1;
    const crashAt = point && `${point}:${1 + Math.floor(chance() * passesMax)}`;
    const life = await live(folder, `life-${n}`, 5 + Math.floor(chance() * linesMax), crashAt);
    if (life.end !== 'SIGKILL') broken.push(`life ${n} ended by itself: ${life.end} ${life.complaints}`);
    for (const batch of life.sent) notes.sent.add(batch);
    notes.acknowledged.push(...life.acknowledged);
    notes.told.push(...life.told);
    try {
      const found = await discrepancies(folder, notes);
      broken.push(...found.broken.map((one) => `life ${n}: ${one}`));
      sum.unknown += found.unknown - unknown;
      unknown = found.unknown;
    } catch (error) {
      broken.push(`life ${n}: ${String(error)}`);
    }
    sum.acknowledged += life.acknowledged.length;
    sum.told += life.told.length;
  }
  return { kills, at, ...sum, broken };
};
