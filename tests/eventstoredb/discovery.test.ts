import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import {
  EventStoreDBClient,
  persistentSubscriptionToAllSettingsFromDefaults,
  persistentSubscriptionToStreamSettingsFromDefaults,
} from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aFront, collected, given, type Fronted } from './front.fixture.ts';

let front: Fronted;
beforeAll(async () => {
  front = await aFront();
});
afterAll(() => front.close());

describe('a client that looks for its cluster', () => {
  it.each(['127.0.0.1', 'localhost'])('finds the log where it asked for it: %s', async (host) => {
    const found = EventStoreDBClient.connectionString(`esdb+discover://${host}:${front.port}?tls=false`);
    const stream = randomUUID();
    await found.appendToStream(stream, given(2));
    expect(await collected(found.readStream(stream))).toHaveLength(2);
    await found.dispose();
  });

  it('finds it among endpoints that are not there', async () => {
    const closed = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => closed.once('listening', resolve));
    const { port } = closed.address() as net.AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const found = EventStoreDBClient.connectionString(
      `esdb://127.0.0.1:${port},127.0.0.1:${front.port}?tls=false&nodePreference=leader`,
    );
    await found.appendToStream(randomUUID(), given(1));
    await found.dispose();
  });
});

describe('a connection that says little', () => {
  it.each(['P', 'PRI * HTTP/2.0'])('like %j keeps nobody else from being served', async (start) => {
    const mute = net.connect(front.port, '127.0.0.1');
    await once(mute, 'connect');
    mute.write(start);
    await front.client.appendToStream(randomUUID(), given(1));
    mute.destroy();
  });

  it('and goes on later is understood all the same', async () => {
    const slow = net.connect(front.port, '127.0.0.1');
    await once(slow, 'connect');
    for (const piece of ['PR', 'I * HTTP/2.0\r\n', '\r\nSM\r\n\r\n', '\0\0\0\x04\0\0\0\0\0']) {
      slow.write(piece, 'latin1');
      await front.client.appendToStream(randomUUID(), given(1));
    }
    const [settings] = (await once(slow, 'data')) as [Buffer];
    expect(settings[3]).toBe(4);
    slow.destroy();
  });
});

describe('what is not offered', () => {
  const unimplemented = { code: 12 };

  it('persistent subscriptions answer UNIMPLEMENTED, each of their calls (pitfall 10)', async () => {
    const { client } = front;
    const stream = randomUUID();
    const calls = [
      client.createPersistentSubscriptionToStream(
        stream,
        'group',
        persistentSubscriptionToStreamSettingsFromDefaults(),
      ),
      client.createPersistentSubscriptionToAll('group', persistentSubscriptionToAllSettingsFromDefaults()),
      client.updatePersistentSubscriptionToStream(
        stream,
        'group',
        persistentSubscriptionToStreamSettingsFromDefaults(),
      ),
      client.deletePersistentSubscriptionToAll('group'),
      client.getPersistentSubscriptionToStreamInfo(stream, 'group'),
      client.listAllPersistentSubscriptions(),
      client.replayParkedMessagesToStream(stream, 'group'),
      client.restartPersistentSubscriptionSubsystem(),
      collected(client.subscribeToPersistentSubscriptionToStream(stream, 'group')),
    ];
    for (const result of await Promise.allSettled(calls))
      expect(result).toMatchObject({ status: 'rejected', reason: unimplemented });
  });

  it('projections answer UNIMPLEMENTED', async () => {
    const { client } = front;
    const calls = [
      client.createProjection('all', 'fromAll()'),
      client.listProjections(),
      client.getProjectionState('all'),
      client.enableProjection('all'),
    ];
    for (const result of await Promise.allSettled(calls))
      expect(result).toMatchObject({ status: 'rejected', reason: unimplemented });
  });

  it('does not disturb what is', async () => {
    expect(await front.client.appendToStream(randomUUID(), given(1))).toMatchObject({ success: true });
  });
});

describe('plain HTTP on the same port (pitfall 5)', () => {
  const get = (path: string) => fetch(`http://127.0.0.1:${front.port}${path}`);

  it('says that the log lives', async () => {
    expect((await get('/health/live')).status).toBe(204);
    const ping = await get('/ping?format=json');
    expect([ping.status, await ping.json()]).toEqual([200, { text: expect.any(String) }]);
  });

  it('has no other answers', async () => {
    for (const path of ['/', '/streams/x', '/subscriptions', '//', '/%', '/health/live/../../etc'])
      expect([path, (await get(path)).status]).toEqual([path, 501]);
  });

  it('is told apart however its first bytes fall', async () => {
    const socket = net.connect(front.port, '127.0.0.1');
    for (const part of ['P', 'O', 'ST /ping HTTP/1.1\r\nhost: log\r\n', 'content-length: 0\r\n\r\n']) {
      socket.write(part);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /);
    socket.destroy();
  });
});

it('ends every call when it closes, and waits for nobody who is silent', async () => {
  const closing = await aFront();
  const silent = net.connect(closing.port, '127.0.0.1');
  await once(silent, 'connect');
  const client = EventStoreDBClient.connectionString(closing.url);
  const subscription = client.subscribeToAll();
  const [followed] = await Promise.allSettled([
    collected(subscription),
    once(subscription, 'caughtUp').then(() => closing.close()),
  ]);
  expect(followed).toMatchObject({ status: 'rejected', reason: { type: 'unavailable' } });
  silent.destroy();
  await client.dispose();
});
