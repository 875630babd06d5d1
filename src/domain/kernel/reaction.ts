import type { Event, KnownEvent, Recorded } from './event.ts';

/** A request to an aggregate: which stream, and the command. */
export interface Request<Command = unknown> {
  readonly stream: string;
  readonly command: Command;
}

/**
 * An event that asks another aggregate for something. Stateless. Its commands are named by the event that caused them,
 * so that handling the event twice asks for the same thing once.
 */
export interface Reaction {
  readonly name: string;
  readonly on: Readonly<Record<string, (event: Recorded) => readonly Request[]>>;
}

/** Binds an event to what it asks for, with the event's own type. */
export const when = <Type extends string, Data>(
  definition: KnownEvent<Type, Data>,
  ask: (event: Recorded<Event<Type, Data>>) => readonly Request[],
): Reaction['on'] => ({ [definition.type]: ask as (event: Recorded) => readonly Request[] });

export const reaction = (name: string, ...bindings: readonly Reaction['on'][]): Reaction =>
  Object.freeze({
    name,
    on: Object.freeze(Object.fromEntries(bindings.flatMap((binding) => Object.entries(binding)))),
  });
