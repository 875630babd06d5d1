import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { Expected } from '../../src/ports.ts';
import type { Proposal, Storage, StoredRecord, StoreOutcome } from '../../src/adapters/embedded-log/storage.ts';
import { openStorage, type Store, type StoreOptions } from '../../src/adapters/embedded-log/store.ts';

/** An empty folder that is gone when the test is over. */
export const freshFolder = (): string => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'acta-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

/** A store in a folder of its own, closed when the test is over. */
export const freshStore = (options: StoreOptions = {}, folder = freshFolder()): Store => {
  const store = openStorage(folder, options);
  onTestFinished(() => store.close());
  return store;
};

export const proposal = (type = 'Happened', data: unknown = { n: 1 }, id: string = randomUUID()): Proposal => ({
  id,
  type,
  is_json: true,
  data: Buffer.from(JSON.stringify(data)),
  metadata: Buffer.from('{}'),
});

export const proposals = (count: number, type?: string): Proposal[] =>
  Array.from({ length: count }, (_, n) => proposal(type, { n }));

/** Appends to one stream. */
export const append = (
  store: Storage,
  stream: string,
  expected: Expected,
  events: readonly Proposal[],
): Promise<StoreOutcome> => store.append([{ stream, expected, events }]);

/** An append that must succeed. */
export const appended = async (outcome: Promise<StoreOutcome>) => {
  const settled = await outcome;
  if (settled.is !== 'appended') throw new Error(`not appended: ${JSON.stringify(settled)}`);
  return settled;
};

/** The whole log, page by page. */
export const everything = (store: Storage, direction: 'forward' | 'backward' = 'forward', limit = 100) => {
  const records: StoredRecord[] = [];
  let from: number | 'start' | 'end' = direction === 'forward' ? 'start' : 'end';
  for (;;) {
    const page = store.readAll(from, direction, limit);
    records.push(...page.events);
    if (page.end) return records;
    from = direction === 'forward' ? page.considered + 1 : page.considered;
  }
};

/** The visible part of a stream, oldest first. */
export const streamOf = (store: Storage, stream: string): readonly StoredRecord[] => {
  const page = store.readStream(stream, 'start', 'forward', 1000);
  return page.is === 'events' ? page.events : [];
};

/** Records with their bodies as text, to be compared. */
export const shown = (records: readonly StoredRecord[]) =>
  records.map((record) => ({ ...record, data: textOf(record), metadata: Buffer.from(record.metadata).toString() }));

export const textOf = ({ data }: StoredRecord): string => Buffer.from(data).toString();
