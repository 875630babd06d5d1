import type { Invocation, Invoked } from '../../../src/ports.ts';
import { lineOf, type Missing } from './calls.ts';
import type { Stage } from './stage.ts';
import type { Generation, LedgerEntry } from './world.ts';

/** What is really done, outlives every node, and can be asked about by key. */
export interface Outside {
  readonly done: Map<string, unknown>;
}

export const outside = (): Outside => ({ done: new Map() });

/** No proper answer came of a call. */
class Unanswered extends Error {
  readonly missing: Missing;
  constructor(missing: Missing) {
    super(missing);
    this.name = 'Unanswered';
    this.missing = missing;
  }
}

/**
 * Capabilities as a life of a node meets them. A keyed one does a key once; any other does what it is told as often as it
 * is told. Every call that arrives stands in the world's ledger.
 */
export const outsidePort = (stage: Stage, life: Generation) => {
  const { world, weather, log } = stage;
  const { done } = stage.outside;
  const failure = (missing: Missing): Error => new Unanswered(missing);
  const line = lineOf({ world, weather, link: 'outside', owner: life, die: stage.die, failure });

  const entryOf = (key: string, what: string, effect_class: string): Omit<LedgerEntry, 'applied'> => {
    const { name: node, number: generation, bornAfter } = life;
    const [at, after, moment] = [world.now(), log.head(), world.moment()];
    return { key, what, effect_class, at, node, generation, bornAfter, after, moment };
  };

  return {
    /** Performs one call of a capability: `effect_class` as in `assurance.md` 1.3. */
    invoke: async (
      what: string,
      effect_class: string,
      { key, args }: Pick<Invocation, 'key' | 'args'>,
    ): Promise<Invoked> => {
      const entry = entryOf(key, what, effect_class);
      const perform = (): unknown => {
        const again = effect_class === 'keyed' && done.has(key);
        world.ledger.push({ ...entry, at: world.now(), applied: !again });
        if (!again) done.set(key, { what, args });
        return done.get(key);
      };
      try {
        return { ok: true, result: await line('invoke', `${what} ${key}`, perform) };
      } catch (error) {
        const refused = error instanceof Unanswered && error.missing === 'refused';
        return {
          ok: false,
          fault: refused ? 'unavailable' : 'timeout',
          message: String(error),
          retryable: true,
          happened: refused ? 'no' : 'unknown',
        };
      }
    },
    /** For the effect class `queryable`: whether a call under this key was done. */
    happened: (key: string) =>
      line('happened', key, () =>
        done.has(key) ? ({ done: true, result: done.get(key) } as const) : ({ done: false } as const),
      ),
  };
};
export type OutsidePort = ReturnType<typeof outsidePort>;
