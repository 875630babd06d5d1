import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import {
  getNextTransitions,
  initialTransition,
  transition,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type EventFromLogic,
  type StateValueFrom,
} from 'xstate';
import type { Decider } from './decider.ts';
import type { Event } from './event.ts';

/** Which event may follow which. Topology only: rules are in deciders, timers in processes, data in states. */
export interface Lifecycle<Phase extends string, Step extends string> {
  readonly id: string;
  readonly initial: Phase;
  readonly phases: readonly Phase[];
  /** The phase after a step, or undefined where the machine has no such step. */
  readonly next: (phase: Phase, step: string) => Phase | undefined;
  /** What may happen now: for refusals, for surfaces, for drawings. */
  readonly steps: (phase: Phase) => readonly Step[];
  /** No step leads out of a final phase. */
  readonly final: (phase: Phase) => boolean;
}

export interface OutOfLifecycle {
  readonly reason: 'OutOfLifecycle';
  readonly phase: string;
  readonly step: string;
  readonly allowed: readonly string[];
}

type PhaseOf<M extends AnyStateMachine> = Extract<StateValueFrom<M>, string>;

/** What a walk from phase to phase cannot see: what belongs to the machine as a whole, or happens before its first step. */
const refuseExtras = (machine: AnyStateMachine, actions: readonly unknown[]): void => {
  const extra = (what: string): never => {
    throw new Error(`${machine.id}: a lifecycle is topology only, this machine has ${what}`);
  };
  if (machine.root.on !== undefined && Object.keys(machine.root.on).length > 0) extra('steps outside its phases');
  if (machine.config.context !== undefined) extra('a context');
  if (actions.length > 0) extra('actions before its first step');
};

/**
 * Reads a flat XState machine once, through XState's own functions, into a table. `transition()` builds an inert actor
 * at every call and costs some hundred times as much as a look into the table, which a replay would pay for each event.
 * Whatever is more than an event and a target (a guard, an action, a delay, a wildcard) is refused when the module loads.
 */
export const lifecycle = <M extends AnyStateMachine>(machine: M): Lifecycle<PhaseOf<M>, EventFromLogic<M>['type']> => {
  type Phase = PhaseOf<M>;
  type Step = EventFromLogic<M>['type'];
  const table = new Map<Phase, ReadonlyMap<string, Phase>>();

  const explore = (snapshot: AnyMachineSnapshot): Phase => {
    if (typeof snapshot.value !== 'string') throw new Error(`${machine.id}: a lifecycle is flat, this machine nests`);
    const phase = snapshot.value as Phase;
    if (table.has(phase)) return phase;
    const row = new Map<string, Phase>();
    table.set(phase, row);
    for (const { eventType, target, guard, actions } of getNextTransitions(snapshot)) {
      const step = String(eventType);
      const refused = new Error(
        `${machine.id}.${phase}: a step is an event and a target, nothing more (${step || 'always'})`,
      );
      if (step === '' || step.includes('*') || step.startsWith('xstate.')) throw refused;
      const [after, effects] = transition<AnyStateMachine>(machine, snapshot, { type: step });
      if (target === undefined || guard !== undefined || actions.length + effects.length > 0) throw refused;
      row.set(step, explore(after));
    }
    return phase;
  };

  const [birth, actions] = initialTransition<AnyStateMachine>(machine);
  refuseExtras(machine, actions);
  const initial = explore(birth);
  const unreachable = Object.keys(machine.states).filter((phase) => !table.has(phase as Phase));
  if (unreachable.length > 0) throw new Error(`${machine.id}: no step leads to ${unreachable.join(', ')}`);
  return Object.freeze({
    id: machine.id,
    initial,
    phases: [...table.keys()],
    next: (phase: Phase, step: string) => table.get(phase)?.get(step),
    steps: (phase: Phase) => [...(table.get(phase)?.keys() ?? [])] as Step[],
    final: (phase: Phase) => (table.get(phase)?.size ?? 0) === 0,
  });
};

/**
 * A decider whose every event must be a step of its machine, and whose phase the machine alone sets. History wins:
 * `evolve` never refuses a step that was recorded, even where today's machine would not allow it.
 */
export const governed = <
  Phase extends string,
  Step extends string,
  Command,
  State extends { readonly phase: Phase },
  Ev extends Event<Step>,
  Refusal,
>(
  life: Lifecycle<Phase, Step>,
  rules: Decider<Command, State, Ev, Refusal>,
): Decider<Command, State, Ev, Refusal | OutOfLifecycle> => {
  const admit =
    (from: Phase) =>
    (events: readonly Ev[]): E.Either<OutOfLifecycle, readonly Ev[]> => {
      let phase = from;
      for (const { type: step } of events) {
        const after = life.next(phase, step);
        if (after === undefined) return E.left({ reason: 'OutOfLifecycle', phase, step, allowed: life.steps(phase) });
        phase = after;
      }
      return E.right(events);
    };
  return Object.freeze({
    initial: rules.initial,
    decide: (command: Command, state: State) => pipe(rules.decide(command, state), E.chainW(admit(state.phase))),
    evolve: (state: State, event: Ev): State => {
      const phase = life.next(state.phase, event.type) ?? state.phase;
      const after = rules.evolve(state, event);
      return after.phase === phase ? after : { ...after, phase };
    },
  });
};
