import * as E from 'fp-ts/lib/Either.js';
import { digest } from '../../src/domain/kernel/digest.ts';
import { fold } from '../../src/domain/kernel/decider.ts';
import type { Outcome } from '../../src/domain/kernel/process.ts';
import type { CapabilitySpec } from '../../src/domain/capability/capability.spec.ts';
import type { Materials } from '../../src/domain/gate/materials.ts';
import { Plan } from '../../src/domain/gate/plan.ts';
import type { PolicyDocument } from '../../src/domain/gate/policy.document.ts';
import type { GatePrincipal } from '../../src/domain/gate/principal.ts';
import type { ActivePolicy } from '../../src/domain/gate/question.ts';
import type { CallEnd, RunCommand, UndoReadiness } from '../../src/domain/run/run.commands.ts';
import type { RunEvent } from '../../src/domain/run/run.events.ts';
import { runProcess, type RunEffect } from '../../src/domain/run/run.process.ts';
import type { RunState } from '../../src/domain/run/run.state.ts';
import { policyOf, ruleOf, specOf } from '../gate/gate.story.ts';

/** Runs as tests tell of them: a plan, what the gate is asked with, and what is said to the run, in the order it is. */

export const run_id = '0f8b1c6e-7a3d-5b21-9c40-3f5e6d7a8b90';
export const directive_id = '5d1c2b3a-4e5f-5a6b-8c7d-9e0f1a2b3c4d';
export const grant_id = '1b2c3d4e-5f60-5718-9293-a4b5c6d7e8f9';
export const budget_id = '2c3d4e5f-6071-5829-93a4-b5c6d7e8f901';

/** So many milliseconds after noon. */
export const at = (ms = 0): string => new Date(Date.parse('2026-11-21T12:00:00.000Z') + ms).toISOString();

export const principal: GatePrincipal = {
  type: 'agent',
  id: 'iris',
  roles: ['clerk'],
  permissions: ['runs:write'],
  chain: ['agent:iris', 'user:ida'],
};

/** An active policy under the digest of its own document, so that another one is seen to be another one. */
export const policy = (changes: Partial<PolicyDocument> = {}): ActivePolicy => {
  const { document } = policyOf({ rules: [ruleOf('all')], ...changes });
  return { document, version: 1, digest: digest(document) };
};
export const asking = policy({ rules: [ruleOf('ask', { decision: 'require_approval' })] });
export const denying = policy({ rules: [] });

export interface Found {
  readonly spec?: CapabilitySpec;
  readonly args?: Record<string, never>;
  readonly fault?: string;
  readonly preconditions?: Record<string, string>;
  readonly undoing?: { readonly spec: CapabilitySpec; readonly args: Record<string, string> };
}

/** What was found for a step: a capability that costs nothing, under a policy that allows all. */
export const found = (
  { spec = specOf({}), args = {}, fault, preconditions = {}, undoing }: Found = {},
  changes: Partial<Materials> = {},
): Materials => ({
  called: { spec, args, fault: fault ?? null, preconditions },
  standing: 'enabled',
  undoing: undoing === undefined ? null : { ...undoing, fault: null, preconditions: {} },
  active: policy(),
  agent: 'active',
  grant_id: null,
  budget_ids: [],
  life: 'life-1',
  ...changes,
});

export const step = (step_id: string, changes: object = {}) => ({
  kind: 'action',
  step_id,
  capability_id: 'io.fs.write_file',
  ...changes,
});
export const word = (step_id: string, depends_on: string[] = []) => ({
  kind: 'human_approval',
  step_id,
  message: 'may it go on?',
  depends_on,
});

export const ok = <Result>(result: Result, ms = 0): Outcome<Result> => ({ ok: true, result, at: at(ms) });
export const faulty = (code: string, ms = 0): Outcome<never> => ({
  ok: false,
  failure: { code, message: `it was ${code}`, retryable: false },
  at: at(ms),
});

/** What is known when a step is about to be undone: by what its capability left, or under this policy by a compensation. */
export const ready = (
  gate: UndoReadiness['gate'] = null,
  life = 'life-1',
  { reservations = [], short = null }: Partial<UndoReadiness> = {},
): Outcome<UndoReadiness> => ok({ life, gate, reservations, short });

export const succeeded = (result: unknown = {}, more: { own?: unknown; cost_micros?: number } = {}): CallEnd => ({
  kind: 'succeeded',
  result,
  cost_micros: 0,
  artifacts: [],
  ...more,
});
export const failed = (code: string, retryable = false, more: object = {}): CallEnd => ({
  kind: 'failed',
  code,
  message: `it was ${code}`,
  retryable,
  cost_micros: 0,
  artifacts: [],
  ...more,
});
export const unknown: CallEnd = { kind: 'unknown', why: 'the line went dead', artifacts: [] };

export const created = (steps: readonly object[], changes: object = {}): RunCommand => ({
  type: 'CreateRun',
  run_id,
  directive_id,
  plan: Plan.parse({ steps, ...changes }),
  principal,
  scope: 'test',
  environment: 'development',
  approval: null,
});

/** What the events say, by their types. */
type DataOf = { readonly [One in RunEvent as One['type']]: One['data'] };

/** Tells a run one thing after the other; each `tell` answers with the types of what was recorded for it. */
export const playing = (first: RunCommand) => {
  const history: RunEvent[] = [];
  let state: RunState = runProcess.initial;
  const tell = (command: RunCommand): readonly string[] => {
    const decision = runProcess.decide(command, state);
    if (E.isLeft(decision)) throw new Error(`${command.type} was refused: ${JSON.stringify(decision.left)}`);
    history.push(...decision.right);
    state = fold(runProcess, state, decision.right);
    return decision.right.map(({ type }) => type);
  };
  tell(first);
  return {
    tell,
    judged: (step_id: string, materials: Materials = found(), ms = 0) =>
      tell({ type: 'RecordJudgement', step_id, outcome: ok(materials, ms) }),
    landed: (step_id: string, end: CallEnd = succeeded(), ms = 0) =>
      tell({ type: 'RecordResult', step_id, outcome: ok(end, ms) }),
    /** Judged, called, and answered. */
    done: (step_id: string, end: CallEnd = succeeded(), materials: Materials = found()) => {
      tell({ type: 'RecordJudgement', step_id, outcome: ok(materials) });
      return tell({ type: 'RecordResult', step_id, outcome: ok(end) });
    },
    refusal: (command: RunCommand): unknown => {
      const decision = runProcess.decide(command, state);
      return E.isLeft(decision) ? decision.left : decision.right.map(({ type }) => type);
    },
    state: () => state,
    step: (step_id: string) => state.steps.get(step_id),
    history: () => history,
    last: <T extends keyof DataOf>(type: T): DataOf[T] => {
      const event = history.findLast((one) => one.type === type);
      if (event === undefined) throw new Error(`${type} was not recorded`);
      return event.data as unknown as DataOf[T];
    },
    wants: (): readonly string[] =>
      runProcess.next(state).map((effect) => `${effect.kind} ${effect.key.slice(run_id.length + 1)}`),
    effect: <K extends RunEffect['kind']>(kind: K): Extract<RunEffect, { kind: K }> => {
      const effect = runProcess.next(state).find((one) => one.kind === kind);
      if (effect === undefined) throw new Error(`${kind} is not wanted`);
      return effect as Extract<RunEffect, { kind: K }>;
    },
  };
};
export type Play = ReturnType<typeof playing>;
