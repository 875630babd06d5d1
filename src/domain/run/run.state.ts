import type { Action, Callee } from '../gate/action.ts';
import type { Plan, Step } from '../gate/plan.ts';
import type { GatePrincipal } from '../gate/principal.ts';
import type { Occurrence } from '../kernel/event.ts';
import type { StepIntended, StepJudged, StepSucceeded } from './run.events.ts';
import { runLifecycle, type RunPhase } from './run.lifecycle.ts';

type Judged = Occurrence<readonly [typeof StepJudged]>['data'];
type Intended = Occurrence<readonly [typeof StepIntended]>['data'];
export type Undo = NonNullable<Occurrence<readonly [typeof StepSucceeded]>['data']['undo']>;

/**
 * Where a step stands. `waiting` for other steps or for the gate, `asked` for a person, `cleared` and taking what it needs,
 * `intended` and perhaps being done, `backing_off` until it is tried again; `unknown` until a person says what happened.
 */
export type StepStatus =
  'waiting' | 'asked' | 'cleared' | 'intended' | 'backing_off' | 'succeeded' | 'failed' | 'skipped' | 'unknown';

export interface StepState {
  readonly step: Step;
  readonly status: StepStatus;
  /** The attempt under way, or the last one; 0 before the first. */
  readonly attempt: number;
  /** How often somebody was asked about it: each time it is another approval. */
  readonly round: number;
  /** How often it was judged anew because something had changed before what it needed was taken. */
  readonly lapses: number;
  readonly approval: {
    readonly approval_id: string;
    readonly action: Action | null;
    readonly granted: boolean;
    readonly expires_at: string | null;
  } | null;
  readonly judged: Pick<Judged, 'action' | 'callee' | 'compensation' | 'grant_id' | 'budget_ids'> | null;
  readonly intent: Pick<Intended, 'key' | 'life' | 'reservations' | 'reserved_micros'> | null;
  /** Who has given it other arguments: they have a hand in what is asked for, and do not agree to it. */
  readonly amended_by: readonly string[];
  readonly retry_at: string | null;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly result: unknown;
  readonly undo: Undo | null;
  readonly undoing: StepState['intent'];
  readonly undone: 'no' | 'yes' | 'failed';
}

export interface Rollback {
  readonly reason: string;
  /** What is still to be undone, the next one first. */
  readonly left: readonly string[];
}

/** What decisions about a run need to remember. Money in millionths of a US dollar, times in milliseconds. */
export interface RunState {
  readonly phase: RunPhase;
  readonly run_id: string;
  readonly directive_id: string;
  readonly plan: Plan | null;
  readonly principal: GatePrincipal | null;
  readonly scope: string;
  readonly environment: string;
  /** In the order of the plan. */
  readonly steps: ReadonlyMap<string, StepState>;
  /** Which steps have succeeded, in that order. */
  readonly succeeded: readonly string[];
  readonly spent_micros: number;
  readonly reserved_micros: number;
  readonly started_ms: number | null;
  /** Since when it has been waiting for people, and for how long it had before: that time does not count (decision 0014). */
  readonly held_since_ms: number | null;
  readonly held_ms: number;
  readonly paused: boolean;
  /** How often it went on after a pause. */
  readonly resumed: number;
  readonly cancel: { readonly reason: string; readonly rollback: boolean } | null;
  readonly timed_out: boolean;
  readonly rollback: Rollback | null;
}

export const uncreated: RunState = {
  phase: runLifecycle.initial,
  run_id: '',
  directive_id: '',
  plan: null,
  principal: null,
  scope: '',
  environment: '',
  steps: new Map(),
  succeeded: [],
  spent_micros: 0,
  reserved_micros: 0,
  started_ms: null,
  held_since_ms: null,
  held_ms: 0,
  paused: false,
  resumed: 0,
  cancel: null,
  timed_out: false,
  rollback: null,
};

export const unbegun = (step: Step): StepState => ({
  step,
  status: 'waiting',
  attempt: 0,
  round: 0,
  lapses: 0,
  approval: null,
  judged: null,
  intent: null,
  amended_by: [],
  retry_at: null,
  failure: null,
  result: null,
  undo: null,
  undoing: null,
  undone: 'no',
});

/** The capability that a step calls, once the gate has seen it. */
export const calleeOf = ({ judged }: StepState): Callee | null => judged?.callee ?? null;

const over: ReadonlySet<StepStatus> = new Set(['succeeded', 'failed', 'skipped']);
export const isOver = ({ status }: StepState): boolean => over.has(status);

/** Steps whose end is not known yet: nothing is concluded while there are any. */
const open: ReadonlySet<StepStatus> = new Set(['cleared', 'intended', 'unknown']);
export const isOpen = ({ status }: StepState): boolean => open.has(status);

/** What the steps that have succeeded answered, by their ids: what templates may speak of. */
export const answersOf = ({ steps }: RunState): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    [...steps.values()]
      .filter(({ status }) => status === 'succeeded')
      .map(({ step, result }) => [step.step_id, result]),
  );

const blocked = ({ steps }: RunState, { step }: StepState): boolean =>
  step.depends_on.some((before) => steps.get(before)?.status !== 'succeeded');

/** The steps that may begin: nothing they depend on is left. */
export const readySteps = (state: RunState): readonly StepState[] =>
  [...state.steps.values()].filter((each) => each.status === 'waiting' && !blocked(state, each));

/** The first step whose failure ends the run. */
export const failedStep = ({ steps }: RunState): StepState | undefined =>
  [...steps.values()].find(
    ({ status, step }) => status === 'failed' && !(step.kind === 'action' && step.on_error === 'continue'),
  );

/** Nothing new begins: a step has failed, the time is up, or somebody has asked it to stop. */
export const isFailing = (state: RunState): boolean =>
  state.cancel !== null || state.timed_out || failedStep(state) !== undefined;
