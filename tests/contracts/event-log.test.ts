import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedLog } from '../../src/adapters/embedded-log/event-log.ts';
import { openEventStoreDb } from '../../src/adapters/eventstoredb/event-log.ts';
import { findEventStore } from '../support/eventstore.server.ts';
import { eventLogContract } from './event-log.contract.ts';

const aFolder = (): string => mkdtempSync(join(tmpdir(), 'acta-log-'));

eventLogContract('the embedded log', async () => {
  const folder = aFolder();
  const log = await openEmbeddedLog({ folder });
  const close = async (): Promise<void> => {
    await log.close();
    rmSync(folder, { recursive: true });
  };
  return { log, can: { appendMany: true }, close };
});

eventLogContract("EventStoreDB's client on the front of the embedded log", async () => {
  const folder = aFolder();
  const server = await openEmbeddedLog({ folder, front_port: 0 });
  const log = openEventStoreDb(`esdb://127.0.0.1:${server.front_port}?tls=false`);
  const close = async (): Promise<void> => {
    await log.close();
    await server.close();
    rmSync(folder, { recursive: true });
  };
  return { log, can: { appendMany: false }, close };
});

const server = await findEventStore();
if (server === undefined)
  console.log('skipped: the event log contract on a real server: no EVENTSTORE_URL and no Docker');
else
  eventLogContract('an EventStoreDB server', async () => {
    const log = openEventStoreDb(server.url);
    const close = async (): Promise<void> => {
      await log.close();
      await server.stop();
    };
    return { log, can: { appendMany: false }, close };
  });
