import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openEventStoreDb } from '../../src/adapters/eventstoredb/event-log.ts';
import type { EventLog } from '../../src/ports.ts';
import { anEvent, aStream, collected, events, idsOf, recorded } from '../contracts/event-log/given.ts';
import { aFront, given, type Fronted } from './front.fixture.ts';
import { aWire, type Wire } from './proxy.ts';

let front: Fronted;
let wire: Wire;
const opened: EventLog[] = [];
const open = (url: string, options?: Parameters<typeof openEventStoreDb>[1]): EventLog => {
  const log = openEventStoreDb(url, options);
  opened.push(log);
  return log;
};
const throughWire = (options?: Parameters<typeof openEventStoreDb>[1]): EventLog =>
  open(`esdb://127.0.0.1:${wire.port}?tls=false`, options);

beforeAll(async () => {
  front = await aFront();
});
afterAll(() => front.close());
beforeEach(async () => {
  wire = await aWire(front.port);
});
afterEach(async () => {
  await wire.close();
  for (const log of opened.splice(0)) await log.close();
});

const unavailable = { name: 'LogError', fault: 'unavailable' };

describe('a log that is not there (F20)', () => {
  it('says so, whatever is asked of it', async () => {
    await wire.close();
    const log = throughWire();
    const signal = new AbortController().signal;
    const asked = [
      log.append(aStream(), 'no_stream', events(1)),
      log.head(),
      log.metadata(aStream()),
      log.remove(aStream(), 'any'),
      collected(log.read(aStream())),
      collected(log.readAll()),
      (async () => {
        for await (const _ of log.subscribe({ from: 'start', signal }));
      })(),
    ];
    for (const answer of await Promise.allSettled(asked))
      expect(answer).toMatchObject({ status: 'rejected', reason: unavailable });
  });

  it('says so once it was closed', async () => {
    const log = throughWire();
    await recorded(log, aStream(), events(1));
    await log.close();
    await expect(log.append(aStream(), 'no_stream', events(1))).rejects.toMatchObject(unavailable);
    await expect(log.head()).rejects.toMatchObject(unavailable);
    await log.close();
  });
});

it('is found again when it comes back, and a retry is the same append (F21)', async () => {
  const log = throughWire();
  const [stream, first, second] = [aStream(), events(2), events(2)];
  const before = await recorded(log, stream, first);
  await wire.close();
  await expect(log.append(stream, 1, second)).rejects.toMatchObject(unavailable);
  await wire.listen();
  expect(await log.append(stream, 1, second)).toMatchObject({ ok: true, revision: 3 });
  expect(await log.append(stream, 'no_stream', first)).toEqual({ ok: true, ...before });
  expect(idsOf(await collected(log.read(stream)))).toEqual(idsOf([...first, ...second]));
});

it('does not know the outcome when the line breaks after the request (F23)', async () => {
  const log = throughWire();
  const [stream, proposed] = [aStream(), events(3)];
  await log.head();
  wire.breakAtNextAnswer();
  await expect(log.append(stream, 'no_stream', proposed)).rejects.toMatchObject(unavailable);
  wire.mend();
  expect(await log.append(stream, 'no_stream', proposed)).toMatchObject({ ok: true, revision: 2 });
  expect(idsOf(await collected(log.read(stream)))).toEqual(idsOf(proposed));
});

describe('a log that takes everything and answers nothing (F24)', () => {
  const soon = { call_ms_max: 1000, read_silence_ms_max: 1000 };
  const timeout = { status: 'rejected', reason: { name: 'LogError', fault: 'timeout' } };

  it('is given up after its time, and the outcome is unknown', async () => {
    const log = throughWire(soon);
    const [stream, proposed] = [aStream(), events(1)];
    await log.head();
    wire.holdAnswers();
    const asked = [
      log.append(stream, 'no_stream', proposed),
      log.remove(aStream(), 'any'),
      collected(log.read(stream)),
      log.head(),
    ];
    for (const answer of await Promise.allSettled(asked)) expect(answer).toMatchObject(timeout);
    wire.mend();
    wire.breakNow();
    await vi.waitFor(async () => expect(await log.append(stream, 0, events(1))).toMatchObject({ ok: false }));
  });

  it('is given up in the middle of a read', async () => {
    const [log, stream] = [throughWire(soon), aStream()];
    const writer = open(front.url);
    for (let n = 0; n < 6; n++)
      await recorded(writer, stream, [anEvent('Large', 'x'.repeat(900_000))], n === 0 ? 'no_stream' : n - 1);
    const reading = async (): Promise<void> => {
      for await (const _ of log.read(stream)) wire.holdAnswers();
    };
    await expect(reading()).rejects.toMatchObject({ fault: 'timeout' });
  });

  it('is given up when it never was there', async () => {
    wire.holdAnswers();
    const log = throughWire(soon);
    const asked = [log.append(aStream(), 'no_stream', events(1)), collected(log.readAll())];
    for (const answer of await Promise.allSettled(asked)) expect(answer).toMatchObject(timeout);
  });

  it('is noticed by its followers, who have no time to be given, by its silence to a ping', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const log = open(`esdb://127.0.0.1:${wire.port}?tls=false&keepAliveInterval=50&keepAliveTimeout=50`);
    warn.mockRestore();
    const following = async (): Promise<void> => {
      for await (const { live } of log.subscribe({ from: 'start', signal: new AbortController().signal }))
        if (live) wire.holdAnswers();
    };
    await expect(following()).rejects.toMatchObject(unavailable);
  });
});

it('follows an answer "not leader" to the leader (F26)', async () => {
  const follower = http2.createServer();
  let asked = 0;
  follower.on('stream', (stream) => {
    asked += 1;
    stream.respond(
      {
        'content-type': 'application/grpc',
        'grpc-status': '5',
        exception: 'not-leader',
        'leader-endpoint-host': '127.0.0.1',
        'leader-endpoint-port': String(front.port),
      },
      { endStream: true },
    );
  });
  follower.listen(0, '127.0.0.1');
  await once(follower, 'listening');
  const log = open(`esdb://127.0.0.1:${(follower.address() as AddressInfo).port}?tls=false`);
  const stream = aStream();
  expect(await log.append(stream, 'no_stream', events(1))).toMatchObject({ ok: true, revision: 0 });
  expect(await log.append(stream, 0, events(1))).toMatchObject({ ok: true, revision: 1 });
  expect(asked).toBe(1);
  await log.close();
  follower.close();
});

it('is followed on from where it was, however often the line breaks (F28)', async () => {
  const log = throughWire();
  const { position: from } = await recorded(log, aStream(), events(1));
  const proposed = events(600);
  for (let n = 0; n < 6; n++) await recorded(log, aStream(), proposed.slice(n * 100, n * 100 + 100));
  const seen: string[] = [];
  let [position, breaks] = [from, 0];
  const follow = async (): Promise<void> => {
    for await (const batch of log.subscribe({ from: position, signal: new AbortController().signal })) {
      seen.push(...idsOf(batch.events));
      position = batch.position;
      if (seen.length >= proposed.length) return;
      if (seen.length < (breaks + 1) * 100) continue;
      breaks += 1;
      wire.breakNow();
    }
  };
  while (seen.length < proposed.length)
    await follow().catch((error: unknown) => expect(error).toMatchObject(unavailable));
  expect(breaks).toBeGreaterThan(0);
  expect(seen).toEqual(idsOf(proposed));
});

it('is not touched when the stream of appends of another client in its process breaks (pitfall 3)', async () => {
  const othersWire = await aWire(front.port);
  const other = EventStoreDBClient.connectionString(`esdb://127.0.0.1:${othersWire.port}?tls=false`);
  const log = throughWire();
  await other.appendToStream(randomUUID(), given(1));
  await recorded(log, aStream(), events(1));
  othersWire.holdAnswers();
  wire.holdAnswers();
  const theirs = other.appendToStream(randomUUID(), given(1));
  const ours = [aStream(), aStream()].map((stream) => log.append(stream, 'no_stream', events(1)));
  othersWire.breakNow();
  await expect(theirs).rejects.toThrow(/UNAVAILABLE/);
  wire.mend();
  for (const appended of await Promise.all(ours)) expect(appended).toMatchObject({ ok: true, revision: 0 });
  await other.dispose();
  await othersWire.close();
});

describe('what others wrote', () => {
  it('is read as it is: bytes as bytes, metadata as text', async () => {
    const { client } = front;
    const log = open(front.url);
    const stream = aStream();
    const shared = { id: randomUUID(), type: 'Theirs', contentType: 'application/json' } as const;
    await client.appendToStream(stream, [
      { ...shared, data: { a: 1 }, metadata: { text: 'as it is', number: 1, deep: { list: [true, null] } } },
      { ...shared, id: randomUUID(), data: { a: 2 }, metadata: undefined },
      { ...shared, id: randomUUID(), data: { a: 3 }, metadata: Uint8Array.from([1, 2, 3]) },
      {
        ...shared,
        id: randomUUID(),
        contentType: 'application/octet-stream',
        data: Uint8Array.from([7]),
        metadata: [],
      },
    ]);
    const found = await collected(log.read(stream));
    expect(found.map(({ data, metadata }) => [data, metadata])).toEqual([
      [{ a: 1 }, { text: 'as it is', number: '1', deep: '{"list":[true,null]}' }],
      [{ a: 2 }, {}],
      [{ a: 3 }, {}],
      [Uint8Array.from([7]), {}],
    ]);
  });
});

it('is opened by a connection string, or refused without repeating its password', () => {
  const refused = (): unknown => openEventStoreDb('kurrent://me:secret@host');
  expect(refused).toThrow(/connection string/);
  expect(refused).not.toThrow(/secret/);
});
