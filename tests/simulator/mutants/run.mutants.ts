import * as E from 'fp-ts/lib/Either.js';
import type { Aggregates, AnyDecider } from '../../../src/commands/aggregates.ts';
import type { Perform } from '../../../src/commands/flights.ts';
import type { Kind } from '../../../src/commands/kind.ts';
import type { ApprovalState } from '../../../src/domain/approval/approval.decider.ts';
import { digest } from '../../../src/domain/kernel/digest.ts';
import type { Event } from '../../../src/domain/kernel/event.ts';
import type { Effect } from '../../../src/domain/kernel/process.ts';
import type { Claims, UndoReadiness } from '../../../src/domain/run/run.commands.ts';
import { RollbackStarted, StepSucceeded } from '../../../src/domain/run/run.events.ts';
import { callKey } from '../../../src/domain/run/run.judgement.ts';
import type { ClaimEffect, IntendUndoEffect, InvokeEffect, JudgeEffect } from '../../../src/domain/run/run.process.ts';
import type { RunState } from '../../../src/domain/run/run.state.ts';
import type { EventLog } from '../../../src/ports.ts';
import type { Mutant } from './mutant.ts';

const ofRuns =
  (change: (kind: Kind) => Kind): NonNullable<Mutant['kind']> =>
  (kind) =>
    kind.name === 'run' ? change(kind) : kind;

/** Performs one kind of effect otherwise. */
const performing = <Fx extends Effect>(name: string, change: (perform: Perform<Fx>, kind: Kind) => Perform<Fx>) =>
  ofRuns((kind) => {
    const perform = kind.perform[name] as Perform<Fx> | undefined;
    return perform === undefined
      ? kind
      : { ...kind, perform: { ...kind.perform, [name]: change(perform, kind) as Perform } };
  });

const invoking = (change: (effect: InvokeEffect) => InvokeEffect) =>
  performing<InvokeEffect>('invoke', (perform) => (effect, context) => perform(change(effect), context));

/** What is decided is recorded otherwise. */
const deciding = (change: (event: Event) => Event) =>
  ofRuns((kind) => {
    const decide: Kind['process']['decide'] = (command, state) =>
      E.map((events: readonly Event[]) => events.map(change))(kind.process.decide(command, state));
    return { ...kind, process: { ...kind.process, decide } };
  });

/** The process takes no notice of an event. */
const deafTo = (type: string) =>
  ofRuns((kind) => {
    const evolve: Kind['process']['evolve'] = (state, event) =>
      event.type === type ? state : kind.process.evolve(state, event);
    return { ...kind, process: { ...kind.process, evolve } };
  });

const succeededAtOnce = (event: Event): Event => {
  if (event.type !== 'StepIntended') return event;
  const { run_id, step_id, attempt, at } = event.data as Record<'run_id' | 'step_id' | 'at', string> & {
    attempt: number;
  };
  const paid = { cost_micros: 0, artifacts: [], reservations: [] };
  return StepSucceeded({ run_id, step_id, attempt, at, result: null, undo: null, ...paid });
};

const undoneForward = (event: Event): Event => {
  if (event.type !== 'RollbackStarted') return event;
  const { step_ids, ...rest } = event.data as { run_id: string; reason: string; step_ids: readonly string[] };
  return RollbackStarted({ ...rest, step_ids: step_ids.toReversed() });
};

/** The capability is called while what the call needs is still being taken. */
const calledFirst = performing<ClaimEffect>('claim', (perform, kind) => async (effect, context) => {
  const invoke = kind.perform['invoke'] as Perform<InvokeEffect>;
  const call_key = callKey(effect.run_id, effect.step_id);
  await invoke({ ...effect, kind: 'invoke', call_key, life: 'mine' }, context);
  return await perform(effect, context);
});

/** What undoes a step is judged by a policy that nobody has activated. */
const undoneByAnotherPolicy = performing<IntendUndoEffect>('intend_undo', (perform) => async (effect, context) => {
  const performed = await perform(effect, context);
  const { gate } = (performed.ok ? performed.result : {}) as Partial<UndoReadiness>;
  if (!performed.ok || gate == null) return performed;
  const active = { ...gate.active, version: gate.active.version + 1, digest: digest('another') };
  return { ok: true, result: { ...(performed.result as UndoReadiness), gate: { ...gate, active } } };
});

/** Nobody looks whether things have changed between the gate's word and the taking of what a call needs. */
const changeIgnored = performing<ClaimEffect>('claim', (perform) => async (effect, context) => {
  const performed = await perform(effect, context);
  return performed.ok ? { ok: true, result: { ...(performed.result as Claims), changed: null } } : performed;
});

/** The gate is asked once for a capability, and its answer kept. */
const askedOnce = performing<JudgeEffect>('judge', (perform) => {
  const answers = new Map<string, ReturnType<Perform>>();
  return (effect, context) => {
    const { step } = effect;
    if (step.kind !== 'action') return perform(effect, context);
    const answer = answers.get(step.capability_id) ?? perform(effect, context);
    answers.set(step.capability_id, answer);
    return answer;
  };
});

/** Whoever the log says is stopped goes on all the same. */
const stopIgnored = performing<JudgeEffect>('judge', (perform) => async (effect, context) => {
  const answer = await perform(effect, context);
  return answer.ok ? { ok: true, result: { ...(answer.result as object), agent: 'active' } } : answer;
});

/** What was agreed to is not compared with what would be done. */
const differencesIgnored = ofRuns((kind) => {
  const decide: Kind['process']['decide'] = (command, state) => {
    const { steps } = state as RunState;
    const blind = [...steps].map(([id, step]) => [
      id,
      step.approval === null ? step : { ...step, approval: { ...step.approval, action: null } },
    ]);
    return kind.process.decide(command, { ...(state as RunState), steps: new Map(blind as never) });
  };
  const next: Kind['process']['next'] = (state) =>
    kind.process
      .next(state)
      .map((effect) => (effect.kind === 'claim' ? ({ ...effect, approval_id: null } as Effect) : effect));
  return { ...kind, process: { ...kind.process, decide, next } };
});

/** Budgets are looked at, and then reserved whatever others have reserved meanwhile. */
const budgetUnfenced = (log: EventLog): EventLog => ({
  ...log,
  append: (stream, expected, events) => log.append(stream, stream.startsWith('budget-') ? 'any' : expected, events),
});

/** That an approval was used is not recorded. */
const useForgotten = (log: EventLog): EventLog => ({
  ...log,
  append: (stream, expected, events) =>
    events.some(({ type }) => type === 'ApprovalUsed')
      ? Promise.resolve({ ok: true, revision: Number(expected) + events.length, position: 0n })
      : log.append(stream, expected, events),
});

const approvals =
  (change: (state: ApprovalState) => ApprovalState) =>
  (all: Aggregates): Aggregates => {
    const known = all.get('approval');
    if (known === undefined) return all;
    const decide: AnyDecider['decide'] = (command, state) =>
      known.decider.decide(command, change(state as ApprovalState));
    return new Map(all).set('approval', { ...known, decider: { ...known.decider, decide } });
  };

const withTerms =
  (terms: object) =>
  (state: ApprovalState): ApprovalState =>
    state.paper === null ? state : { ...state, paper: { ...state.paper, terms: { ...state.paper.terms, ...terms } } };

const planted: readonly Mutant[] = [
  {
    name: 'approval_not_checked',
    kind: performing<ClaimEffect>(
      'claim',
      (perform) => (effect, context) => perform({ ...effect, approval_id: null }, context),
    ),
  },
  { name: 'called_before_intent', kind: calledFirst },
  {
    name: 'unkeyed_repeated',
    kind: invoking((effect) => ({ ...effect, callee: { ...effect.callee, effect_class: 'natural' } })),
  },
  {
    name: 'key_of_the_attempt',
    kind: invoking((effect) => ({ ...effect, call_key: `${effect.call_key}:${effect.attempt}` })),
  },
  { name: 'approval_use_forgotten', port: useForgotten },
  { name: 'differences_ignored', kind: differencesIgnored },
  { name: 'budget_unfenced', port: budgetUnfenced },
  { name: 'undone_in_order', kind: deciding(undoneForward) },
  { name: 'undone_twice', kind: deafTo('UndoSucceeded') },
  { name: 'result_without_intent', kind: deciding(succeededAtOnce) },
  { name: 'gate_asked_once', kind: askedOnce },
  { name: 'change_ignored', kind: changeIgnored },
  { name: 'undone_by_another_policy', kind: undoneByAnotherPolicy },
  { name: 'cancel_ignored', kind: deafTo('RunCancelRequested') },
  { name: 'stop_ignored', kind: stopIgnored },
  {
    name: 'withdrawal_ignored',
    kind: performing<JudgeEffect>(
      'judge',
      (perform) => (effect, context) => perform({ ...effect, begins: false }, context),
    ),
  },
  { name: 'four_eyes_ignored', aggregates: approvals(withTerms({ four_eyes: false })) },
  { name: 'roles_ignored', aggregates: approvals(withTerms({ roles: [] })) },
  { name: 'quorum_ignored', aggregates: approvals(withTerms({ quorum: 1 })) },
];

/** Every one of these must be found, in the world of runs. */
export const runMutants: readonly Mutant[] = planted.map((mutant) => ({ ...mutant, scenario: 'runs' }));
