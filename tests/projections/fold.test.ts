import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Event } from '../../src/domain/kernel/event.ts';
import type { StoredEvent } from '../../src/ports.ts';
import { concerns, decoding, foldLog, foldRows } from '../../src/projections/folding/fold.ts';
import { projection, type Projection } from '../../src/projections/projection.ts';
import { catalogue, cursed, JarBroken, JarFilled, jars, MarblesAdded, MarblesPoured } from './jars.ts';
import { chapter, jarOf } from './story.ts';

const at = (position: number, event: Event, more: Partial<StoredEvent> = {}): StoredEvent => ({
  id: randomUUID(),
  ...event,
  stream: 'jar-1',
  revision: position,
  position: BigInt(position),
  recorded_at: '2026-01-02T03:04:05.678Z',
  metadata: { version: '1' },
  ...more,
});
const [a, b] = [jarOf(1), jarOf(2)];
const nothing = { keys: new Set<string>(), streams: new Set<string>() };

/** What a list of events comes to, and what of it is parked, when `known` is what there was before. */
const folded = (shown: Projection, events: readonly StoredEvent[]) => {
  const found = concerns(shown, events, decoding(catalogue), nothing);
  const { changed, parked } = foldRows(shown, found.concerns, () => undefined, nothing);
  return {
    changed,
    parked: [...found.parked, ...parked].map(({ stored, key, attempts }) => [Number(stored.position), key, attempts]),
  };
};

describe('a fold', () => {
  it('makes rows of events, in log order', () => {
    const rows = foldLog(jars(), catalogue, [
      at(1, JarFilled({ jar_id: a, label: 'red', marbles: 5 })),
      at(2, MarblesAdded({ jar_id: a, marbles: 2 })),
      at(3, JarFilled({ jar_id: b, label: 'blue', marbles: 1 })),
      at(4, JarBroken({ jar_id: b })),
    ]);
    expect([...rows.keys()]).toEqual([a]);
    expect(rows.get(a)).toMatchObject({
      label: 'red',
      marbles: 7,
      position: 2n,
      touched_at: '2026-01-02T03:04:05.678Z',
    });
  });

  it('knows which of several rows it is asked about', () => {
    const rows = foldLog(jars(), catalogue, [
      at(1, JarFilled({ jar_id: a, label: 'red', marbles: 5 })),
      at(2, MarblesPoured({ from: a, to: b, marbles: 3 })),
    ]);
    expect([rows.get(a)?.['marbles'], rows.get(b)?.['marbles']]).toEqual([2, 3]);
  });

  it('comes to the same in one go and in pieces', () => {
    const events = Array.from({ length: 500 }, (_, n) => at(n, chapter(n).event));
    const whole = foldLog(jars(), catalogue, events);
    const decode = decoding(catalogue);
    const rows = new Map<string, Readonly<Record<string, unknown>>>();
    for (let start = 0; start < events.length; start += 7) {
      const found = concerns(jars(), events.slice(start, start + 7), decode, nothing);
      for (const [key, { row }] of foldRows(jars(), found.concerns, (key) => rows.get(key), nothing).changed)
        if (row === null) rows.delete(key);
        else rows.set(key, row);
    }
    expect(rows).toEqual(whole);
  });

  it('says a thing in one way, however its event said it', () => {
    const shown = projection({
      name: 'forms',
      version: 1,
      table: (t) =>
        t
          .addColumn('id', 'uuid', (c) => c.primaryKey())
          .addColumn('big', 'bigint')
          .addColumn('at', 'timestamptz')
          .addColumn('text', 'text')
          .addColumn('absent', 'text'),
      key: ({ id }) => id,
      every: (_, { id }) => ({ id: id.toUpperCase(), big: 7, at: '2026-01-02T04:04:05+01:00', text: 'a\u0000b\ud800' }),
    });
    const event = at(1, { type: 'Whatever', data: null });
    expect([...foldLog(shown, catalogue, [event]).values()]).toEqual([
      { id: event.id, big: 7n, at: '2026-01-02T03:04:05.000Z', text: 'a\ufffdb\ufffd', absent: null },
    ]);
  });

  it('concerns nothing in events it does not name, known or unknown', () => {
    const events = [at(1, { type: 'FromTheFuture', data: {} }), at(2, JarBroken({ jar_id: a }))];
    expect(folded(jars(), events)).toEqual({ changed: new Map(), parked: [] });
  });

  it('parks what it cannot take, for that row alone, and what follows of it behind', () => {
    cursed.add(13);
    const { changed, parked } = folded(jars(), [
      at(1, JarFilled({ jar_id: a, label: 'red', marbles: 5 })),
      at(2, MarblesAdded({ jar_id: a, marbles: 13 })),
      at(3, MarblesPoured({ from: b, to: a, marbles: 1 })),
      at(4, MarblesAdded({ jar_id: a, marbles: 1 })),
    ]);
    cursed.clear();
    expect(parked).toEqual([
      [2, a, 3],
      [3, a, 0],
      [4, a, 0],
    ]);
    expect([changed.get(a)?.row?.['marbles'], changed.get(b)?.row?.['marbles']]).toEqual([5, -1]);
  });

  it('parks an event that it names and cannot read, and its stream behind it', () => {
    const { changed, parked } = folded(jars(), [
      at(1, MarblesAdded({ jar_id: a, marbles: 1 }), { metadata: { version: '9' } }),
      at(2, { type: 'MarblesAdded', data: { jar_id: 'nobody' } }, { stream: 'jar-2' }),
      at(3, MarblesAdded({ jar_id: a, marbles: 1 })),
      at(4, MarblesAdded({ jar_id: b, marbles: 1 }), { stream: 'jar-3' }),
    ]);
    expect(parked).toEqual([
      [1, '', 1],
      [2, '', 1],
      [3, '', 0],
    ]);
    expect([...changed.keys()]).toEqual([b]);
  });

  it.each([
    ['a column it must have', { label: undefined }],
    ['a value that does not fit its column', { marbles: 1.5 }],
    ['a key of another row', { jar_id: b }],
  ])('parks an event whose row has not %s', (_, wrong) => {
    const right = jars();
    const shown: Projection = { ...right, fold: (...given) => ({ ...right.fold(...given), ...wrong }) };
    expect(folded(shown, [at(1, MarblesAdded({ jar_id: a, marbles: 1 }))]).parked).toEqual([[1, a, 3]]);
  });

  it('throws where there is nobody to park for', () => {
    cursed.add(13);
    const events = [at(1, MarblesAdded({ jar_id: a, marbles: 13 }))];
    expect(() => foldLog(jars(), catalogue, events)).toThrow('13 marbles are cursed');
    cursed.clear();
  });
});

describe('a projection', () => {
  const right: Parameters<typeof projection>[0] = {
    name: 'plain',
    version: 1,
    table: (t) => t.addColumn('id', 'text', (c) => c.primaryKey()),
    key: () => 'x',
    every: () => ({ id: 'x' }),
  };
  it.each([
    ['has no primary key', { table: (t) => t.addColumn('id', 'text') }],
    ['has a column no fold can write', { table: (t) => t.addColumn('id', 'bytea', (c) => c.primaryKey()) }],
    ['is named like no table', { name: 'No Table' }],
    ['has no version', { version: 0 }],
  ] satisfies [string, Partial<typeof right>][])('is refused where it %s', (_, wrong) => {
    expect(() => projection(right)).not.toThrow();
    expect(() => projection({ ...right, ...wrong })).toThrow();
  });
});
