import { randomUUID } from 'node:crypto';
import {
  binaryEvent,
  BACKWARDS,
  END,
  MaxAppendSizeExceededError,
  NO_STREAM,
  STREAM_EXISTS,
  StreamDeletedError,
  StreamNotFoundError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { aFront, collected, given, unary, type Fronted } from './front.fixture.ts';

let front: Fronted;
beforeAll(async () => {
  front = await aFront();
});
afterAll(() => front.close());

const ways = [
  ['the stream of all appends', {}],
  ['a call of its own', unary],
] as const;

describe.each(ways)('an append by %s', (_, options) => {
  it('answers with the revision to expect next, and the place', async () => {
    const { client } = front;
    const appended = await client.appendToStream(randomUUID(), given(3), { expectedRevision: NO_STREAM, ...options });
    const [newest] = await collected(client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 }));
    expect(appended).toEqual({ success: true, nextExpectedRevision: 2n, position: newest?.event?.position });
  });

  it('of nothing changes nothing, and answers where the stream ends', async () => {
    const { client } = front;
    const stream = randomUUID();
    const nothing = () => client.appendToStream(stream, [], options);
    // Where the answer says `no_stream`, the official client says 0.
    expect(await nothing()).toMatchObject({ success: true, nextExpectedRevision: 0n });
    await expect(collected(client.readStream(stream))).rejects.toThrow(StreamNotFoundError);
    await client.appendToStream(stream, given(3));
    expect(await nothing()).toMatchObject({ success: true, nextExpectedRevision: 2n });
  });

  it('gives a retried append the same answer', async () => {
    const { client } = front;
    const [stream, events] = [randomUUID(), given(2)];
    const append = () => client.appendToStream(stream, events, { expectedRevision: NO_STREAM, ...options });
    expect(await append()).toEqual(await append());
    expect(await collected(client.readStream(stream))).toHaveLength(2);
  });

  it('says what was expected and what is there', async () => {
    const { client } = front;
    const stream = `käse-${randomUUID()}`;
    await client.appendToStream(stream, given(4));
    const refusals = [
      [1n, 1n, 3n],
      [NO_STREAM, NO_STREAM, 3n],
      [9n, 9n, 3n],
    ] as const;
    for (const [expectedRevision, expectedVersion, actualVersion] of refusals) {
      const appending = client.appendToStream(stream, given(1), { expectedRevision, ...options });
      await expect(appending).rejects.toThrow(WrongExpectedVersionError);
      await expect(appending).rejects.toMatchObject({ streamName: stream, expectedVersion, actualVersion });
    }
    const never = client.appendToStream(randomUUID(), given(1), { expectedRevision: STREAM_EXISTS, ...options });
    await expect(never).rejects.toMatchObject({ expectedVersion: 'stream_exists', actualVersion: 'no_stream' });
  });

  it('is refused for ever by a tombstone', async () => {
    const { client } = front;
    const stream = randomUUID();
    await client.tombstoneStream(stream, { expectedRevision: NO_STREAM });
    const appending = client.appendToStream(stream, given(1), options);
    await expect(appending).rejects.toThrow(StreamDeletedError);
    await expect(appending).rejects.toMatchObject({ streamName: stream });
  });

  it('is refused when it is too large, in one event or in many', async () => {
    const { client } = front;
    for (const events of [given(1, 'Large', 'x'.repeat(1_100_000)), given(40, 'Many', 'x'.repeat(30_000))]) {
      const appending = client.appendToStream(randomUUID(), events, options);
      await expect(appending).rejects.toThrow(MaxAppendSizeExceededError);
      await expect(appending).rejects.toMatchObject({ maxAppendSize: 1024 * 1024 });
    }
  });

  it('keeps bytes as bytes, and metadata whatever it is', async () => {
    const { client } = front;
    const stream = randomUUID();
    const bytes = Uint8Array.from({ length: 256 }, (_, n) => n);
    const event = binaryEvent({ type: 'Bytes', data: bytes, metadata: bytes });
    await client.appendToStream(stream, event, options);
    const [found] = await collected(client.readStream(stream));
    expect(found?.event).toMatchObject({ type: 'Bytes', isJson: false, id: event.id });
    expect(Buffer.from(found?.event?.data as Uint8Array)).toEqual(Buffer.from(bytes));
    expect(Buffer.from(found?.event?.metadata as Uint8Array)).toEqual(Buffer.from(bytes));
  });
});

describe('the stream of all appends', () => {
  it('takes one append in several messages (batchAppendSize)', async () => {
    const { client } = front;
    const [stream, events] = [randomUUID(), given(50, 'Part', 'x'.repeat(1000))];
    const appended = await client.appendToStream(stream, events, { batchAppendSize: 4000 });
    expect(appended.nextExpectedRevision).toBe(49n);
    const found = await collected(client.readStream(stream));
    expect(found.map(({ event }) => event?.id)).toEqual(events.map(({ id }) => id));
  });

  it('keeps the parts of appends apart that arrive mixed', async () => {
    const { client } = front;
    const appends = Array.from({ length: 12 }, () => ({
      stream: randomUUID(),
      events: given(9, 'Mixed', 'x'.repeat(500)),
    }));
    await Promise.all(
      appends.map(({ stream, events }) => client.appendToStream(stream, events, { batchAppendSize: 1200 })),
    );
    for (const { stream, events } of appends) {
      const found = await collected(client.readStream(stream));
      expect(found.map(({ event }) => event?.id)).toEqual(events.map(({ id }) => id));
    }
  });

  it('is not ended by a bad append: the others are answered (pitfall 3)', async () => {
    const { client } = front;
    const [tombstoned, taken] = [randomUUID(), randomUUID()];
    await client.tombstoneStream(tombstoned, { expectedRevision: NO_STREAM });
    await client.appendToStream(taken, given(1));
    const answers = await Promise.allSettled(
      Array.from({ length: 60 }, (_, n) => {
        if (n % 6 === 1) return client.appendToStream(tombstoned, given(1));
        if (n % 6 === 3) return client.appendToStream(taken, given(1), { expectedRevision: NO_STREAM });
        if (n % 6 === 5) return client.appendToStream(randomUUID(), given(1, 'Large', 'x'.repeat(1_100_000)));
        return client.appendToStream(randomUUID(), given(1), { expectedRevision: NO_STREAM });
      }),
    );
    expect(answers.map(({ status }) => status === 'fulfilled')).toEqual(answers.map((_, n) => n % 2 === 0));
  });

  it('answers an append whose deadline has passed before anything is recorded (pitfall 12)', async () => {
    const { client } = front;
    const stream = randomUUID();
    const late = client.appendToStream(stream, given(1), { deadline: -60_000 });
    await expect(late).rejects.toMatchObject({ type: 'deadline-exceeded' });
    await expect(collected(client.readStream(stream))).rejects.toMatchObject({ type: 'stream-not-found' });
  });
});

describe('a store that takes longer than the deadline of an append', () => {
  it('is not waited for, and what it says later is told to nobody', async () => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = await aFront((storage) => ({
      ...storage,
      append: async (writes) => {
        if (writes.some(({ stream }) => stream === 'slow')) await released;
        return storage.append(writes);
      },
    }));
    const { client } = slow;
    const late = client.appendToStream('slow', given(1), { deadline: 300 });
    const others = Promise.all([1, 2, 3].map((n) => client.appendToStream(`quick-${n}`, given(1))));
    await expect(late).rejects.toMatchObject({ type: 'deadline-exceeded' });
    release();
    expect((await others).map(({ nextExpectedRevision }) => nextExpectedRevision)).toEqual([0n, 0n, 0n]);
    await vi.waitFor(async () => expect(await collected(client.readStream('slow'))).toHaveLength(1));
    expect(await client.appendToStream('slow', given(1))).toMatchObject({ nextExpectedRevision: 1n });
    await slow.close();
  });
});

describe('a deletion', () => {
  it('is soft, and the stream goes on', async () => {
    const { client } = front;
    const stream = `ø-${randomUUID()}`;
    await client.appendToStream(stream, given(2));
    await expect(client.deleteStream(stream, { expectedRevision: 5n })).rejects.toMatchObject({
      type: 'wrong-expected-version',
      expectedVersion: 5n,
      actualVersion: 1n,
    });
    const deleted = await client.deleteStream(stream, { expectedRevision: 1n });
    expect(deleted.position?.commit).toBeGreaterThan(0n);
    await expect(collected(client.readStream(stream))).rejects.toMatchObject({ type: 'stream-not-found' });
    await client.appendToStream(stream, given(1), { expectedRevision: NO_STREAM });
    expect((await collected(client.readStream(stream))).map(({ event }) => event?.revision)).toEqual([2n]);
  });

  it('by tombstone names its stream in ASCII, whatever it is called (pitfall 7)', async () => {
    const { client } = front;
    const stream = `墓-${randomUUID()}`;
    await client.tombstoneStream(stream, { expectedRevision: NO_STREAM });
    const refused = { type: 'stream-deleted', streamName: encodeURIComponent(stream) };
    await expect(collected(client.readStream(stream))).rejects.toMatchObject(refused);
    await expect(client.deleteStream(stream)).rejects.toMatchObject(refused);
    await expect(client.tombstoneStream(stream)).rejects.toMatchObject(refused);
  });
});

it('keeps stream metadata, and hides what it says', async () => {
  const { client } = front;
  const stream = randomUUID();
  await client.appendToStream(stream, given(5));
  expect(await client.getStreamMetadata(stream)).toEqual({ streamName: stream });
  await client.setStreamMetadata(stream, { maxCount: 2, custom: 'yes', acl: { readRoles: ['$all'] } });
  const { metadata } = await client.getStreamMetadata(stream);
  expect(metadata).toEqual({ maxCount: 2, custom: 'yes', acl: { readRoles: ['$all'] } });
  expect((await collected(client.readStream(stream))).map(({ event }) => event?.revision)).toEqual([3n, 4n]);
});
