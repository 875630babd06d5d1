import * as E from 'fp-ts/lib/Either.js';
import { expect } from 'vitest';
import { fold, type Decider } from '../../src/domain/kernel/decider.ts';
import type { Event } from '../../src/domain/kernel/event.ts';

/**
 * Says what a decider does in the order it happens: `given(…events).when(command).records(…events)`, or `.refuses(…)`.
 * `records()` with nothing means "already so".
 */
export const specification = <Command, State, Ev extends Event, Refusal>(
  decider: Decider<Command, State, Ev, Refusal>,
) => ({
  given: (...past: readonly Ev[]) => {
    const state = fold(decider, decider.initial, past);
    return {
      state,
      when: (command: Command) => {
        const decision = decider.decide(command, state);
        return {
          records: (...events: readonly Ev[]): void => expect(decision).toEqual(E.right(events)),
          refuses: (refusal: Refusal): void => expect(decision).toEqual(E.left(refusal)),
        };
      },
    };
  },
});
