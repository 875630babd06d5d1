import { randomUUID } from 'node:crypto';
import {
  BACKWARDS,
  binaryEvent,
  END,
  eventTypeFilter,
  jsonEvent,
  START,
  StreamDeletedError,
  StreamNotFoundError,
  streamNameFilter,
  type AllStreamResolvedEvent,
} from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aFront, collected, given, type Fronted } from './front.fixture.ts';

let front: Fronted;
beforeAll(async () => {
  front = await aFront();
});
afterAll(() => front.close());

describe('a read', () => {
  it('gives events with all that was recorded of them', async () => {
    const { client } = front;
    const stream = `ß-${randomUUID()}`;
    const event = jsonEvent({ type: 'Größe', data: { a: ['ü', 1] }, metadata: { by: 'ö' } });
    const { position } = await client.appendToStream(stream, event);
    const [found] = await collected(client.readStream(stream));
    const { contentType: _, ...recorded } = event;
    expect(found).toEqual({
      event: { ...recorded, streamId: stream, revision: 0n, isJson: true, created: expect.any(Date), position },
      commitPosition: position?.commit,
    });
    expect(found!.event!.created.getTime()).toBeGreaterThan(Date.UTC(2020));
  });

  it('says of a missing stream that it is missing, and of a tombstone that it is one', async () => {
    const { client } = front;
    const [missing, tombstoned] = [randomUUID(), randomUUID()];
    await client.tombstoneStream(tombstoned);
    await expect(collected(client.readStream(missing))).rejects.toThrow(StreamNotFoundError);
    await expect(collected(client.readStream(missing))).rejects.toMatchObject({ streamName: missing });
    await expect(collected(client.readStream(tombstoned))).rejects.toThrow(StreamDeletedError);
  });

  it('takes a revision beyond all numbers for the end', async () => {
    const { client } = front;
    const stream = randomUUID();
    await client.appendToStream(stream, given(3));
    const fromRevision = 0xffffffffffffffffn;
    const found = await collected(client.readStream(stream, { direction: BACKWARDS, fromRevision, maxCount: 1 }));
    expect(found.map(({ event }) => event?.revision)).toEqual([2n]);
  });

  it('follows links when it is asked to, and shows the link when it leads nowhere', async () => {
    const { client } = front;
    const [target, links] = [`ziel@${randomUUID()}`, randomUUID()];
    await client.appendToStream(target, given(2));
    const link = (to: string) => binaryEvent({ type: '$>', data: Buffer.from(to) });
    const { position } = await client.appendToStream(links, [
      link(`1@${target}`),
      link(`7@${target}`),
      link('nonsense'),
    ]);
    const resolved = await collected(client.readStream(links, { resolveLinkTos: true }));
    expect(resolved[0]).toMatchObject({
      event: { streamId: target, revision: 1n },
      link: { streamId: links, revision: 0n, type: '$>' },
      commitPosition: position!.commit - 2n,
    });
    expect(resolved.slice(1).map(({ event, link: left }) => [event, left?.revision])).toEqual([
      [undefined, 1n],
      [undefined, 2n],
    ]);
    const plain = await collected(client.readStream(links));
    expect(plain.map(({ event, link: left }) => [event?.type, left])).toEqual(plain.map(() => ['$>', undefined]));
  });

  it('keeps the numbers that JavaScript cannot hold (pitfall 6)', async () => {
    const { client } = front;
    const stream = randomUUID();
    await client.appendToStream(stream, given(1));
    await client.deleteStream(stream);
    await client.tombstoneStream(stream);
    const [tomb] = await collected(client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 }));
    expect(tomb?.event).toMatchObject({ streamId: stream, type: '$streamDeleted', revision: 0x7fffffffffffffffn });
  });

  it('answers small reads one after another', async () => {
    const { client } = front;
    const stream = randomUUID();
    await client.appendToStream(stream, given(20));
    for (let n = 0; n < 40; n++) expect(await collected(client.readStream(stream))).toHaveLength(20);
  });
});

describe('a subscription', () => {
  it('confirms, gives events, then its checkpoint, then says that it has caught up', async () => {
    const { client } = front;
    const kind = `Kind${randomUUID()}`;
    await client.appendToStream(randomUUID(), [...given(2, kind), ...given(10, 'Other')]);
    const head = (await client.appendToStream(randomUUID(), given(1, 'Other'))).position!.commit;
    const said: string[] = [];
    const subscription = client.subscribeToAll({
      filter: eventTypeFilter({
        prefixes: [kind],
        checkpointReached: (_, { commit, prepare }) =>
          void said.push(`checkpoint ${commit === head && prepare === head}`),
      }),
    });
    subscription.on('confirmation', () => said.push(`confirmed ${subscription.id !== undefined}`));
    subscription.on('caughtUp', () => {
      said.push('caught up');
      void client.appendToStream(randomUUID(), given(1, kind));
    });
    let events = 0;
    for await (const { event } of subscription) {
      said.push(`event ${event?.type === kind}`);
      events += 1;
      if (events === 3) break;
    }
    await subscription.unsubscribe();
    expect(said.filter((what) => !what.startsWith('event'))).toEqual([
      'confirmed true',
      'checkpoint true',
      'caught up',
    ]);
    expect(said.at(-1)).toBe('event true');
    expect(events).toBe(3);
  });

  it('tells of its progress while it is live, though nothing passes its filter', async () => {
    const { client } = front;
    let reached: (position: bigint) => void = () => undefined;
    const told = new Promise<bigint>((resolve) => {
      reached = resolve;
    });
    let live = false;
    const subscription = client.subscribeToAll({
      fromPosition: END,
      filter: streamNameFilter({
        prefixes: [randomUUID()],
        maxSearchWindow: 10,
        checkpointInterval: 2,
        checkpointReached: (_, { commit }) => void (live && reached(commit)),
      }),
    });
    subscription.on('caughtUp', () => {
      live = true;
      void client.appendToStream(randomUUID(), given(20));
    });
    const ended = collected(subscription);
    const [newest] = await collected(client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 }));
    expect(await told).toBeGreaterThan(newest!.event!.position.commit - 20n);
    await subscription.unsubscribe();
    expect(await ended).toEqual([]);
  });

  it('follows one stream from its beginning, from a revision, and from its end', async () => {
    const { client } = front;
    const stream = randomUUID();
    await client.appendToStream(stream, given(3));
    const revisions = async (fromRevision: bigint | typeof START | typeof END, count: number): Promise<bigint[]> => {
      const subscription = client.subscribeToStream(stream, { fromRevision });
      subscription.on('caughtUp', () => void client.appendToStream(stream, given(1)));
      const found: bigint[] = [];
      for await (const { event } of subscription) if (found.push(event!.revision) === count) break;
      await subscription.unsubscribe();
      return found;
    };
    expect(await revisions(START, 4)).toEqual([0n, 1n, 2n, 3n]);
    expect(await revisions(1n, 3)).toEqual([2n, 3n, 4n]);
    expect(await revisions(END, 1)).toHaveLength(1);
  });

  it('waits for a stream that does not exist yet, and ends with its tombstone', async () => {
    const { client } = front;
    const stream = randomUUID();
    const subscription = client.subscribeToStream(stream);
    subscription.on('caughtUp', () => void client.appendToStream(stream, given(2)));
    const types: string[] = [];
    const following = async (): Promise<void> => {
      for await (const { event } of subscription) {
        types.push(event!.type);
        if (types.length === 2) void client.tombstoneStream(stream);
      }
    };
    await expect(following()).rejects.toThrow(StreamDeletedError);
    expect(types).toEqual(['Given', 'Given', '$streamDeleted']);
  });

  it('misses nothing where catching up turns into following', async () => {
    const { client } = front;
    const prefix = randomUUID();
    const write = async (): Promise<void> => {
      for (let n = 0; n < 40; n++) await client.appendToStream(`${prefix}-${n % 4}`, given(10));
    };
    const writing = write();
    const found: AllStreamResolvedEvent[] = [];
    for await (const event of client.subscribeToAll({ filter: streamNameFilter({ prefixes: [prefix] }) }))
      if (found.push(event) === 400) break;
    await writing;
    const positions = found.map(({ event }) => event!.position.commit);
    expect(positions.every((position, n) => n === 0 || position > positions[n - 1]!)).toBe(true);
  });
});
