import { expect, it } from 'vitest';
import type { CensorInForce } from '../../src/ports.memory.ts';
import type { StoredEvent } from '../../src/ports.ts';
import { censorsOf, type CensorParts } from '../../src/wiring/memory/censors.ts';

const of = { tenant: 'default', agent_id: '00000000-0000-4000-8000-000000000001' };
const censor: CensorInForce = {
  ...{ censor_id: of.agent_id, revision: 0, trigger: 'wire the money', reason: 'a fraud' },
  ...{ action: 'absolute', domain: null, origin: 'manual' },
};

/** Read models that can go away, and a log that may have recorded something of censors since. */
const world = () => {
  const now = { away: false, reached: 7n, changed: [] as bigint[] };
  const parts = {
    newest: () => 7n,
    read: {
      served: () => ({ version: 1, position: now.reached }),
      reached: async (_: string, required: bigint) => ({ reached: now.reached >= required, position: now.reached }),
      ask: async () => {
        if (now.away) throw new Error('the database is away');
        return [censor];
      },
    },
    log: {
      readAll: async function* () {
        yield now.changed.map((position) => ({ position }) as StoredEvent);
      },
    },
  };
  return { now, censors: censorsOf(parts as unknown as CensorParts) };
};

it('while the read models are away is in force what was, as long as the log says nothing else', async () => {
  const { now, censors } = world();
  await expect(censors(of)).resolves.toEqual([censor]);
  now.away = true;
  // What was read already is found again where reading begins.
  now.changed = [7n];
  await expect(censors(of)).resolves.toEqual([censor]);
  now.changed = [7n, 9n];
  await expect(censors(of)).rejects.toThrow('the database is away');
  now.away = false;
  await expect(censors(of)).resolves.toEqual([censor]);
});

it('nothing is known to be in force of an agent that was never looked at, nor before what was made is visible', async () => {
  const { now, censors } = world();
  now.away = true;
  await expect(censors(of)).rejects.toThrow('the database is away');
  now.away = false;
  now.reached = 6n;
  await expect(censors(of)).rejects.toThrow('not visible yet');
});
