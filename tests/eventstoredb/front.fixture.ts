import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { startFront } from '../../src/adapters/embedded-log/front.ts';
import type { Storage } from '../../src/adapters/embedded-log/storage.ts';
import { openStorage } from '../../src/adapters/embedded-log/store.ts';

export interface Fronted {
  readonly port: number;
  /** `esdb://…`, without encryption. */
  readonly url: string;
  readonly storage: Storage;
  readonly client: EventStoreDBClient;
  readonly close: () => Promise<void>;
}

/** A store and its front in this thread, so that tests can look at both sides, and the official client on it. */
export const aFront = async (around: (storage: Storage) => Storage = (storage) => storage): Promise<Fronted> => {
  const folder = mkdtempSync(join(tmpdir(), 'acta-front-'));
  const storage = around(openStorage(folder));
  const front = await startFront(storage, { port: 0 });
  const url = `esdb://127.0.0.1:${front.port}?tls=false`;
  const client = EventStoreDBClient.connectionString(url);
  return {
    port: front.port,
    url,
    storage,
    client,
    close: async () => {
      await client.dispose();
      await front.close();
      await storage.close();
      rmSync(folder, { recursive: true });
    },
  };
};

/** With these the client appends by `Append`; without, by `BatchAppend`. */
export const unary = { credentials: { username: 'nobody', password: 'nothing' } } as const;

export const given = (count: number, type = 'Given', text = '') =>
  Array.from({ length: count }, (_, n) => jsonEvent({ type, data: { n, text }, metadata: { version: '1' } }));

export const collected = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of source) all.push(item);
  return all;
};
