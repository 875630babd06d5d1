import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openEmbeddedLog, type EmbeddedLog } from '../../src/adapters/embedded-log/event-log.ts';
import { openStorage } from '../../src/adapters/embedded-log/store.ts';
import type { Batch, EventLog, NewEvent, StoredEvent, Subscribe } from '../../src/ports.ts';
import { append, appended, freshFolder, proposal } from './log.folder.ts';

const freshLog = async (folder = freshFolder()): Promise<EmbeddedLog> => {
  const log = await openEmbeddedLog({ folder });
  onTestFinished(() => log.close().catch(() => undefined));
  return log;
};

const event = (n = 0, type = 'Happened'): NewEvent => ({
  id: randomUUID(),
  type,
  data: { n },
  metadata: { actor: 'me' },
});
const events = (count: number, type?: string) => Array.from({ length: count }, (_, n) => event(n, type));

const all = async (pages: AsyncIterable<readonly StoredEvent[]>): Promise<StoredEvent[]> => {
  const found: StoredEvent[] = [];
  for await (const page of pages) found.push(...page);
  return found;
};

/** Follows the log until a batch satisfies; answers the batches. */
const until = async (
  log: EventLog,
  from: Subscribe['from'],
  enough: (batches: readonly Batch[]) => boolean,
  filter = {},
) => {
  const batches: Batch[] = [];
  for await (const batch of log.subscribe({ from, signal: new AbortController().signal, ...filter })) {
    batches.push(batch);
    if (enough(batches)) break;
  }
  return batches;
};

const told = (batches: readonly Batch[]) => batches.flatMap((batch) => batch.events);
const placeOf = ({ stream, revision, position, id }: StoredEvent) => `${position} ${stream}@${revision} ${id}`;

describe('the embedded log', () => {
  it('keeps revisions without a gap and one order for every reader, under eight writers', async () => {
    const folder = freshFolder();
    const log = await freshLog(folder);
    const appends = 40;
    const total = 8 * appends * 3;
    const done = (batches: readonly Batch[]): boolean => told(batches).length === total;
    const followers = [0, 1].map(() => until(log, 'start', done));
    // The third is taken away again and again, and goes on after the last position it was told.
    const restarted = async (): Promise<StoredEvent[]> => {
      const found: StoredEvent[] = [];
      let from: bigint | 'start' = 'start';
      while (found.length < total) {
        const batches = await until(
          log,
          from,
          (soFar) => soFar.length === 3 || found.length + told(soFar).length === total,
        );
        found.push(...told(batches));
        from = batches.at(-1)?.position ?? from;
      }
      return found;
    };
    const writer = async (n: number): Promise<void> => {
      for (let revision = -1, k = 0; k < appends; k += 1) {
        const outcome = await log.append(`stream-${n}`, revision < 0 ? 'no_stream' : revision, events(3));
        if (!outcome.ok) throw new Error('conflict');
        revision = outcome.revision;
      }
    };
    const [third] = await Promise.all([restarted(), ...Array.from({ length: 8 }, (_, n) => writer(n))]);
    const orders = [...(await Promise.all(followers)).map(told), third, await all(log.readAll())].map((found) =>
      found.map(placeOf),
    );
    for (const order of orders) expect(order).toEqual(orders[0]);
    const read = await all(log.readAll());
    expect(read.map(({ position }) => position)).toEqual(read.map((_, n) => BigInt(n + 1)));
    for (let n = 0; n < 8; n += 1) {
      const stream = await all(log.read(`stream-${n}`));
      expect(stream.map(({ revision }) => revision)).toEqual(stream.map((_, revision) => revision));
      expect(stream).toHaveLength(appends * 3);
    }
  });

  it('gives a retried append the same answer, after a restart and after much else', async () => {
    const folder = freshFolder();
    const log = await freshLog(folder);
    const writes: { stream: string; expected: number | 'no_stream'; events: NewEvent[] }[] = [];
    const answers = [];
    for (let n = 0; n < 50; n += 1) {
      const write = {
        stream: `s-${n % 7}`,
        expected: n < 7 ? ('no_stream' as const) : 2 * Math.floor(n / 7) - 1,
        events: events(2),
      };
      writes.push(write);
      answers.push(await log.append(write.stream, write.expected, write.events));
    }
    await Promise.all(Array.from({ length: 300 }, (_, n) => log.append(`other-${n}`, 'no_stream', events(10))));
    const retry = async (on: EventLog) => {
      const again = [];
      for (const write of writes) again.push(await on.append(write.stream, write.expected, write.events));
      return again;
    };
    expect(answers.every(({ ok }) => ok)).toBe(true);
    expect(await retry(log)).toEqual(answers);
    await log.close();
    const reopened = await freshLog(folder);
    expect(await retry(reopened)).toEqual(answers);
    expect(await reopened.head()).toBe(3100n);
  });

  it('tells its followers of an event only when it is durable, and of every one', async () => {
    const log = await freshLog();
    const heads: bigint[] = [];
    const seen: bigint[] = [];
    const follower = (async () => {
      for await (const { events: news } of log.subscribe({ from: 'start', signal: new AbortController().signal })) {
        // What is told lies within what the head of the log vouches for.
        heads.push(await log.head());
        seen.push(...news.map(({ position }) => position));
        for (const { position } of news) expect(position).toBeLessThanOrEqual(heads.at(-1)!);
        if (seen.length === 500) return;
      }
    })();
    await Promise.all(Array.from({ length: 100 }, (_, n) => log.append(`s-${n}`, 'no_stream', events(5))));
    await follower;
    expect(seen).toEqual(Array.from({ length: 500 }, (_, n) => BigInt(n + 1)));
  });

  it('hands over from the past to the present without a gap', async () => {
    const log = await freshLog();
    for (let n = 0; n < 30; n += 1) await log.append(`past-${n}`, 'no_stream', events(100));
    const following = until(log, 'start', (batches) => told(batches).length === 4000);
    await Promise.all(Array.from({ length: 100 }, (_, n) => log.append(`present-${n}`, 'no_stream', events(10))));
    const batches = await following;
    expect(told(batches).map(({ position }) => position)).toEqual(
      Array.from({ length: 4000 }, (_, n) => BigInt(n + 1)),
    );
    expect(batches.slice(0, 3).some(({ live }) => live)).toBe(false);
    expect(batches.at(-1)).toMatchObject({ live: true, position: 4000n });
  });

  it('tells a filtered follower how far it has looked, though nothing is for it', async () => {
    const log = await freshLog();
    for (let n = 0; n < 20; n += 1) await log.append(`s-${n}`, 'no_stream', events(100));
    const filter = { filter: { by: 'type_prefix', prefixes: ['Rare'] } } as const;
    const batches = await until(log, 'start', (soFar) => soFar.at(-1)?.live === true, filter);
    expect(told(batches)).toEqual([]);
    expect(batches.length).toBeGreaterThan(2);
    expect(batches.at(-1)?.position).toBe(2000n);
    const next = until(log, 2000n, (soFar) => soFar.at(-1)?.position === 2002n, filter);
    await log.append('s-1', 99, events(1));
    await log.append('rare', 'no_stream', events(1, 'RarelyHappened'));
    expect(told(await next).map(({ type }) => type)).toEqual(['RarelyHappened']);
  });

  it('is never more than a page ahead of a slow follower', async () => {
    const log = await freshLog();
    for (let n = 0; n < 30; n += 1) await log.append(`s-${n}`, 'no_stream', events(200));
    const slow = log.subscribe({ from: 'start', signal: new AbortController().signal })[Symbol.asyncIterator]();
    const first = await slow.next();
    expect((first.value as Batch).events.length).toBeLessThanOrEqual(512);
    await log.append('late', 'no_stream', events(1));
    const second = await slow.next();
    const third = await slow.next();
    // Had it run ahead, the pages would be there already, and the last would be short.
    expect([second, third].map(({ value }) => (value as Batch).events.length)).toEqual([512, 512]);
    await slow.return?.();
  });

  it('says at once that a follower of an empty log is live', async () => {
    const [batch] = await until(await freshLog(), 'start', () => true);
    expect(batch).toEqual({ events: [], position: -1n, live: true });
  });

  it('refuses a follower who has read more than there is', async () => {
    const log = await freshLog();
    await log.append('s', 'no_stream', events(3));
    await expect(until(log, 17n, () => true)).rejects.toMatchObject({
      fault: 'invalid',
      message: 'position 17 is beyond 3, where this log ends',
    });
  });

  it('ends a subscription when its signal is aborted, waiting or not', async () => {
    const log = await freshLog();
    const abort = new AbortController();
    const batches: Batch[] = [];
    const following = (async () => {
      for await (const batch of log.subscribe({ from: 'end', signal: abort.signal })) batches.push(batch);
    })();
    await vi.waitFor(() => expect(batches).toHaveLength(1));
    abort.abort();
    await following;
    await log.append('s', 'no_stream', events(1));
    expect(batches).toEqual([{ events: [], position: -1n, live: true }]);
    for await (const _ of log.subscribe({ from: 'start', signal: abort.signal })) throw new Error('told after the end');
  });

  it('refuses a filter that is no regex, or one that never ends, and goes on', async () => {
    const log = await freshLog();
    await log.append(`${'a'.repeat(60)}!`, 'no_stream', events(1));
    for (const regex of ['(', 'x'.repeat(300), '^(a+)+$'])
      await expect(all(log.readAll({ filter: { by: 'stream_regex', regex } }))).rejects.toMatchObject({
        fault: 'invalid',
      });
    expect(await all(log.readAll({ filter: { by: 'stream_regex', regex: '^a' } }))).toHaveLength(1);
  });

  it('reads what others wrote as far as it can be read', async () => {
    const folder = freshFolder();
    const store = openStorage(folder);
    const foreign = {
      ...proposal('Foreign'),
      data: Buffer.from('{"half":'),
      metadata: Buffer.from('{"n":1,"deep":{"a":[]}}'),
    };
    const binary = {
      ...proposal('Binary'),
      is_json: false,
      data: Buffer.from([0, 255]),
      metadata: Buffer.from('no json'),
    };
    await appended(append(store, 's', 'no_stream', [foreign, binary, { ...proposal('Empty'), data: Buffer.alloc(0) }]));
    await store.close();
    const log = await freshLog(folder);
    const read = await all(log.read('s'));
    expect(read.map(({ data }) => data)).toEqual([
      new Uint8Array(Buffer.from('{"half":')),
      new Uint8Array([0, 255]),
      null,
    ]);
    expect(read.map(({ metadata }) => metadata)).toEqual([{ n: '1', deep: '{"a":[]}' }, {}, {}]);
  });

  it('refuses an append of nothing, and data that JSON cannot say', async () => {
    const log = await freshLog();
    await expect(log.append('s', 'no_stream', [])).rejects.toMatchObject({ fault: 'invalid' });
    for (const data of [undefined, 10n, () => 1])
      await expect(log.append('s', 'no_stream', [{ ...event(), data }])).rejects.toMatchObject({ fault: 'invalid' });
    await expect(log.setMetadata('s', 'any', { max_count: 0 })).rejects.toMatchObject({ fault: 'invalid' });
    expect(await log.head()).toBe(-1n);
  });

  it('refuses to open twice, and says who has it', async () => {
    const folder = freshFolder();
    await freshLog(folder);
    await expect(openEmbeddedLog({ folder })).rejects.toMatchObject({
      fault: 'unavailable',
      message: expect.stringContaining('is open already') as string,
    });
  });

  it('lets everybody who waits know when it is closed', async () => {
    const log = await freshLog();
    const following = until(log, 'start', (batches) => batches.length === 3).catch((error: unknown) => error);
    const last = log.append('s', 'no_stream', events(1));
    await log.close();
    expect(await last).toMatchObject({ ok: true });
    expect(await following).toMatchObject({ fault: 'unavailable' });
    await expect(log.append('s', 0, events(1))).rejects.toMatchObject({ fault: 'unavailable' });
    await expect(all(log.readAll())).rejects.toMatchObject({ fault: 'unavailable' });
    await log.close();
    await expect(log.stopped).resolves.toMatchObject({ fault: 'unavailable' });
  });
});

describe('a disk that fails', () => {
  const program = fileURLToPath(new URL('failing-disk.program.ts', import.meta.url));
  const programMsMax = 20_000;

  it('ends the log: what was under way is unknown, what follows is unavailable', async (context) => {
    if (process.platform === 'win32') return context.skip('skipped: needs a shell with ulimit');
    const folder = freshFolder();
    // Beyond this size, in blocks of 512 or 1024 bytes, a write fails with EFBIG, which is no "disk full" to SQLite.
    const child = spawnSync('sh', ['-c', `ulimit -f 2048 && exec "$0" "$1" "$2"`, process.execPath, program, folder], {
      encoding: 'utf8',
      timeout: programMsMax,
    });
    expect(child.stderr).toBe('');
    const { acknowledged, faults, stopped } = JSON.parse(child.stdout) as Record<string, unknown[]>;
    expect(new Set(faults)).toEqual(new Set(['unavailable']));
    expect(stopped).toBe('unavailable');
    expect(acknowledged?.length).toBeGreaterThan(5);
    const log = await freshLog(folder);
    const ids = new Set((await all(log.readAll())).map(({ id }) => id));
    for (const id of acknowledged ?? []) expect(ids).toContain(id);
  });
});
