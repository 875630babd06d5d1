import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postgresRoster } from '../../src/adapters/postgres/roster.ts';
import type { Performed } from '../../src/commands/flights.ts';
import { eventBytesMax, type Roster } from '../../src/ports.ts';
import { pglite, type FreshDatabase } from '../support/databases.ts';
import {
  acts,
  begin,
  crash,
  errandStream,
  eventually,
  promised,
  reachable,
  recorded,
  startNode,
  stopNode,
  stopNodes,
  tell,
} from './drivers.ts';
import { errandCatalogue } from './errand.ts';
import { engineOn, eventsIn, troubled, typesIn } from './engines.ts';
import { openLog } from './setting.ts';

const log = await openLog();
const ok = (result: unknown): Performed => ({ ok: true, result });

let database: FreshDatabase;
let roster: Roster;
beforeAll(async () => {
  database = await pglite.open();
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
const answersIn = async (stream: string) =>
  (await eventsIn(log, stream)).flatMap(({ data }) => (data as { answer?: string }).answer ?? []);

describe('a log that is out of reach', () => {
  it.each(['unheard', 'unsent'] as const)(
    'leaves an outcome to be recorded once, and not performed again: %s (F21, F23)',
    async (kind) => {
      const { trouble, log: shaky } = troubled(log);
      const node = startNode(shaky, roster, {
        answer: () => {
          trouble[kind] = 3;
          return ok('done');
        },
      });
      const stream = await begin(node, { steps: 2, width: 2 });
      const types = await recorded(log, stream, 'ErrandEnded');
      expect(types).toEqual(['ErrandBegun', ...Array(4).fill('ActEnded'), 'ErrandEnded']);
      expect(node.performed).toHaveLength(4);
    },
  );
  it('for longer than anybody counts takes nothing of what was performed', async () => {
    const { trouble, log: shaky } = troubled(log);
    const gate = promised();
    const node = startNode(shaky, roster, { answer: () => gate.promise.then(() => ok('dear')) });
    const stream = await begin(node, { steps: 2 });
    await eventually(() => expect(node.performed).toHaveLength(1));
    trouble.down = true;
    gate.keep();
    const failures = () => node.journal.told.filter(({ event }) => event === 'log_out_of_reach').length;
    await eventually(() => expect(failures()).toBeGreaterThan(3));
    trouble.down = false;
    await recorded(log, stream, 'ErrandEnded');
    expect(node.performed).toEqual([`${stream} act:0:0`, `${stream} act:1:0`]);
  });
  it('with nothing in hand gives an instance back until later', async () => {
    const { trouble, log: shaky } = troubled(log);
    const stream = await begin({ engine: engineOn(log, errandCatalogue) });
    trouble.down = true;
    const node = startNode(shaky, roster);
    node.driver.nudge(stream, 0);
    await eventually(async () =>
      expect(await rows()).toMatchObject([{ stream, owner: null, due_at: expect.anything() }]),
    );
    expect(node.performed).toEqual([]);
    trouble.down = false;
    node.clock.ahead = 2_001;
    node.driver.poke();
    await recorded(log, stream, 'ErrandEnded');
  });
});

describe('an outcome that cannot be recorded', () => {
  it.each([
    ['it is larger than an event', 'x'.repeat(eventBytesMax)],
    ['its schema refuses it', { not: 'a text' }],
  ])('is recorded as a failure: %s', async (_, result) => {
    const node = startNode(log, roster, { answer: ({ step }) => ok(step === 0 ? result : 'done') });
    const stream = await begin(node, { steps: 2 });
    await recorded(log, stream, 'ErrandEnded');
    expect(await answersIn(stream)).toEqual(['unrecordable', 'done']);
    expect(node.performed).toHaveLength(2);
  });
  it('spoils nothing that ended beside it, nor do many that are too much for one append', async () => {
    const gate = promised();
    const large = 'x'.repeat(eventBytesMax - 1_000);
    const node = startNode(log, roster, {
      answer: async ({ lane }) => {
        await gate.promise;
        return ok(lane === 3 ? { not: 'a text' } : large);
      },
    });
    const stream = await begin(node, { width: 6 });
    await eventually(() => expect(node.performed).toHaveLength(6));
    gate.keep();
    await recorded(log, stream, 'ErrandEnded');
    const answers = await answersIn(stream);
    expect(answers.filter((answer) => answer === large)).toHaveLength(5);
    expect(answers.filter((answer) => answer === 'unrecordable')).toHaveLength(1);
    expect(node.performed).toHaveLength(6);
  });
});

describe('a process that is stuck', () => {
  it('because it refuses an outcome is left alone, and the others go on', async () => {
    const node = startNode(log, roster, {
      answer: ({ key }, { stream }) => ok(stream === stuck && key === 'act:1:0' ? 'refused' : 'done'),
    });
    let stuck = '';
    stuck = await begin(node, { steps: 3 });
    const others = await Promise.all(Array.from({ length: 5 }, () => begin(node, { steps: 3 })));
    for (const stream of others) await recorded(log, stream, 'ErrandEnded');
    await eventually(async () => expect(await rows()).toEqual([{ stream: stuck, owner: null, due_at: null }]));
    expect(node.journal.told).toContainEqual(expect.objectContaining({ level: 'error', event: 'process_stuck' }));
    expect(node.performed.filter((act) => act.startsWith(stuck))).toHaveLength(2);
    // What happens to it next gives it another chance.
    await tell(node.engine, stuck, { type: 'CancelErrand' });
    await eventually(async () => expect(await rows()).toEqual([]));
  });
  it('aborts what it had under way beside it', async () => {
    const aborted = promised();
    const node = startNode(log, roster, {
      answer: ({ lane }, { signal }) => {
        if (lane === 0) return ok('refused');
        return new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            aborted.keep();
            resolve(ok('late'));
          });
        });
      },
    });
    const stream = await begin(node, { width: 2 });
    await aborted.promise;
    await eventually(() => expect(node.driver.running()).toBe(0));
    expect(await acts(log, stream)).toEqual([]);
  });
  it('because a newer build wrote to it is offered again later, to whoever can read it', async () => {
    const node = startNode(log, roster);
    const stream = errandStream();
    await tell(engineOn(log, errandCatalogue), stream, { type: 'BeginErrand', steps: 1, width: 1, waits: {} });
    await log.append(stream, 0, [{ id: randomUUID(), type: 'ErrandBlessed', data: {}, metadata: {} }]);
    node.driver.nudge(stream, 1);
    await eventually(async () =>
      expect(await rows()).toMatchObject([{ stream, owner: null, due_at: expect.anything() }]),
    );
    const [row] = await rows();
    expect(Number(row?.due_at) - node.clock.now()).toBeGreaterThan(30_000);
    expect(node.performed).toEqual([]);
  });
  it('because its stream was deleted is forgotten', async () => {
    const gate = promised();
    const node = startNode(log, roster, { answer: () => gate.promise.then(() => ok('done')) });
    const stream = await begin(node);
    await eventually(() => expect(node.performed).toHaveLength(1));
    await log.tombstone(stream, 0);
    gate.keep();
    await eventually(async () => expect(await rows()).toEqual([]));
    expect(node.driver.running()).toBe(0);
  });
});

describe('a node that comes back', () => {
  it('takes up at once what its former life held, and performs nothing again whose outcome is on record', async () => {
    const owner = randomUUID();
    const never = promised<Performed>();
    const { reach, roster: shaky } = reachable(roster);
    const first = startNode(log, shaky, { owner, answer: ({ step }) => (step < 2 ? ok('done') : never.promise) });
    const streams = await Promise.all([1, 2, 3].map(() => begin(first, { steps: 4 })));
    await eventually(() => expect(first.performed.filter((act) => act.endsWith('act:2:0'))).toHaveLength(3));
    await crash(first, reach);
    // The leases are good for half a minute; under the same name nobody waits for that (decision 0005).
    expect((await rows()).map((row) => row.owner)).toEqual([owner, owner, owner]);
    const second = startNode(log, roster, { owner });
    for (const stream of streams) {
      await recorded(log, stream, 'ErrandEnded');
      expect(await acts(log, stream)).toEqual(['0:0', '1:0', '2:0', '3:0']);
      expect(second.performed.filter((act) => act.startsWith(stream))).toEqual([
        `${stream} act:2:0`,
        `${stream} act:3:0`,
      ]);
    }
  });
  it('never, leaves its work to another, once its leases have ended', async () => {
    const { reach, roster: shaky } = reachable(roster);
    const first = startNode(log, shaky, { answer: () => new Promise(() => {}) });
    const stream = await begin(first);
    await eventually(() => expect(first.performed).toHaveLength(1));
    await crash(first, reach);
    const early = startNode(log, roster);
    early.driver.nudge(stream, 0);
    const heir = startNode(log, roster, { ahead: 30_001 });
    await recorded(log, stream, 'ErrandEnded');
    expect(early.performed).toEqual([]);
    expect(heir.performed).toEqual([`${stream} act:0:0`]);
  });
});

describe('a roster that is out of reach', () => {
  it('keeps nobody from driving what begins here', async () => {
    const { reach, roster: shaky } = reachable(roster);
    reach.down = true;
    const node = startNode(log, shaky);
    const streams = await Promise.all(Array.from({ length: 5 }, () => begin(node, { steps: 3 })));
    for (const stream of streams) await recorded(log, stream, 'ErrandEnded');
    expect(node.driver.covers(streams[0]!, 4)).toBe(true);
    expect(node.journal.told).toContainEqual(expect.objectContaining({ event: 'roster_unavailable' }));
  });
  it('for what ended only, keeps nobody from what is due', async () => {
    const { stream: due } = await (async () => {
      const gone = startNode(log, roster, { answer: () => new Promise(() => {}) });
      const stream = await begin(gone);
      await eventually(() => expect(gone.performed).toHaveLength(1));
      await stopNode(gone, 0);
      return { stream };
    })();
    const unkind: Roster = { ...roster, release: () => Promise.reject(new Error('this cannot be given back')) };
    const node = startNode(log, unkind);
    const other = await begin(node);
    await recorded(log, other, 'ErrandEnded');
    await recorded(log, due, 'ErrandEnded');
    expect(node.performed).toContain(`${due} act:0:0`);
  });
  it('is told of a fault in words that it can hold', async () => {
    const entry = { stream: 'errand-a', kind: 'errand', due_at: null };
    const [claimed] = await roster.claim('a-node', 0, 1_000, [entry]);
    const fault = 'errand-a: \u0000\uD800 ended';
    await roster.release([
      { stream: 'errand-a', kind: 'errand', lease: claimed!.lease, due_at: 5, done: false, fault },
    ]);
    expect(await rows()).toMatchObject([{ stream: 'errand-a', owner: null }]);
  });
  it('takes nothing from those that are under way, and hears of their end once it is back', async () => {
    const { reach, roster: shaky } = reachable(roster);
    const gate = promised();
    const node = startNode(log, shaky, { answer: () => gate.promise.then(() => ok('done')) });
    const stream = await begin(node, { steps: 3 });
    await eventually(() => expect(node.performed).toHaveLength(1));
    reach.down = true;
    gate.keep();
    await recorded(log, stream, 'ErrandEnded');
    expect(await rows()).toHaveLength(1);
    reach.down = false;
    await eventually(async () => expect(await rows()).toEqual([]));
  });
});

describe('a node that is asked to stop', () => {
  it('lets what is under way end, begins nothing new, and hands over the rest (F18)', async () => {
    const gate = promised();
    const node = startNode(log, roster, { answer: () => gate.promise.then(() => ok('done')) });
    const streams = await Promise.all([1, 2, 3].map(() => begin(node, { steps: 2 })));
    await eventually(() => expect(node.performed).toHaveLength(3));
    const stopping = stopNode(node, 10_000);
    const refused = await begin(node);
    gate.keep();
    await stopping;
    for (const stream of streams) expect(await acts(log, stream)).toEqual(['0:0']);
    expect(node.performed).toHaveLength(3);
    expect(await rows()).toMatchObject(
      streams.toSorted().map((stream) => ({ stream, owner: null, due_at: expect.anything() })),
    );
    const next = startNode(log, roster);
    for (const stream of streams) await recorded(log, stream, 'ErrandEnded');
    expect(next.performed.toSorted()).toEqual(streams.map((stream) => `${stream} act:1:0`).toSorted());
    // What began while it was stopping is on record, and found by those who follow the log.
    expect(await typesIn(log, refused)).toEqual(['ErrandBegun']);
  });
  it('aborts at the end of its grace what does not end, and another performs that', async () => {
    const aborted: string[] = [];
    const node = startNode(log, roster, {
      answer: (act, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            aborted.push(act.key);
            resolve(ok('too late'));
          });
        }),
    });
    const stream = await begin(node);
    await eventually(() => expect(node.performed).toHaveLength(1));
    await stopNode(node, 20);
    expect(aborted).toEqual(['act:0:0']);
    expect(await rows()).toMatchObject([{ stream, owner: null }]);
    startNode(log, roster);
    await recorded(log, stream, 'ErrandEnded');
    expect(await answersIn(stream)).toEqual(['did act:0:0']);
  });
  it('gives a wait back with its own time', async () => {
    const until = new Date(Date.now() + 1_000).toISOString();
    const node = startNode(log, roster);
    const stream = await begin(node, { waits: { 0: until } });
    await eventually(() => expect(node.driver.running()).toBe(1));
    await stopNode(node);
    expect(await rows()).toEqual([{ stream, owner: null, due_at: BigInt(Date.parse(until)) }]);
  });
});

describe('many processes at once', () => {
  it('are driven up to a limit, and the others wait their turn', async () => {
    const gate = promised();
    const engine = engineOn(log, errandCatalogue);
    const streams = await Promise.all(Array.from({ length: 1_200 }, () => begin({ engine })));
    const due = streams.map((stream) => ({ stream, kind: 'errand', due_at: 0 }));
    await roster.wake(due, { name: randomUUID(), position: 1n });
    let most = 0;
    const node = startNode(log, roster, {
      answer: async () => {
        most = Math.max(most, node.driver.running());
        await gate.promise;
        return ok('done');
      },
    });
    await eventually(() => expect(node.driver.running()).toBe(1_024));
    // One more that begins here waits like the others.
    streams.push(await begin(node));
    gate.keep();
    await eventually(async () => expect(await rows()).toEqual([]));
    expect(most).toBe(1_024);
    expect(new Set(node.performed).size).toBe(1_201);
    expect(node.performed).toHaveLength(1_201);
    expect(await typesIn(log, streams.at(-1)!)).toContain('ErrandEnded');
  });
});
