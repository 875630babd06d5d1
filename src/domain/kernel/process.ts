import type { Decider } from './decider.ts';
import type { Event } from './event.ts';

/** Something that should happen now. Its key is the same at every attempt, before and after a crash. */
export interface Effect {
  readonly kind: string;
  readonly key: string;
}

/** The one effect that the driver performs itself: to be asked again at or after an instant (RFC 3339, UTC). */
export interface Wait extends Effect {
  readonly kind: 'wait';
  readonly until: string;
}

/** How an effect ended. `at` is the instant at which its end was noticed (RFC 3339, UTC). */
export type Outcome<Result = unknown> =
  | { readonly ok: true; readonly result: Result; readonly at: string }
  | { readonly ok: false; readonly failure: Failure; readonly at: string };

/** A bounded, typed failure; never a raw exception (requirements 6.5, rule 4). */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  /** How long the other side asked us to wait, in milliseconds. */
  readonly retry_after_ms?: number;
}

/**
 * A decider that also says what should happen next. `next` is pure: asked again after a crash it gives the same effects
 * with the same keys. What was done comes back as a command, made by `outcome`.
 */
export interface Process<Command, State, E extends Event, Refusal, Fx extends Effect> extends Decider<
  Command,
  State,
  E,
  Refusal
> {
  readonly next: (state: State) => readonly (Fx | Wait)[];
  readonly outcome: (effect: Fx | Wait, outcome: Outcome, state: State) => Command;
  /** True when nothing can follow: the driver forgets the instance. */
  readonly done: (state: State) => boolean;
}
