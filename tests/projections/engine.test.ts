import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openEmbeddedLog } from '../../src/adapters/embedded-log/event-log.ts';
import { openEventStoreDb } from '../../src/adapters/eventstoredb/event-log.ts';
import type { EventLog } from '../../src/ports.ts';
import { foldStretch } from '../../src/projections/folding/batch.ts';
import { eventIndex } from '../../src/projections/events/event-index.projection.ts';
import { decoding, foldLog } from '../../src/projections/folding/fold.ts';
import { member } from '../../src/projections/folding/member.ts';
import { pages } from '../../src/projections/following/pages.ts';
import { projection } from '../../src/projections/projection.ts';
import { settled } from '../../src/projections/standing.ts';
import { streams } from '../../src/projections/streams/streams.projection.ts';
import type { Database } from '../../src/schema.ts';
import { databases, type FreshDatabase } from '../support/databases.ts';
import { catalogue, jars, MarblesAdded } from './jars.ts';
import { running, statusOf, untilReached, untilState } from './setting.ts';
import { clock, emptied, engine, everything, expected, jarOf, openLog, record, served, tell } from './story.ts';

describe.each(await databases())('the engine on $name', ({ open }) => {
  let fresh: FreshDatabase;
  let database: Database;
  let log: EventLog;
  let discard: () => Promise<void>;

  beforeAll(async () => {
    fresh = await open();
    ({ database } = fresh);
    ({ log, discard } = await openLog());
  });
  afterAll(async () => {
    await fresh.discard();
    await discard();
  });
  beforeEach(() => emptied(database));

  it('makes of the log the rows that the fold makes of it, what was there and what comes', async () => {
    const shown = [jars(), eventIndex, streams];
    await tell(log, 0, 2_000);
    await running(engine(log, database, shown), async (engine) => {
      const position = await tell(log, 2_000, 2_500);
      for (const { name } of shown) await untilReached(engine, name, position);
      for (const projection of shown)
        expect(await served(database, projection)).toEqual(await expected(log, projection));
    });
  });

  it('goes on where it was, as often as it is started again', async () => {
    for (let start = 0; start < 900; start += 300) {
      await running(engine(log, database, [jars()]), async (engine) => {
        await untilReached(engine, 'jars', await tell(log, start, start + 150));
      });
      // While nobody folds.
      await tell(log, start + 150, start + 300);
    }
    await running(engine(log, database, [jars()]), async (engine) => {
      await untilReached(engine, 'jars', await log.head());
      expect(await served(database, jars())).toEqual(await expected(log, jars()));
    });
  });

  it('folds nothing twice, and lets no zombie write', async () => {
    const position = await tell(log, 0, 300);
    const workshop = { database, decode: decoding(catalogue), clock };
    const [projection] = [jars()];
    const { standing } = await settled(database, projection);
    const [alive, zombie] = [member(projection, 'read', standing), member(projection, 'read', standing)];
    for await (const stretch of pages(log, standing.position, [projection])) {
      await foldStretch(workshop, [alive], stretch);
      await expect(foldStretch(workshop, [alive], stretch)).rejects.toMatchObject({ fault: 'disordered' });
      await expect(foldStretch(workshop, [zombie], stretch)).rejects.toMatchObject({ fault: 'checkpoint_moved' });
    }
    expect(alive.position).toBeGreaterThanOrEqual(position);
    expect(await served(database, projection)).toEqual(await expected(log, projection));
  });

  it('gives a projection that is new the whole log, while the others go on', async () => {
    await tell(log, 0, 200);
    await running(engine(log, database, [streams]), async (engine) =>
      untilReached(engine, 'streams', await log.head()),
    );
    await tell(log, 200, 400);
    await running(engine(log, database, [streams, jars()]), async (engine) => {
      const position = await tell(log, 400, 600);
      await untilReached(engine, 'streams', position);
      await untilReached(engine, 'jars', position);
      await untilState(engine, 'jars', 'live');
      expect(await served(database, jars())).toEqual(await expected(log, jars()));
    });
  });

  it('passes by events that it does not know, and counts them as read', async () => {
    await running(engine(log, database, [jars(), eventIndex]), async (engine) => {
      const appended = await log.append(`alien-${randomUUID()}`, 'any', [
        { id: randomUUID(), type: 'FromTheFuture', data: { odd: true }, metadata: {} },
        { id: randomUUID(), type: '$private', data: {}, metadata: {} },
      ]);
      if (!appended.ok) throw new Error('a conflict');
      await untilReached(engine, 'jars', await record(log, 1, MarblesAdded({ jar_id: jarOf(1), marbles: 1 })));
      await untilReached(engine, 'event_index', await log.head());
      expect(await statusOf(engine, 'jars')).toMatchObject({ state: 'live', parked: 0, lag_events: 0, lag_seconds: 0 });
      const rows = [...(await served(database, eventIndex)).values()];
      const types = rows.map(({ type }) => type);
      // What another writer recorded names no tenant, and is shown all the same.
      expect(rows.find(({ type }) => type === 'FromTheFuture')).toMatchObject({ tenant: 'default' });
      expect(types).not.toContain('$private');
      expect(engine.unknown()).toEqual(new Map([['FromTheFuture', 1]]));
    });
  });

  it('lets a reader wait for its own write, and no longer than it said', async () => {
    await running(engine(log, database, [jars()]), async (engine) => {
      const position = await record(log, 1, MarblesAdded({ jar_id: jarOf(1), marbles: 1 }));
      const heard: bigint[] = [];
      const silence = engine.onAdvance((_, to) => void heard.push(to));
      expect(await engine.reached('jars', position, { wait_ms: 5_000 })).toMatchObject({ reached: true });
      silence();
      const beyond = position + 1_000n;
      expect(await engine.reached('jars', beyond, { wait_ms: 20 })).toEqual({
        reached: false,
        position: engine.served('jars')?.position,
        required: beyond,
        state: 'live',
      });
      const gone = AbortSignal.abort();
      expect(await engine.reached('jars', beyond, { wait_ms: 9_000, signal: gone })).toMatchObject({ reached: false });
      await expect(engine.reached('nobody', 1n, { wait_ms: 1 })).rejects.toThrow('there is no projection nobody');
    });
  });

  it('keeps a row that was folded and the same row loaded alike, whatever its columns are', async () => {
    const types = projection({
      name: 'kinds',
      version: 1,
      table: (t) =>
        t
          .addColumn('stream', 'text')
          .addColumn('revision', 'integer')
          .addPrimaryKeyConstraint('kinds_key', ['stream', 'revision'])
          .addColumn('u', 'uuid')
          .addColumn('n', 'numeric')
          .addColumn('f', 'double precision')
          .addColumn('b', 'boolean')
          .addColumn('d', 'date')
          .addColumn('at', 'timestamptz')
          .addColumn('big', 'bigint')
          .addColumn('j', 'jsonb')
          .addColumn('list', sql`text[]`)
          .addColumn('words', sql`tsvector`, (c) => c.generatedAlwaysAs(sql`to_tsvector('simple', stream)`).stored()),
      key: ({ stream, revision }) => ({ stream, revision }),
      every: (row, { stream, revision, id, position, recorded_at, data }) =>
        row ?? {
          stream,
          revision,
          u: id,
          n: '12.50',
          f: 0.1,
          b: true,
          d: '2026-01-02',
          at: recorded_at,
          big: position,
          j: { data, nul: '\u0000' },
          list: ['a', 'b'],
        },
    });
    await record(log, 1, MarblesAdded({ jar_id: jarOf(1), marbles: 1 }));
    await running(engine(log, database, [types]), async (engine) => untilReached(engine, 'kinds', await log.head()));
    const folded = foldLog(types, catalogue, await everything(log));
    const loaded = new Map([...(await served(database, types))].map(([key, { words: _, ...row }]) => [key, row]));
    const clean = JSON.parse(
      JSON.stringify([...folded.values()].map(({ j }) => j)).replaceAll('\\u0000', '\ufffd'),
    ) as unknown[];
    expect([...loaded.keys()].toSorted()).toEqual([...folded.keys()].toSorted());
    for (const [index, [key, row]] of [...folded].entries())
      expect(loaded.get(key)).toEqual({ ...row, j: clean[index] });
  });

  it("folds what EventStoreDB's own client reads alike", async () => {
    const folder = mkdtempSync(join(tmpdir(), 'acta-log-'));
    const server = await openEmbeddedLog({ folder, front_port: 0 });
    const client = openEventStoreDb(`esdb://127.0.0.1:${server.front_port}?tls=false`);
    await tell(server, 0, 300);
    await running(engine(client, database, [jars(), streams]), async (engine) => {
      const position = await tell(server, 300, 400);
      for (const projection of [jars(), streams]) {
        await untilReached(engine, projection.name, position);
        expect(await served(database, projection)).toEqual(await expected(server, projection));
      }
    });
    await client.close();
    await server.close();
    rmSync(folder, { recursive: true });
  });

  it('refuses what can never be right', () => {
    expect(() => engine(log, database, [jars(), jars()])).toThrow('jars is defined twice');
    const lost = projection({
      name: 'lost',
      version: 1,
      table: (t) => t.addColumn('id', 'text', (c) => c.primaryKey()),
      key: () => 'x',
      on: { Nobody: () => null },
    });
    expect(() => engine(log, database, [lost])).toThrow('lost folds Nobody, which is not in the catalogue');
  });
});
