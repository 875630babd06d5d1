import * as E from 'fp-ts/lib/Either.js';
import { setup } from 'xstate';
import { z } from 'zod';
import { catalogueOf } from '../../src/domain/kernel/catalogue.ts';
import type { Decider } from '../../src/domain/kernel/decider.ts';
import { event, type Occurrence } from '../../src/domain/kernel/event.ts';
import { governed, lifecycle, type OutOfLifecycle } from '../../src/domain/kernel/lifecycle.ts';
import type { Effect, Outcome, Process, Wait } from '../../src/domain/kernel/process.ts';

/**
 * A process made for tests: some steps one after the other, each of some acts side by side, some of them after a wait.
 * What an act answers is recorded; `refused` is an answer that the process does not take, `enough` one that ends it all.
 */
const plan = z.object({
  steps: z.int().min(1),
  width: z.int().min(1),
  /** Until when to wait before a step. */
  waits: z.record(z.string(), z.iso.datetime()),
});
const lane = { step: z.int(), lane: z.int() };

export const ErrandBegun = event('ErrandBegun', plan);
export const WaitEnded = event('WaitEnded', z.object({ step: z.int() }));
export const ActEnded = event('ActEnded', z.object({ ...lane, ok: z.boolean(), answer: z.string() }));
export const ErrandNoted = event('ErrandNoted', z.object({ text: z.string() }));
export const ErrandCanceled = event('ErrandCanceled', z.object({}));
export const ErrandEnded = event('ErrandEnded', z.object({}));
const errandEvents = [ErrandBegun, WaitEnded, ActEnded, ErrandNoted, ErrandCanceled, ErrandEnded] as const;
type ErrandEvent = Occurrence<typeof errandEvents>;
export const errandCatalogue = catalogueOf(errandEvents);

const errandLifecycle = lifecycle(
  setup({ types: { events: {} as { type: ErrandEvent['type'] } } }).createMachine({
    id: 'errand',
    initial: 'unbegun',
    states: {
      unbegun: { on: { ErrandBegun: 'running' } },
      running: {
        on: {
          WaitEnded: 'running',
          ActEnded: 'running',
          ErrandNoted: 'running',
          ErrandCanceled: 'canceled',
          ErrandEnded: 'ended',
        },
      },
      canceled: { on: { ErrandNoted: 'canceled' } },
      ended: { type: 'final' },
    },
  }),
);

interface ErrandState {
  readonly phase: typeof errandLifecycle.initial;
  readonly plan: z.infer<typeof plan>;
  readonly step: number;
  readonly lanes: readonly number[];
  readonly waited: boolean;
}

export interface Act extends Effect {
  readonly kind: 'act';
  readonly step: number;
  readonly lane: number;
}

export type ErrandCommand =
  | ({ readonly type: 'BeginErrand' } & z.infer<typeof plan>)
  | { readonly type: 'NoteErrand'; readonly text: string }
  | { readonly type: 'CancelErrand' }
  | { readonly type: 'EndWait'; readonly step: number }
  | { readonly type: 'EndAct'; readonly step: number; readonly lane: number; readonly outcome: Outcome };

const ended = (state: ErrandState, { step, lane: ending, outcome }: ErrandCommand & { type: 'EndAct' }) => {
  const answer = outcome.ok ? (outcome.result as string) : outcome.failure.code;
  if (answer === 'refused') return E.left({ reason: 'Refused' as const });
  const { plan: asked, lanes } = state;
  const last = step === asked.steps - 1 && lanes.length === asked.width - 1;
  const acted = ActEnded({ step, lane: ending, ok: outcome.ok, answer });
  if (answer === 'enough') return E.right([acted, ErrandCanceled({})]);
  return E.right(last ? [acted, ErrandEnded({})] : [acted]);
};

const rules: Decider<ErrandCommand, ErrandState, ErrandEvent, { readonly reason: 'Refused' }> = {
  initial: {
    phase: errandLifecycle.initial,
    plan: { steps: 1, width: 1, waits: {} },
    step: 0,
    lanes: [],
    waited: false,
  },
  decide: (command, state): E.Either<{ readonly reason: 'Refused' }, readonly ErrandEvent[]> => {
    switch (command.type) {
      case 'BeginErrand': {
        const { type: _, ...asked } = command;
        return E.right([ErrandBegun(asked)]);
      }
      case 'NoteErrand':
        return E.right([ErrandNoted({ text: command.text })]);
      case 'CancelErrand':
        return E.right(state.phase === 'canceled' ? [] : [ErrandCanceled({})]);
      case 'EndWait':
        return E.right([WaitEnded({ step: command.step })]);
      case 'EndAct':
        return ended(state, command);
    }
  },
  evolve: (state, happened) => {
    switch (happened.type) {
      case 'ErrandBegun':
        return { ...state, plan: happened.data };
      case 'WaitEnded':
        return { ...state, waited: true };
      case 'ActEnded': {
        const lanes = [...state.lanes, happened.data.lane];
        if (lanes.length < state.plan.width) return { ...state, lanes };
        return { ...state, step: state.step + 1, lanes: [], waited: false };
      }
      default:
        return state;
    }
  },
};

export const errand = governed(errandLifecycle, rules);

const next = ({ phase, plan: asked, step, lanes, waited }: ErrandState): readonly (Act | Wait)[] => {
  if (phase !== 'running' || step >= asked.steps) return [];
  const until = asked.waits[String(step)];
  if (until !== undefined && !waited) return [{ kind: 'wait', key: `wait:${step}`, until }];
  return Array.from({ length: asked.width }, (_, each) => each)
    .filter((each) => !lanes.includes(each))
    .map((each) => ({ kind: 'act', key: `act:${step}:${each}`, step, lane: each }));
};

export const errandProcess: Process<
  ErrandCommand,
  ErrandState,
  ErrandEvent,
  OutOfLifecycle | { readonly reason: 'Refused' },
  Act
> = {
  ...errand,
  next,
  outcome: (effect, outcome) =>
    effect.kind === 'act'
      ? { type: 'EndAct', step: effect.step, lane: effect.lane, outcome }
      : { type: 'EndWait', step: Number(effect.key.slice('wait:'.length)) },
  done: ({ phase }) => phase === 'ended' || phase === 'canceled',
};
