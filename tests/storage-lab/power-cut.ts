import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openHeadFile } from '../../src/adapters/embedded-log/head.file.ts';
import { openStorage, type Store } from '../../src/adapters/embedded-log/store.ts';
import type { StoredRecord } from '../../src/adapters/embedded-log/storage.ts';
import { batchesIn, batchId, everything, missing, proposalsOf } from './batches.ts';
import { dice } from './dice.ts';
import { createDisk, powerCuts, type PowerCut } from './disk.ts';
import { record } from './recording.ts';

export interface PowerCutReport {
  readonly deeds: number;
  readonly boundaries: number;
  readonly states: number;
  readonly batches: number;
  /** One sentence for each state in which a promise was broken. */
  readonly losses: readonly string[];
}

export interface PowerCutPlan {
  /** The number of the first batch, by which the batches have their sizes. */
  readonly first: number;
  readonly batches: number;
  readonly synchronous: 'full' | 'normal';
  /** At most so many states, spread over the whole recording; all of them when left out. */
  readonly statesMax?: number;
  readonly seed: number;
}

const program = fileURLToPath(new URL('appender.program.ts', import.meta.url));

const opened = async <Result>(folder: string, look: (store: Store) => Result | Promise<Result>): Promise<Result> => {
  const store = openStorage(folder);
  try {
    return await look(store);
  } finally {
    await store.close();
  }
};

const printed = (records: readonly StoredRecord[]): string =>
  JSON.stringify(records.map((record) => ({ ...record, data: Buffer.from(record.data).toString(), metadata: '' })));

/** How far the head file vouches for events, as the power cut has left it. */
const headOf = (folder: string): number => {
  const { found, close } = openHeadFile(path.join(folder, 'log.head'));
  close();
  return found.is === 'head' ? found.head.position : 0;
};

/** What the store had said by the time of the power cut. */
interface Heard {
  readonly acknowledged: string[];
  readonly told: string[];
}

/** Everything that must hold of a log after a power cut; throws what does not. */
const inspect = async (folder: string, first: number, { acknowledged, told }: Heard): Promise<void> => {
  const promised = headOf(folder);
  const found = await opened(folder, everything);
  const batches = batchesIn(found);
  const lost = missing([...told, ...acknowledged], batches);
  if (lost.length > 0) throw new Error(`published or acknowledged, and gone: ${lost.join(', ')}`);
  const vouched = batchesIn(found.filter(({ position }) => position <= promised));
  if (missing(acknowledged, vouched).length > 0) throw new Error('acknowledged, and the head file knew nothing of it');
  for (const [n, batch] of batches.entries())
    if (batch !== batchId('lab', first + n)) throw new Error(`batch ${batch} is not the ${n + 1}th that was sent`);
  const again = await opened(folder, async (store) => {
    const second = everything(store);
    const more = [{ stream: 'after', expected: 'any', events: proposalsOf('after', 1) }] as const;
    const { is } = await store.append(more);
    if (is !== 'appended') throw new Error(`nothing can be recorded after the recovery: ${is}`);
    return second;
  });
  if (printed(again) !== printed(found)) throw new Error('a second recovery found something else');
  const after = batchesIn(await opened(folder, everything));
  if (after.length !== batches.length + 1) throw new Error('what was recorded after the recovery is gone');
};

/**
 * Records what the store does to its disk, then cuts the power before every deed and after the last, in each of the ways
 * a disk can forget, and opens what is left (assurance 4.5.1).
 */
export const cutPower = async (workshop: string, plan: PowerCutPlan): Promise<PowerCutReport> => {
  const { first, batches, synchronous, statesMax = Number.MAX_SAFE_INTEGER, seed } = plan;
  const [original, copy] = [path.join(workshop, 'original'), path.join(workshop, 'copy')];
  rmSync(original, { recursive: true, force: true });
  mkdirSync(original, { recursive: true });
  const args = [program, original, String(first), String(first + batches), synchronous];
  const deeds = record(original, args, path.join(workshop, 'trace'));
  const total = (deeds.length + 1) * powerCuts.length;
  const step = Math.max(1, total / statesMax);
  const disk = createDisk();
  const heard: Heard = { acknowledged: [], told: [] };
  const losses: string[] = [];
  const chance = dice(seed);
  let [states, next] = [0, 0];

  const at = async (boundary: number, cut: PowerCut): Promise<void> => {
    states += 1;
    disk.leave(copy, cut, chance);
    try {
      await inspect(copy, first, heard);
    } catch (error) {
      losses.push(`before deed ${boundary}, ${cut}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };

  for (let boundary = 0; boundary <= deeds.length; boundary += 1) {
    for (const [n, cut] of powerCuts.entries()) {
      if (boundary * powerCuts.length + n < next) continue;
      next += step;
      await at(boundary, cut);
    }
    const deed = deeds[boundary];
    if (deed === undefined) break;
    disk.perform(deed);
    const [word = '', batch = ''] = deed.did === 'say' ? deed.line.split(' ') : [];
    if (word === 'ACK') heard.acknowledged.push(batch);
    if (word === 'TOLD') heard.told.push(batch);
  }
  return { deeds: deeds.length, boundaries: deeds.length + 1, states, batches: heard.acknowledged.length, losses };
};
