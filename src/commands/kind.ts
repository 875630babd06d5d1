import type { Event } from '../domain/kernel/event.ts';
import type { Effect, Process } from '../domain/kernel/process.ts';
import type { Perform } from './flights.ts';

/** A process whose types are known to nobody but itself; what comes out of it goes back into it only. */
type AnyProcess = Process<never, unknown, Event, unknown, Effect>;

/** A kind of process: which streams it lives in, what it wants, and who performs it. */
export interface Kind {
  readonly name: string;
  readonly category: string;
  readonly process: AnyProcess;
  readonly perform: Readonly<Record<string, Perform>>;
}

/** Joins a process with the performers of its effects, checked by kind. */
export const kind = <Command, State, Ev extends Event, Refusal, Fx extends Effect>(
  name: string,
  category: string,
  process: Process<Command, State, Ev, Refusal, Fx>,
  perform: { readonly [K in Fx['kind']]: Perform<Extract<Fx, { readonly kind: K }>> },
): Kind => ({
  name,
  category,
  process: process as unknown as AnyProcess,
  perform: perform as unknown as Readonly<Record<string, Perform>>,
});

/** Who a process is when it records: nobody else records under this name. */
export const actorOf = (kind: Pick<Kind, 'name'>): string => `process:${kind.name}`;

/** An outcome that its own process refuses would be performed again for ever: a bug, which stops this instance only. */
export class Stuck extends Error {
  override readonly name = 'Stuck';
}
