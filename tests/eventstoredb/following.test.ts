import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEventStoreDb } from '../../src/adapters/eventstoredb/event-log.ts';
import type { Batch, EventLog } from '../../src/ports.ts';
import { anEvent, aStream, eventsOf, recorded, recordedAfter } from '../contracts/event-log/given.ts';
import { aFront, type Fronted } from './front.fixture.ts';

let front: Fronted;
let log: EventLog;
beforeAll(async () => {
  front = await aFront();
  log = openEventStoreDb(front.url, { batch_max: 10 });
});
afterAll(async () => {
  await log.close();
  await front.close();
});

describe('a reader who takes its time', () => {
  it('is never told of a position before all the events up to it are handed over', async () => {
    const { position: from } = await recorded(log, aStream(), [anEvent()]);
    const kind = aStream('Kind').replaceAll('-', '');
    const many = Array.from({ length: 900 }, (_, n) => anEvent(n % 7 === 0 ? kind : 'Other', n));
    const last = await recorded(log, aStream(), many);
    const filter = { by: 'type_prefix', prefixes: [kind] } as const;
    const wanted = (await recordedAfter(log, from, filter)).map(({ position }) => position);

    const batches: Batch[] = [];
    for await (const batch of log.subscribe({ from, filter, signal: new AbortController().signal })) {
      batches.push(batch);
      // While it handles a batch the client reads on, and hears of checkpoints and of having caught up.
      for (let turn = 0; turn < 10; turn++) await setImmediate();
      if (batch.position >= last.position) break;
    }
    expect(batches.length).toBeGreaterThan(wanted.length / 10);
    let handled = 0;
    for (const { events, position, live } of batches) {
      handled += events.length;
      expect(wanted.filter((each) => each <= position)).toHaveLength(handled);
      if (live) expect(handled).toBe(wanted.length);
    }
    expect(eventsOf(batches).map(({ position }) => position)).toEqual(wanted);
  });

  it('gets no more at once than it can hold', async () => {
    const stream = aStream();
    await recorded(
      log,
      stream,
      Array.from({ length: 95 }, (_, n) => anEvent('Given', n)),
    );
    const sizes: number[] = [];
    for await (const page of log.read(stream)) {
      sizes.push(page.length);
      for (let turn = 0; turn < 10; turn++) await setImmediate();
    }
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(95);
    expect(Math.max(...sizes)).toBe(10);
  });
});
