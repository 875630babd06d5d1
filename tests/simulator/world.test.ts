import { describe, expect, it } from 'vitest';
import { history } from './checker/history.ts';
import { sound } from './mutants/mutant.ts';
import { portsOf, type Ports } from './world/ports.ts';
import { stage as staged } from './world/stage.ts';
import { fair, type CallFaults } from './world/weather.ts';
import { world as worldOf } from './world/world.ts';

const untilMs = 60_000;

/** A world with one node, whose calls of the outside meet this fault each time. */
const aWorld = (faults: Partial<CallFaults>) => {
  const world = worldOf(7);
  const calls = { ...fair.calls, outside: { ...fair.calls.outside, ...faults } };
  const stage = staged(world, { ...fair, calls }, history(world.ledger), { mutant: sound, empty: false }, () => {});
  const play = async (main: (ports: Ports) => Promise<void>): Promise<void> => {
    const hands = { serve: () => Promise.resolve(), stop: () => Promise.resolve() };
    stage.node('node1', (life) => {
      void main(portsOf(stage, life));
      return hands;
    });
    const end = world.now() + untilMs;
    await world.run(() => world.now() > end);
  };
  return { world, play };
};

describe('a call of the outside world', () => {
  it('does a key once, however often it is asked for, and every call stands in the ledger', async () => {
    const { world, play } = aWorld({});
    await play(async ({ outside }) => {
      for (const what of ['pay', 'pay']) await outside.invoke(what, 'keyed', { key: 'k1', args: {} });
      await outside.invoke('mail', 'unkeyed', { key: 'k2', args: {} });
      await outside.invoke('mail', 'unkeyed', { key: 'k2', args: {} });
    });
    expect(world.ledger.map(({ key, applied, node }) => [key, applied, node])).toEqual([
      ['k1', true, 'node1'],
      ['k1', false, 'node1'],
      ['k2', true, 'node1'],
      ['k2', true, 'node1'],
    ]);
  });

  it('may be done although nobody heard of it, and says that it is not known', async () => {
    const { world, play } = aWorld({ lost: 1 });
    const answers: unknown[] = [];
    await play(async ({ outside }) => {
      answers.push(await outside.invoke('pay', 'keyed', { key: 'k1', args: {} }));
    });
    expect(answers).toMatchObject([{ ok: false, happened: 'unknown' }]);
    expect(world.ledger).toHaveLength(1);
  });
});

describe('a life that ended', () => {
  it('goes no further: its promises never settle and its finally never runs', async () => {
    const { world, play } = aWorld({ diesAfter: 1 });
    const after: string[] = [];
    await play(async ({ outside }) => {
      try {
        await outside.invoke('pay', 'keyed', { key: 'k1', args: {} });
      } finally {
        after.push('finally');
      }
    });
    expect(after).toEqual([]);
    // Each new life does the same, and dies of it.
    expect(world.ledger.length).toBeGreaterThan(1);
    expect(new Set(world.ledger.map(({ generation }) => generation)).size).toBe(world.ledger.length);
  });
});
