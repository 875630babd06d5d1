import * as E from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { openEventStoreDb } from '../../src/adapters/eventstoredb/event-log.ts';
import type { StoredRecord } from '../../src/adapters/embedded-log/storage.ts';
import { chained } from '../../src/commands/chain.ts';
import { memory, recall } from '../../src/commands/recall.ts';
import { chainStart, recorded } from '../../src/commands/record.ts';
import { agent } from '../../src/domain/agent/agent.decider.ts';
import { AgentPaused, AgentResumed } from '../../src/domain/agent/agent.events.ts';
import { catalogue } from '../../src/domain/catalogue.ts';
import { derived, streamOf } from '../../src/domain/kernel/ids.ts';
import type { EventLog } from '../../src/ports.ts';
import { aFront, type Fronted } from './front.fixture.ts';

const agent_id = derived('chain test');
const stream = streamOf('agent', agent_id);

/** What the server changes in what it has stored. */
let tamper: (record: StoredRecord) => StoredRecord = (record) => record;
let front: Fronted;
let log: EventLog;
beforeAll(async () => {
  front = await aFront((storage) => ({
    ...storage,
    readStream: (...asked) => {
      const page = storage.readStream(...asked);
      return page.is === 'events' ? { ...page, events: page.events.map(tamper) } : page;
    },
  }));
  log = chained(openEventStoreDb(front.url));
  const events = [AgentPaused({ agent_id, reason: 'to rest' }), AgentResumed({ agent_id, reason: '' })];
  const provenance = { actor: 'user:a', tenant: 'default', command_id: agent_id, correlation_id: agent_id };
  const { stored } = recorded(catalogue, stream, { revision: -1, link: chainStart }, events, provenance);
  await log.append(stream, 'no_stream', stored);
});
afterAll(async () => {
  await log.close();
  await front.close();
});
beforeEach(() => {
  tamper = (record) => record;
});

const recalled = () => recall(log, catalogue, memory(), agent, stream);
const changed = (bytes: Uint8Array, from: string, to: string): Buffer =>
  Buffer.from(Buffer.from(bytes).toString().replace(from, to));

it('a stream on a server is recalled as it was recorded', async () => {
  const found = await recalled();
  expect(E.isRight(found) && found.right.tail.revision).toBe(1);
});

it.each<[string, (record: StoredRecord) => StoredRecord]>([
  ['data', (record) => ({ ...record, data: changed(record.data, 'to rest', 'to lie') })],
  ['provenance', (record) => ({ ...record, metadata: changed(record.metadata, 'user:a', 'user:b') })],
  ['type', (record) => ({ ...record, type: record.type === 'AgentResumed' ? 'AgentRetired' : record.type })],
  ['link', (record) => ({ ...record, metadata: changed(record.metadata, '"self"', '"other"') })],
])('a stream on a server whose %s was changed is not decided on', async (_, change) => {
  tamper = change;
  await expect(recalled()).rejects.toMatchObject({ fault: 'corrupt' });
});
