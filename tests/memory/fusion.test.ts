import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Match } from '../../src/ports.memory.ts';
import { fused, type Channel } from '../../src/projections/memory/fusion.ts';

const found = (id: string, score: number, ended_why: string | null = null): Match => ({
  kind: 'fact',
  id,
  revision: 0,
  title: `about ${id}`,
  score,
  ended_why,
});
const vector = (...matches: readonly Match[]): Channel => ({ name: 'vector', floor: 0.45, matches });
const text = (...matches: readonly Match[]): Channel => ({ name: 'text', matches });
const ids = (items: readonly { readonly id: string }[]): readonly string[] => items.map(({ id }) => id);

describe('what the channels found', () => {
  it('is one list by reciprocal rank, and each item says which channel found it where', () => {
    const { items } = fused([vector(found('a', 0.9), found('b', 0.8)), text(found('b', 3), found('c', 2))], [], 10);
    expect(items).toMatchObject([
      {
        id: 'b',
        score: 1 / 62 + 1 / 61,
        channels: [
          { name: 'vector', rank: 2, score: 0.8 },
          { name: 'text', rank: 1, score: 3 },
        ],
      },
      { id: 'a', score: 1 / 61, channels: [{ name: 'vector', rank: 1 }] },
      { id: 'c', score: 1 / 62, channels: [{ name: 'text', rank: 2 }] },
    ]);
  });

  it('does not count below the floor of a channel, and says so where no other channel does', () => {
    const { items, excluded } = fused(
      [vector(found('a', 0.5), found('b', 0.4), found('c', 0.3)), text(found('c', 1))],
      [],
      10,
    );
    expect(ids(items)).toEqual(['a', 'c']);
    expect(items[1]).toMatchObject({ score: 1 / 61, channels: [{ name: 'vector', score: 0.3 }, { name: 'text' }] });
    expect(excluded).toMatchObject([{ id: 'b', why: 'its similarity 0.40 is below 0.45' }]);
  });

  it('says of what came after the limit where it came, and of what has ended why', () => {
    const channels = [text(found('a', 3), found('b', 2), found('c', 1))];
    const { items, excluded } = fused(channels, [text(found('x', 9, 'superseded by b')), vector(found('y', 0.1))], 2);
    expect(ids(items)).toEqual(['a', 'b']);
    expect(excluded.map(({ id, why }) => [id, why])).toEqual([
      ['c', 'place 3, beyond the limit of 2'],
      ['x', 'it is known no more: superseded by b'],
    ]);
  });

  it('tells items of two kinds apart, though they have one id', () => {
    const decision: Match = { ...found('a', 1), kind: 'decision' };
    expect(fused([text(found('a', 2), decision)], [], 10).items).toHaveLength(2);
  });

  it('loses nothing, says nothing twice, and has one order, whichever channel is named first', () => {
    const matches = fc
      .uniqueArray(
        fc.record({
          id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
          score: fc.double({ min: 0, max: 1, noNaN: true }),
        }),
        {
          selector: ({ id }) => id,
        },
      )
      .map((all) => all.toSorted((one, other) => other.score - one.score).map(({ id, score }) => found(id, score)));
    fc.assert(
      fc.property(matches, matches, fc.integer({ min: 1, max: 10 }), (one, other, limit) => {
        const { items, excluded } = fused([vector(...one), text(...other)], [], limit);
        const all = [...ids(items), ...ids(excluded)];
        expect(all.toSorted()).toEqual([...new Set([...ids(one), ...ids(other)])].toSorted());
        expect(items.length).toBeLessThanOrEqual(limit);
        expect(ids(fused([text(...other), vector(...one)], [], limit).items)).toEqual(ids(items));
      }),
    );
  });
});
