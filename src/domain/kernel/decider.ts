import type { Either } from 'fp-ts/lib/Either.js';
import type { Event } from './event.ts';

/**
 * Answers a command with events, or with a refusal that says why not. Pure: it reads no clock and makes no id; time and
 * ids arrive inside the command. An empty list of events means "already so", and nothing is recorded.
 */
export interface Decider<Command, State, E extends Event, Refusal> {
  readonly initial: State;
  readonly decide: (command: Command, state: State) => Either<Refusal, readonly E[]>;
  readonly evolve: (state: State, event: E) => State;
}

/** What is known after these events, in the order they were recorded. */
export const fold = <State, E extends Event>(
  { evolve }: { readonly evolve: (state: State, event: E) => State },
  from: State,
  events: Iterable<E>,
): State => {
  let state = from;
  for (const event of events) state = evolve(state, event);
  return state;
};
