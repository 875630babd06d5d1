import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import {
  createMachine,
  fromPromise,
  getNextTransitions,
  initialTransition,
  transition,
  type AnyMachineSnapshot,
  type AnyStateMachine,
} from 'xstate';
import { agentEvents } from '../../src/domain/agent/agent.events.ts';
import { agentLifecycle, agentMachine } from '../../src/domain/agent/agent.lifecycle.ts';
import { approvalEvents } from '../../src/domain/approval/approval.events.ts';
import { approvalLifecycle, approvalMachine } from '../../src/domain/approval/approval.lifecycle.ts';
import { budgetEvents } from '../../src/domain/budget/budget.events.ts';
import { budgetLifecycle, budgetMachine } from '../../src/domain/budget/budget.lifecycle.ts';
import { capabilityEvents } from '../../src/domain/capability/capability.events.ts';
import { capabilityLifecycle, capabilityMachine } from '../../src/domain/capability/capability.lifecycle.ts';
import { decisionEvents } from '../../src/domain/decision/decision.events.ts';
import { decisionLifecycle, decisionMachine } from '../../src/domain/decision/decision.lifecycle.ts';
import { directiveEvents } from '../../src/domain/directive/directive.events.ts';
import { directiveLifecycle, directiveMachine } from '../../src/domain/directive/directive.lifecycle.ts';
import { grantEvents } from '../../src/domain/grant/grant.events.ts';
import { grantLifecycle, grantMachine } from '../../src/domain/grant/grant.lifecycle.ts';
import { policyEvents } from '../../src/domain/policy/policy.events.ts';
import { policyLifecycle, policyMachine } from '../../src/domain/policy/policy.lifecycle.ts';
import { runEvents } from '../../src/domain/run/run.events.ts';
import { runLifecycle, runMachine } from '../../src/domain/run/run.lifecycle.ts';
import { censorEvents } from '../../src/domain/censor/censor.events.ts';
import { censorLifecycle, censorMachine } from '../../src/domain/censor/censor.lifecycle.ts';
import { episodeEvents } from '../../src/domain/episode/episode.events.ts';
import { episodeLifecycle, episodeMachine } from '../../src/domain/episode/episode.lifecycle.ts';
import { factEvents } from '../../src/domain/fact/fact.events.ts';
import { factLifecycle, factMachine } from '../../src/domain/fact/fact.lifecycle.ts';
import { procedureEvents } from '../../src/domain/procedure/procedure.events.ts';
import { procedureLifecycle, procedureMachine } from '../../src/domain/procedure/procedure.lifecycle.ts';
import { workingMemoryEvents } from '../../src/domain/working-memory/working-memory.events.ts';
import {
  workingMemoryLifecycle,
  workingMemoryMachine,
} from '../../src/domain/working-memory/working-memory.lifecycle.ts';
import { fold, type Decider } from '../../src/domain/kernel/decider.ts';
import { governed, lifecycle, type Lifecycle } from '../../src/domain/kernel/lifecycle.ts';
import { projectionEvents } from '../../src/domain/projection/projection.events.ts';
import { projectionLifecycle, projectionMachine } from '../../src/domain/projection/projection.lifecycle.ts';
import { keyEvents } from '../../src/domain/key/key.events.ts';
import { keyLifecycle, keyMachine } from '../../src/domain/key/key.lifecycle.ts';
import { sessionEvents } from '../../src/domain/session/session.events.ts';
import { sessionLifecycle, sessionMachine } from '../../src/domain/session/session.lifecycle.ts';

const lifecycles = [
  { id: 'agent', life: agentLifecycle, machine: agentMachine, events: agentEvents },
  { id: 'session', life: sessionLifecycle, machine: sessionMachine, events: sessionEvents },
  { id: 'key', life: keyLifecycle, machine: keyMachine, events: keyEvents },
  { id: 'projection', life: projectionLifecycle, machine: projectionMachine, events: projectionEvents },
  { id: 'approval', life: approvalLifecycle, machine: approvalMachine, events: approvalEvents },
  { id: 'budget', life: budgetLifecycle, machine: budgetMachine, events: budgetEvents },
  { id: 'capability', life: capabilityLifecycle, machine: capabilityMachine, events: capabilityEvents },
  { id: 'decision', life: decisionLifecycle, machine: decisionMachine, events: decisionEvents },
  { id: 'directive', life: directiveLifecycle, machine: directiveMachine, events: directiveEvents },
  { id: 'grant', life: grantLifecycle, machine: grantMachine, events: grantEvents },
  { id: 'policy', life: policyLifecycle, machine: policyMachine, events: policyEvents },
  { id: 'run', life: runLifecycle, machine: runMachine, events: runEvents },
  { id: 'censor', life: censorLifecycle, machine: censorMachine, events: censorEvents },
  { id: 'episode', life: episodeLifecycle, machine: episodeMachine, events: episodeEvents },
  { id: 'fact', life: factLifecycle, machine: factMachine, events: factEvents },
  { id: 'procedure', life: procedureLifecycle, machine: procedureMachine, events: procedureEvents },
  { id: 'working_memory', life: workingMemoryLifecycle, machine: workingMemoryMachine, events: workingMemoryEvents },
] as unknown as readonly {
  readonly id: string;
  readonly life: Lifecycle<string, string>;
  readonly machine: AnyStateMachine;
  readonly events: readonly { readonly type: string }[];
}[];

describe.each(lifecycles)('the lifecycle of $id', ({ id, life, machine, events }) => {
  const step = fc.constantFrom('NoSuchEvent', ...events.map(({ type }) => type));

  it('is what XState says, phase by phase and step by step, along any path', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (path) => {
        let [snapshot] = initialTransition(machine) as unknown as [AnyMachineSnapshot];
        let phase = life.initial;
        for (const type of path) {
          const [after] = transition(machine, snapshot, { type }) as unknown as [AnyMachineSnapshot];
          const allowed = getNextTransitions(snapshot).map(({ eventType }) => String(eventType));
          expect(life.steps(phase)).toEqual(allowed);
          expect(life.next(phase, type)).toBe(allowed.includes(type) ? after.value : undefined);
          snapshot = after;
          phase = life.next(phase, type) ?? phase;
          expect(snapshot.value).toBe(phase);
        }
      }),
    );
  });
  it('is what XState says in every phase, for every event', () => {
    for (const phase of life.phases)
      for (const { type } of events) {
        const [after] = transition(machine, machine.resolveState({ value: phase, context: {} }), {
          type,
        }) as unknown as [AnyMachineSnapshot];
        expect(life.next(phase, type) ?? phase, `${phase} ${type}`).toBe(after.value);
      }
    expect(life.phases.toSorted()).toEqual(Object.keys(machine.states).toSorted());
  });
  it('knows no step that is not an event of its noun, and no event that is not a step', () => {
    const steps = new Set(life.phases.flatMap((phase) => life.steps(phase)));
    expect([...steps].toSorted()).toEqual(events.map(({ type }) => type).toSorted());
  });
  it('lets nothing follow a final phase, and can end from every other one', () => {
    const ends = life.phases.filter((phase) => life.final(phase));
    // What has one phase only is a record that is added to for ever; a budget that is closed can be set again, a working
    // memory that is cleared focused again.
    const endless = life.phases.length === 1 || id === 'budget' || id === 'working_memory';
    // How a decision came out can be said again for ever; one that never became one has ended, blocked or rejected.
    const kept = id === 'decision' ? 2 : 0;
    // A directive ends complete or aborted; every other noun has one end.
    if (endless) expect(ends).toHaveLength(0);
    else expect(ends.length).toBeGreaterThanOrEqual(1);
    expect(ends.length > 1).toBe(id === 'directive' || id === 'decision');
    for (const phase of life.phases) expect(life.final(phase)).toBe(machine.states[phase]?.type === 'final');
    const reached = new Set(ends);
    for (let size = -1; size !== reached.size;) {
      size = reached.size;
      for (const phase of life.phases)
        if (life.steps(phase).some((each) => reached.has(life.next(phase, each) ?? ''))) reached.add(phase);
    }
    expect(reached.size).toBe(endless ? 0 : life.phases.length - kept);
  });
});

describe('a machine that is more than topology', () => {
  const on = { Go: 'there' } as const;
  const there = {};
  it.each([
    ['a guard', { here: { on: { Go: { target: 'there', guard: () => true } } }, there }],
    ['an action', { here: { on: { Go: { target: 'there', actions: () => {} } } }, there }],
    ['an action on entry', { here: { on }, there: { entry: () => {} } }],
    ['an action on entry of its first phase', { here: { entry: () => {}, on }, there }],
    ['an action on exit', { here: { on, exit: () => {} }, there }],
    ['a delay', { here: { on, after: { 10: 'there' } }, there }],
    ['a delay further on', { here: { on }, there: { after: { 10: 'here' } } }],
    ['an invoked actor', { here: { on }, there: { invoke: { src: fromPromise(async () => {}) } } }],
    ['a step without an event', { here: { on }, there: { always: 'here' } }],
    ['a guarded step without an event', { here: { on }, there: { always: { target: 'here', guard: () => false } } }],
    ['a step that leads nowhere', { here: { on: { Go: {} } }, there }],
    ['a wildcard', { here: { on: { '*': 'there' } }, there }],
    ['half a wildcard', { here: { on: { 'go.*': 'there' } }, there }],
    ['phases within phases', { here: { on }, there: { initial: 'a', states: { a: {} } } }],
    ['a phase that nothing leads to', { here: { on: { Go: 'here' } }, there }],
    ['a second choice that is never taken', { here: { on: { Go: ['here', 'there'] } }, there }],
  ])('is refused: %s', (_, states) => {
    const machine = createMachine({ id: 'odd', initial: 'here', states } as never);
    expect(() => lifecycle(machine as unknown as AnyStateMachine)).toThrow(/^odd/);
  });
  it.each([
    ['a context', { context: { count: 0 } }],
    ['steps outside its phases', { on: { Halt: '.there' } }],
    ['phases side by side', { type: 'parallel', initial: undefined }],
  ])('is refused: %s', (_, extra) => {
    const machine = createMachine({ id: 'odd', initial: 'here', states: { here: { on }, there }, ...extra } as never);
    expect(() => lifecycle(machine as unknown as AnyStateMachine)).toThrow(/^odd/);
  });
});

describe('a governed decider', () => {
  type Phase = 'shut' | 'open' | 'gone';
  interface State {
    readonly phase: Phase;
    readonly seen: number;
  }
  interface Turned {
    readonly type: 'Opened' | 'Shut' | 'Vanished';
    readonly data: unknown;
  }
  const life = lifecycle(
    createMachine({
      id: 'door',
      initial: 'shut',
      states: {
        shut: { on: { Opened: 'open' } },
        open: { on: { Shut: 'shut', Vanished: 'gone' } },
        gone: { type: 'final' },
      },
    }) as unknown as AnyStateMachine,
  ) as unknown as Lifecycle<Phase, Turned['type']>;
  const turned = (...types: readonly Turned['type'][]): readonly Turned[] => types.map((type) => ({ type, data: {} }));
  const rules: Decider<readonly Turned[] | 'no', State, Turned, { readonly reason: 'No' }> = {
    initial: { phase: 'shut', seen: 0 },
    decide: (command) => (command === 'no' ? E.left({ reason: 'No' }) : E.right(command)),
    // What the rules say of the phase is not listened to.
    evolve: ({ seen }) => ({ phase: 'gone', seen: seen + 1 }),
  };
  const door = governed(life, rules);

  it('lets pass what its machine allows, step after step', () => {
    const steps = turned('Opened', 'Shut', 'Opened', 'Vanished');
    expect(door.decide(steps, door.initial)).toEqual(E.right(steps));
    expect(door.decide([], door.initial)).toEqual(E.right([]));
  });
  it('refuses all where one step may not follow, and says what may', () => {
    expect(door.decide(turned('Opened', 'Opened', 'Shut'), door.initial)).toEqual(
      E.left({ reason: 'OutOfLifecycle', phase: 'open', step: 'Opened', allowed: ['Shut', 'Vanished'] }),
    );
    expect(door.decide('no', door.initial)).toEqual(E.left({ reason: 'No' }));
  });
  it('lets the machine alone set the phase, and forgets nothing that was recorded against it', () => {
    const state = fold(door, door.initial, turned('Vanished', 'Opened', 'Opened'));
    expect(state).toEqual({ phase: 'open', seen: 3 });
  });
  it('knows after a whole history what it knows after its parts', () => {
    const step = fc.constantFrom<Turned['type']>('Opened', 'Shut', 'Vanished');
    fc.assert(
      fc.property(fc.array(step), fc.array(step), (a, b) => {
        const whole = fold(door, door.initial, turned(...a, ...b));
        expect(fold(door, fold(door, door.initial, turned(...a)), turned(...b))).toEqual(whole);
      }),
    );
  });
});
