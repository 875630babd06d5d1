import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { fold } from '../../src/domain/kernel/decider.ts';
import { runProcess } from '../../src/domain/run/run.process.ts';
import type { RunState } from '../../src/domain/run/run.state.ts';
import { found, ok, succeeded, ready } from './run.story.ts';
import { numbers, plan, walked } from './run.walk.ts';

const { decide, next, outcome, initial, done } = runProcess;

const frozen = <T>(value: T): T => {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) frozen(member);
  }
  return value;
};
const keysOf = (state: RunState): readonly string[] => next(state).map(({ key }) => key);

describe('the process of a run', () => {
  it('always wants the same of the same state, each under a key of its own', () => {
    fc.assert(
      fc.property(plan, numbers, (first, path) => {
        walked(first, path, (state) => {
          const once = JSON.stringify(next(frozen(state)));
          expect(JSON.stringify(next(state))).toBe(once);
          expect(new Set(keysOf(state)).size).toBe(keysOf(state).length);
        });
      }),
      { numRuns: 100 },
    );
  });

  it('wants the same after a crash, from the log alone, wherever that happens', () => {
    fc.assert(
      fc.property(plan, numbers, (first, path) => {
        const { steps } = walked(first, path);
        let whole = initial;
        const log: string[] = [];
        for (const { events } of steps) {
          whole = fold(runProcess, whole, events);
          log.push(...events.map((event) => JSON.stringify(event)));
          const again = fold(
            runProcess,
            initial,
            log.map((line) => JSON.parse(line) as never),
          );
          expect(again).toEqual(whole);
          expect(next(again)).toEqual(next(whole));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('never wants again what is on record, under any later state', () => {
    fc.assert(
      fc.property(plan, numbers, (first, path) => {
        const recorded = new Set<string>();
        const { steps } = walked(first, path);
        let state = initial;
        for (const { effect, events } of steps) {
          state = fold(runProcess, state, events);
          if (effect !== null && events.length > 0) recorded.add(effect.key);
          for (const key of keysOf(state)) expect(recorded.has(key), key).toBe(false);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('comes to an end where everybody answers', () => {
    const kind = {
      judge: ok(found()),
      claim: ok({ reservations: [], life: 'l', changed: null }),
      intend_undo: ready(found()),
    };
    const answers = { ...kind, invoke: ok(succeeded()), undo: ok(succeeded()), wait: ok(null) };
    fc.assert(
      fc.property(plan, numbers, (first, path) => {
        let { state } = walked(first, path);
        for (let turn = 0; turn < 200 && !done(state); turn += 1) {
          const effect = next(state).find(({ key }) => !key.endsWith(':deadline')) ?? next(state)[0];
          const asked = [...state.steps.values()].find(({ status }) => status === 'asked');
          const lost = [...state.steps.values()].find(({ status }) => status === 'unknown');
          const said = { reason: '', by: 'user:ola', at: ok(null).at } as const;
          const command =
            state.phase === 'paused'
              ? ({ type: 'ResumeRun', ...said } as const)
              : effect !== undefined
                ? outcome(effect, answers[effect.kind], state)
                : asked?.approval != null
                  ? ({
                      type: 'RecordApproval',
                      approval_id: asked.approval.approval_id,
                      ending: 'granted',
                      ...said,
                    } as const)
                  : ({
                      type: 'ResolveOutcome',
                      step_id: lost?.step.step_id ?? '',
                      answer: 'done',
                      result: {},
                      ...said,
                    } as const);
          const decision = decide(command, state);
          if (E.isLeft(decision)) throw new Error(JSON.stringify([command, decision.left]));
          state = fold(runProcess, state, decision.right);
        }
        expect(done(state)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});
