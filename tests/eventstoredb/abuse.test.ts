import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { ClientHttp2Session } from 'node:http2';
import { createRequire } from 'node:module';
import net from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { messageBytesMax, unsentBytesMax } from '../../src/adapters/embedded-log/front/limits.ts';
import type { Storage } from '../../src/adapters/embedded-log/storage.ts';
import type * as Messages from '@eventstore/db-client/generated/streams_pb.js';
import type * as SharedMessages from '@eventstore/db-client/generated/shared_pb.js';
import { aFront, collected, given, type Fronted } from './front.fixture.ts';
import { answerTo, begin, call, connect, framed, paths } from './raw.grpc.ts';

const require = createRequire(import.meta.url);
const { ReadReq } = require('@eventstore/db-client/generated/streams_pb.js') as typeof Messages;
const { Empty } = require('@eventstore/db-client/generated/shared_pb.js') as typeof SharedMessages;

/** Pages read from the store, and who listens to it. */
const watched = { pages: 0, listeners: 0 };
const watching = (storage: Storage): Storage => ({
  ...storage,
  readAll: (...asked) => {
    watched.pages += 1;
    return storage.readAll(...asked);
  },
  listen: (hear) => {
    const stop = storage.listen(hear);
    watched.listeners += 1;
    return () => {
      watched.listeners -= 1;
      stop();
    };
  },
});

let front: Fronted;
let session: ClientHttp2Session;
beforeAll(async () => {
  front = await aFront(watching);
  session = connect(front.port);
});
afterAll(async () => {
  session.destroy();
  await front.close();
});

const readAllRequest = (): Buffer => {
  const request = new ReadReq();
  const options = new ReadReq.Options();
  const all = new ReadReq.Options.AllOptions();
  all.setStart(new Empty());
  options.setAll(all);
  options.setCount('9007199254740991');
  options.setNoFilter(new Empty());
  request.setOptions(options);
  return Buffer.from(request.serializeBinary());
};

/** The front still does what it is for. */
const stillServes = async (): Promise<void> => {
  const stream = randomUUID();
  await front.client.appendToStream(stream, given(1));
  expect(await collected(front.client.readStream(stream))).toHaveLength(1);
};

describe('a call that is not what it should be', () => {
  it('is answered with a status, whatever its bytes, and the front goes on (fuzzed)', async () => {
    const anyPath = fc.constantFrom(...Object.values(paths), '/no/such', '/');
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.uint8Array({ maxLength: 400 }).map((message) => framed(message)),
      fc.tuple(fc.nat(), fc.nat(255)).map(([at, byte]) => {
        const bytes = framed(readAllRequest());
        bytes[at % bytes.length] = byte;
        return bytes;
      }),
      fc
        .array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 })
        .map((parts) => Buffer.concat(parts.map((part) => framed(part)))),
    );
    await fc.assert(
      fc.asyncProperty(anyPath, body, async (path, bytes) => {
        const { trailers, messages } = await call(session, path, bytes);
        const subscribed = messages[0]?.[0] === 0x12;
        expect(subscribed || /^\d{1,2}$/.test(String(trailers['grpc-status']))).toBe(true);
      }),
      { numRuns: 300 },
    );
    await stillServes();
  });

  it.each([
    ['is compressed', framed(Buffer.from('x'), 1), '12'],
    ['is larger than any may be', Buffer.from([0, 0xff, 0xff, 0xff, 0xff]), '8'],
    ['ends within a frame', Buffer.from([0, 0, 0, 0, 9, 1]), '3'],
    ['says nothing', Buffer.alloc(0), '3'],
    ['says it twice', Buffer.concat([framed(readAllRequest()), framed(readAllRequest())]), '3'],
  ])('when it %s', async (_, body, status) => {
    const { trailers } = await call(session, paths.read, body);
    expect(trailers['grpc-status']).toBe(status);
  });

  it('does not end the appends it travels with, while it can be told whose it is', async () => {
    const correlation = randomUUID();
    const id = Buffer.concat([Buffer.from([0x12, 36]), Buffer.from(correlation)]);
    const nonsense = Buffer.concat([Buffer.from([0x0a, id.length]), id, Buffer.from([0x12, 2, 0xff, 0xff])]);
    const { messages, trailers } = await call(session, paths.batchAppend, framed(nonsense));
    expect(messages).toHaveLength(1);
    expect(messages[0]?.includes(correlation)).toBe(true);
    expect(messages[0]?.includes('event_store.client.BadRequest')).toBe(true);
    expect(trailers['grpc-status']).toBe('0');
  });

  it('is refused where it is no gRPC', async () => {
    const stream = session.request({ ':method': 'GET', ':path': '/' });
    const [headers] = (await once(stream, 'response')) as [{ ':status': number }];
    expect(headers[':status']).toBe(415);
    stream.resume();
  });

  it('is UNIMPLEMENTED where nobody knows it', async () => {
    const { trailers } = await call(session, '/event_store.client.users.Users/Create', framed(Buffer.alloc(0)));
    expect(trailers).toMatchObject({ 'grpc-status': '12', 'grpc-message': expect.stringContaining('Users/Create') });
  });
});

describe('a connection that is not what it should be', () => {
  const ended = async (write: (socket: net.Socket) => void): Promise<void> => {
    const socket = net.connect(front.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    write(socket);
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  };

  it('is closed, and the others go on (fuzzed)', async () => {
    const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    const start = fc.constantFrom(Buffer.alloc(0), preface, Buffer.from('GET / HTTP/1.1\r\n'));
    await fc.assert(
      fc.asyncProperty(start, fc.uint8Array({ minLength: 1, maxLength: 200 }), (first, rest) =>
        ended((socket) => socket.end(Buffer.concat([first, rest]))),
      ),
      { numRuns: 100 },
    );
    await stillServes();
  });

  it('is closed when its headers have no end', async () => {
    await ended((socket) => {
      socket.write('GET / HTTP/1.1\r\n');
      const more = (): void => {
        if (socket.writable) socket.write(`x-${randomUUID()}: ${'y'.repeat(1000)}\r\n`, () => setImmediate(more));
      };
      more();
    });
    await stillServes();
  });
});

describe('a reader', () => {
  const total = 12 * 900;
  beforeAll(async () => {
    const big = () => ({ id: randomUUID(), type: 'Big', is_json: true, data: bigText, metadata: Buffer.alloc(0) });
    const bigText = Buffer.from(JSON.stringify('x'.repeat(1000)));
    for (let n = 0; n < total / 900; n++) {
      const events = Array.from({ length: 900 }, big);
      expect(await front.storage.append([{ stream: randomUUID(), expected: 'no_stream', events }])).toMatchObject({
        is: 'appended',
      });
    }
  });

  it('hears that it is served before it has finished asking (pitfall 4)', async () => {
    const stream = begin(session, paths.read);
    const [headers] = (await once(stream, 'response')) as [{ ':status': number }];
    expect(headers[':status']).toBe(200);
    stream.close();
  });

  it('that does not read on costs no more than what may wait for it, and starves nobody (pitfall 13)', async () => {
    const pagesBefore = watched.pages;
    const slow = front.client.readAll({}, { highWaterMark: 1 });
    await once(slow, 'readable');
    for (let n = 0; n < 50; n++) await front.client.appendToStream(randomUUID(), given(1));
    const pages = watched.pages - pagesBefore;
    // What waits in the front, in the windows of HTTP/2 and in the client, at a kilobyte an event.
    expect(pages * 512 * 1000).toBeLessThan(unsentBytesMax + 6 * 1024 * 1024);
    expect(pages * 512).toBeLessThan(total);
    await slow.cancel();
    slow.resume();
  });

  it('that leaves is read for no more (pitfall 12)', async () => {
    const greedy = connect(front.port, { settings: { initialWindowSize: 2 ** 30 } });
    await once(greedy, 'localSettings');
    greedy.setLocalWindowSize(2 ** 30);
    const pagesBefore = watched.pages;
    const stream = begin(greedy, paths.read);
    stream.end(framed(readAllRequest()));
    await once(stream, 'data');
    stream.destroy();
    await stillServes();
    await stillServes();
    const pages = watched.pages;
    await stillServes();
    expect(watched.pages).toBe(pages);
    expect((pages - pagesBefore) * 512).toBeLessThan(total);
    greedy.destroy();
  });

  it('that listened and leaves is listened for no more', async () => {
    await vi.waitFor(() => expect(watched.listeners).toBe(0));
    const { client } = front;
    const subscriptions = [client.subscribeToAll(), client.subscribeToStream(randomUUID())];
    for (const subscription of subscriptions) await once(subscription, 'confirmation');
    expect(watched.listeners).toBe(2);
    for (const subscription of subscriptions) {
      await subscription.unsubscribe();
      subscription.resume();
    }
    await vi.waitFor(() => expect(watched.listeners).toBe(0));
  });

  it('gets every event, however slowly it reads', async () => {
    let events = 0;
    for await (const { event } of front.client.readAll({}, { highWaterMark: 4 })) {
      if (event?.type === 'Big') events += 1;
      if (events % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(events).toBe(total);
  });
});

it('takes no message over the limit, however it is sent', async () => {
  const stream = begin(session, paths.append);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(messageBytesMax + 1, 1);
  stream.write(prefix);
  const { trailers } = await answerTo(stream);
  expect(trailers['grpc-status']).toBe('8');
  await stillServes();
});
