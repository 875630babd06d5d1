import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postgresRoster } from '../../src/adapters/postgres/roster.ts';
import type { Performed } from '../../src/commands/flights.ts';
import type { Roster } from '../../src/ports.ts';
import { databases, type FreshDatabase } from '../support/databases.ts';
import {
  acts,
  begin,
  eventually,
  promised,
  reachable,
  recorded,
  startNode,
  stopNode,
  stopNodes,
  tell,
} from './drivers.ts';
import { engineOn, eventsIn, troubled, typesIn } from './engines.ts';
import { openLog } from './setting.ts';
import { errandCatalogue } from './errand.ts';

const log = await openLog();
const ok = (result: string): Performed => ({ ok: true, result });

describe.each(await databases())('on a roster in $name', ({ open }) => {
  let database: FreshDatabase;
  let roster: Roster;
  beforeAll(async () => {
    database = await open();
    roster = postgresRoster(database.database.background);
  });
  afterAll(() => database.discard());
  beforeEach(async () => {
    await sql`truncate acta.processes`.execute(database.database.background);
  });
  afterEach(stopNodes);

  const rows = async () =>
    (
      await sql<{ stream: string; owner: string | null; due_at: bigint | null }>`
      select stream, owner, due_at from acta.processes order by stream`.execute(database.database.background)
    ).rows;
  const forgotten = (stream: string): Promise<void> =>
    eventually(async () => expect((await rows()).map((row) => row.stream)).not.toContain(stream));

  describe('a driver', () => {
    it('runs a process to its end, one append a step and no read but the first', async () => {
      const { trouble, log: counted } = troubled(log);
      const node = startNode(counted, roster);
      const stream = await begin(node, { steps: 5 });
      await recorded(log, stream, 'ErrandEnded');
      expect(node.performed).toEqual([0, 1, 2, 3, 4].map((step) => `${stream} act:${step}:0`));
      expect(trouble.appends).toBe(6);
      // One read before the errand began, one by its driver.
      await forgotten(stream);
      expect(trouble.reads).toBe(2);
    });
    it('says who recorded a step, because of what, and links it to what came before', async () => {
      const node = startNode(log, roster);
      const stream = await begin(node, { steps: 2 });
      await recorded(log, stream, 'ErrandEnded');
      const events = await eventsIn(log, stream);
      const [begun] = events;
      for (const [index, event] of events.entries()) {
        expect(event.metadata['prev']).toBe(events[index - 1]?.metadata['self'] ?? event.metadata['prev']);
        expect(event.metadata['$correlationId']).toBe(begun?.metadata['$correlationId']);
        if (index > 0) expect(event.metadata).toMatchObject({ actor: 'process:errand', tenant: 'default' });
      }
      expect(events[1]?.metadata['$causationId']).toBe(begun?.id);
    });
    it('performs what is due side by side, and records in one append what ended together', async () => {
      const gate = promised();
      const { trouble, log: counted } = troubled(log);
      const node = startNode(counted, roster, { answer: () => gate.promise.then(() => ok('done')) });
      const stream = await begin(node, { width: 4 });
      await eventually(() => expect(node.performed).toHaveLength(4));
      gate.keep();
      expect(await recorded(log, stream, 'ErrandEnded')).toEqual([
        'ErrandBegun',
        ...Array(4).fill('ActEnded'),
        'ErrandEnded',
      ]);
      expect(trouble.appends).toBe(2);
    });
    it('records what ended without waiting for what has not', async () => {
      const gate = promised();
      const node = startNode(log, roster, {
        answer: async ({ lane }) => {
          if (lane === 0) await gate.promise;
          return ok('done');
        },
      });
      const stream = await begin(node, { width: 3 });
      await eventually(async () => expect((await acts(log, stream)).toSorted()).toEqual(['0:1', '0:2']));
      gate.keep();
      await recorded(log, stream, 'ErrandEnded');
      expect(node.performed).toHaveLength(3);
    });
    it('drops what ended together with an outcome after which nobody wants it', async () => {
      const gate = promised();
      const node = startNode(log, roster, {
        answer: ({ lane }) => gate.promise.then(() => ok(lane === 1 ? 'enough' : 'done')),
      });
      const stream = await begin(node, { width: 3 });
      await eventually(() => expect(node.performed).toHaveLength(3));
      gate.keep();
      expect(await recorded(log, stream, 'ErrandCanceled')).toEqual([
        'ErrandBegun',
        'ActEnded',
        'ActEnded',
        'ErrandCanceled',
      ]);
      await forgotten(stream);
    });
    it('records a failure as it was told, and one of its performer as a failure', async () => {
      const failure = { code: 'no_luck', message: 'none', retryable: false };
      const node = startNode(log, roster, {
        answer: ({ step }) => {
          if (step === 0) return { ok: false, failure };
          throw new Error('a bug');
        },
      });
      const stream = await begin(node, { steps: 2 });
      await recorded(log, stream, 'ErrandEnded');
      const data = (await eventsIn(log, stream)).filter(({ type }) => type === 'ActEnded').map((event) => event.data);
      expect(data).toMatchObject([
        { ok: false, answer: 'no_luck' },
        { ok: false, answer: 'internal' },
      ]);
    });
    it('gives back what has ended, and forgets it', async () => {
      const node = startNode(log, roster);
      const stream = await begin(node);
      await recorded(log, stream, 'ErrandEnded');
      await forgotten(stream);
      expect(node.driver.running()).toBe(0);
      expect(node.driver.covers(stream, 2)).toBe(true);
      expect(node.driver.covers(stream, 3)).toBe(false);
    });
  });

  describe('an append of somebody else in between', () => {
    it('that cancels a process aborts what is under way, and nothing of it is recorded', async () => {
      const aborted = promised();
      const never = promised<Performed>();
      const node = startNode(log, roster, {
        answer: (_, { signal }) => {
          signal.addEventListener('abort', () => aborted.keep());
          return never.promise;
        },
      });
      const stream = await begin(node, { steps: 2 });
      await eventually(() => expect(node.performed).toHaveLength(1));
      await tell(node.engine, stream, { type: 'CancelErrand' });
      await aborted.promise;
      // What is aborted is not waited for, even where it does not listen.
      await forgotten(stream);
      expect(node.driver.running()).toBe(0);
      expect(await typesIn(log, stream)).toEqual(['ErrandBegun', 'ErrandCanceled']);
    });
    it('that changes nothing for an act leaves it alone: it is decided again, and not performed again', async () => {
      const gate = promised();
      const { trouble, log: slow } = troubled(log);
      const node = startNode(slow, roster, { answer: () => gate.promise.then(() => ok('done')) });
      const stream = await begin(node, { steps: 3 });
      await eventually(() => expect(node.performed).toHaveLength(1));
      const other = engineOn(log, errandCatalogue);
      let notes = 0;
      trouble.before = async () => {
        if (notes < 3) await tell(other, stream, { type: 'NoteErrand', text: `note ${(notes += 1)}` });
      };
      gate.keep();
      const types = await recorded(log, stream, 'ErrandEnded');
      expect(types.filter((type) => type === 'ErrandNoted')).toHaveLength(3);
      expect(await acts(log, stream)).toEqual(['0:0', '1:0', '2:0']);
      expect(node.performed).toHaveLength(3);
    });
    it('is looked at while an act is under way, whichever node made it', async () => {
      const node = startNode(log, roster, {
        answer: (_, { signal }) =>
          new Promise((resolve) => signal.addEventListener('abort', () => resolve(ok('late')))),
      });
      const stream = await begin(node);
      await eventually(() => expect(node.performed).toHaveLength(1));
      await tell(engineOn(log, errandCatalogue), stream, { type: 'CancelErrand' });
      node.driver.nudge(stream, 1);
      await forgotten(stream);
      expect(await typesIn(log, stream)).toEqual(['ErrandBegun', 'ErrandCanceled']);
    });
  });

  describe('a wait', () => {
    const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

    it('that is over is no wait', async () => {
      const node = startNode(log, roster);
      const stream = await begin(node, {
        steps: 2,
        waits: { 0: '1970-01-01T00:00:00.000Z', 1: new Date().toISOString() },
      });
      const types = await recorded(log, stream, 'ErrandEnded');
      expect(types).toEqual(['ErrandBegun', 'WaitEnded', 'ActEnded', 'WaitEnded', 'ActEnded', 'ErrandEnded']);
    });
    it('that is long is given to the roster, and taken up when it is over', async () => {
      const until = inAnHour();
      const node = startNode(log, roster);
      const stream = await begin(node, { steps: 2, waits: { 1: until } });
      await eventually(async () =>
        expect(await rows()).toEqual([{ stream, owner: null, due_at: BigInt(Date.parse(until)) }]),
      );
      expect(node.driver.running()).toBe(0);
      expect(await acts(log, stream)).toEqual(['0:0']);
      node.clock.ahead = 3_600_001;
      node.driver.poke();
      await recorded(log, stream, 'ErrandEnded');
    });
    it('that began on one node is ended by another', async () => {
      const first = startNode(log, roster);
      const stream = await begin(first, { waits: { 0: inAnHour() } });
      await eventually(async () => expect((await rows())[0]).toMatchObject({ stream, owner: null }));
      await stopNode(first);
      const second = startNode(log, roster, { ahead: 3_600_001 });
      await recorded(log, stream, 'ErrandEnded');
      expect(second.performed).toEqual([`${stream} act:0:0`]);
    });
    it('is not lost although the roster was out of reach when it began', async () => {
      const { reach, roster: shaky } = reachable(roster);
      reach.down = true;
      const node = startNode(log, shaky);
      const until = inAnHour();
      const stream = await begin(node, { steps: 2, waits: { 1: until } });
      await eventually(async () => expect(await acts(log, stream)).toEqual(['0:0']));
      await eventually(() => expect(node.driver.running()).toBe(0));
      // The log's follower is not told that this is taken care of, for no roster knows of it yet.
      expect(node.driver.covers(stream, 1)).toBe(false);
      expect(await rows()).toEqual([]);
      reach.down = false;
      await eventually(async () =>
        expect(await rows()).toEqual([{ stream, owner: null, due_at: BigInt(Date.parse(until)) }]),
      );
    });
  });

  describe('two drivers of one log and one roster', () => {
    it('record every step exactly once', async () => {
      const nodes = [startNode(log, roster), startNode(log, roster), startNode(log, roster)];
      const streams = await Promise.all(
        Array.from({ length: 30 }, (_, index) => begin(nodes[index % 3]!, { steps: 3, width: 2 })),
      );
      // Everybody is told of everything, as by the log.
      for (const stream of streams) for (const node of nodes) node.driver.nudge(stream, 0);
      for (const stream of streams) {
        await recorded(log, stream, 'ErrandEnded');
        expect((await acts(log, stream)).toSorted()).toEqual(['0:0', '0:1', '1:0', '1:1', '2:0', '2:1']);
      }
      const performed = nodes.flatMap((node) => node.performed);
      expect(new Set(performed).size).toBe(30 * 6);
    });
    it('without any lease race for each step, and the one that loses does not act on it (P10)', async () => {
      const { roster: gone, reach } = reachable(roster);
      reach.down = true;
      const nodes = [startNode(log, gone), startNode(log, gone)];
      const stream = await begin(nodes[0]!, { steps: 8 });
      nodes[1]!.driver.nudge(stream, 0);
      await recorded(log, stream, 'ErrandEnded');
      expect(await acts(log, stream)).toEqual(Array.from({ length: 8 }, (_, step) => `${step}:0`));
      const links = (await eventsIn(log, stream)).map(({ metadata }) => metadata);
      for (const [index, { prev }] of links.entries()) if (index > 0) expect(prev).toBe(links[index - 1]?.['self']);
    });
    it.each([
      ['another answer', 'one', 'two'],
      ['the same answer', 'one', 'one'],
    ])('let a zombie lose before it acts on the next step: it got %s', async (_, first, second) => {
      const gate = promised();
      const zombie = startNode(log, roster, {
        answer: async ({ step }) => {
          if (step === 0) await gate.promise;
          return ok(step === 0 ? first : 'zombie');
        },
      });
      const stream = await begin(zombie, { steps: 2 });
      await eventually(() => expect(zombie.performed).toHaveLength(1));
      // Its lease ends while it is away; the heir performs the step, records it, and is at the next one.
      const hold = promised();
      const heir = startNode(log, roster, {
        ahead: 31_000,
        answer: async ({ step }) => {
          if (step === 1) await hold.promise;
          return ok(step === 0 ? second : 'heir');
        },
      });
      await eventually(() => expect(heir.performed).toHaveLength(2));
      gate.keep();
      await eventually(() =>
        expect(zombie.journal.told).toContainEqual(expect.objectContaining({ event: 'process_yielded' })),
      );
      hold.keep();
      await recorded(log, stream, 'ErrandEnded');
      const answers = (await eventsIn(log, stream)).flatMap(({ data }) => (data as { answer?: string }).answer ?? []);
      expect(answers).toEqual([second, 'heir']);
    });
  });
});
