import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { fold } from '../../src/domain/kernel/decider.ts';
import type { Effect, Outcome, Wait } from '../../src/domain/kernel/process.ts';
import type { Materials } from '../../src/domain/gate/materials.ts';
import type { CallEnd, RunCommand } from '../../src/domain/run/run.commands.ts';
import type { RunEvent } from '../../src/domain/run/run.events.ts';
import { runProcess, type RunEffect } from '../../src/domain/run/run.process.ts';
import type { RunState } from '../../src/domain/run/run.state.ts';
import { specOf } from '../gate/gate.story.ts';
import {
  asking,
  at,
  budget_id,
  created,
  denying,
  failed,
  faulty,
  found,
  grant_id,
  ok,
  policy,
  step,
  succeeded,
  unknown,
  word,
  ready,
} from './run.story.ts';

/** Runs as they may go: any plan, any end of any effect in any order, and people who interfere whenever they like. */

const spec = specOf({});
const costly = { ...spec, cost_micros: 3 };
const undoing = { spec: specOf({ capability_id: 'io.fs.delete' }), args: { id: '{{result.id}}' } };

const often = <T>(value: T, times = 6): T[] => Array.from({ length: times }, () => value);
const materials: readonly Materials[] = [
  ...often(found()),
  ...often(found({ undoing })),
  ...often(found({}, { active: asking }), 4),
  found({ spec: costly }, { budget_ids: [budget_id] }),
  ...often(found({ spec: costly }), 4),
  found({}, { active: asking, grant_id }),
  found({ preconditions: { etag: '2' } }, { active: asking }),
  found({}, { active: policy({ rules: [], otherwise: 'require_approval' }) }),
  found({}, { active: denying }),
  found({}, { agent: 'paused' }),
  found({}, { agent: 'stopped' }),
  found({ fault: 'wrong' }),
  found({}, { called: null, standing: 'suspended' }),
];
const ends = [
  ...often(succeeded({ id: 1 })),
  ...often(succeeded({ id: 1 }, { own: {}, cost_micros: 3 })),
  failed('refused'),
  failed('provider_error', true),
  failed('provider_error', true, { retry_after_ms: 1 }),
  failed('provider_error', true, { retry_after_ms: 3_600_001 }),
  unknown,
];
const claims = { reservations: [{ budget_id, reservation_id: budget_id }], life: 'life-1', changed: null };
const lapsed = { reservations: [], life: 'life-1', changed: 'another policy is in force' };

/** Every way in which an effect of this kind can end. */
export const outcomesOf: Readonly<Record<string, readonly Outcome[]>> = {
  judge: [...materials.map((one) => ok(one)), faulty('internal')],
  claim: [...often(ok(claims)), ok(lapsed), faulty('budget_exceeded')],
  invoke: [...ends.map((one) => ok(one)), faulty('internal')],
  intend_undo: [...often(ready(found())), ready(), ready(found({}, { active: denying })), faulty('internal')],
  undo: [...often(ok(succeeded())), ok(failed('refused')), ok(unknown), faulty('internal')],
  wait: [ok(null)],
};

const earlier = (n: number, bits: number): string[] =>
  Array.from({ length: n }, (_, i) => `s${i}`).filter((_, i) => (bits >> i) % 2 === 1);
export const plan = fc
  .record({
    steps: fc.array(fc.tuple(fc.nat(9), fc.nat(15)), { minLength: 1, maxLength: 4 }),
    budget_micros: fc.constantFrom(null, null, 2, 5),
    auto_rollback: fc.constantFrom(true, true, false),
    attempts_max: fc.constantFrom(1, 3),
  })
  .map(({ steps, attempts_max, ...rest }) =>
    created(
      steps.map(([kind, bits], n) =>
        kind === 0
          ? word(`s${n}`, earlier(n, bits))
          : step(`s${n}`, { depends_on: earlier(n, bits), on_error: kind < 4 ? 'continue' : 'abort' }),
      ),
      { ...rest, retry: { attempts_max } },
    ),
  );

const endings = ['granted', 'granted', 'granted', 'denied', 'expired', 'withdrawn', 'invalidated'] as const;
const answers = ['done', 'not_done', 'retry'] as const;
const pick = <T>(list: readonly T[], n: number): T => list[n % list.length] as T;

/** What a person, or another aggregate, says to a run unasked. */
const interference = (state: RunState, n: number): RunCommand => {
  const now = at(n);
  const steps = [...state.steps.values()];
  const each = pick(steps, n);
  const { step_id } = each.step;
  const by = 'user:ola';
  const asked = steps.find(({ status }) => status === 'asked');
  const lost = steps.find(({ status }) => status === 'unknown');
  const said: RunCommand[] = [
    { type: 'PauseRun', reason: '', at: now },
    { type: 'ResumeRun', reason: '', at: now },
    { type: 'ResumeRun', reason: '', at: now },
    { type: 'CancelRun', reason: 'no', rollback: n % 2 === 0, at: now },
    { type: 'TimeUp', at: now },
    { type: 'RetryStep', step_id },
    { type: 'AmendStep', step_id, args: { n }, by, reason: '', at: now },
    { type: 'ResolveOutcome', step_id, answer: pick(answers, n), result: null, by, reason: '', at: now },
  ];
  if (lost !== undefined && n % 2 === 0)
    return {
      type: 'ResolveOutcome',
      step_id: lost.step.step_id,
      answer: pick(answers, n),
      result: {},
      by,
      reason: '',
      at: now,
    };
  if (asked?.approval != null && n % 3 > 0)
    return {
      type: 'RecordApproval',
      approval_id: asked.approval.approval_id,
      ending: pick(endings, n),
      reason: '',
      by,
      at: now,
    };
  return pick(said, n);
};

/** No call costs more than its capability says. */
const within = (effect: RunEffect | Wait, outcome: Outcome): Outcome => {
  if (effect.kind !== 'invoke' || !outcome.ok) return outcome;
  const end = outcome.result as CallEnd;
  if (end.kind === 'unknown') return outcome;
  return { ...outcome, result: { ...end, cost_micros: Math.min(end.cost_micros, effect.callee.cost_micros) } };
};

/** One thing that happened: to which effect, if to one, and what was recorded for it. */
export interface Walked {
  readonly effect: Effect | null;
  readonly command: RunCommand;
  readonly before: RunState;
  readonly events: readonly RunEvent[];
}

/** Goes the way that the numbers say; `look` sees every state before it is left. */
export const walked = (
  first: RunCommand,
  numbers: readonly number[],
  look: (state: RunState) => void = () => {},
): { readonly history: readonly RunEvent[]; readonly state: RunState; readonly steps: readonly Walked[] } => {
  let state: RunState = runProcess.initial;
  const history: RunEvent[] = [];
  const steps: Walked[] = [];
  const tell = (command: RunCommand, effect: Effect | null): void => {
    const decision = runProcess.decide(command, state);
    const events = E.isRight(decision) ? decision.right : [];
    steps.push({ effect, command, before: state, events });
    history.push(...events);
    state = fold(runProcess, state, events);
  };
  tell(first, null);
  for (const n of numbers) {
    look(state);
    const wanted = runProcess.next(state);
    const effect = pick(wanted, n >> 3);
    if (effect === undefined || n % 8 === 0) tell(interference(state, n >> 3), null);
    else tell(runProcess.outcome(effect, within(effect, pick(outcomesOf[effect.kind] ?? [], n >> 6)), state), effect);
  }
  return { history, state, steps };
};

export const numbers = fc.array(fc.nat(100_000), { maxLength: 60 });
