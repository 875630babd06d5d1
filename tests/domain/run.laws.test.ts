import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../src/domain/catalogue.ts';
import { fold } from '../../src/domain/kernel/decider.ts';
import { runEvents, type RunEvent } from '../../src/domain/run/run.events.ts';
import { runLifecycle } from '../../src/domain/run/run.lifecycle.ts';
import { runProcess } from '../../src/domain/run/run.process.ts';
import { numbers, outcomesOf, plan, walked } from './run.walk.ts';

const { decide, next, outcome, initial } = runProcess;

const always = (law: (walk: ReturnType<typeof walked>) => unknown, numRuns = 150): void =>
  fc.assert(
    fc.property(plan, numbers, (first, path) => {
      law(walked(first, path));
    }),
    { numRuns },
  );
type Of<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;
const of = <T extends RunEvent['type']>(history: readonly RunEvent[], type: T) =>
  history.filter((event): event is Of<T> => event.type === type);

describe('a run, however it goes', () => {
  it('comes through everything that can happen to one', () => {
    const seen = new Set<string>();
    for (const [first, path] of fc.sample(fc.tuple(plan, numbers), { numRuns: 1_500, seed: 7 }))
      for (const { type } of walked(first, path).history) seen.add(type);
    expect([...seen].toSorted()).toEqual(runEvents.map(({ type }) => type).toSorted());
  });

  it('can record every end of everything that it wants: a driver is never stuck with one', () => {
    const tried = new Set<string>();
    fc.assert(
      fc.property(plan, numbers, (first, path) => {
        walked(first, path, (state) => {
          for (const effect of next(state))
            for (const end of outcomesOf[effect.kind] ?? []) {
              const decision = decide(outcome(effect, end, state), state);
              expect(E.isRight(decision) && decision.right.length > 0, `${effect.key} in ${state.phase}`).toBe(true);
              tried.add(effect.kind);
            }
        });
      }),
      { numRuns: 60, seed: 7 },
    );
    expect([...tried].toSorted()).toEqual(Object.keys(outcomesOf).toSorted());
  });

  it('records only what its own schemas take, and only steps that its machine has', () => {
    always(({ steps }) => {
      for (const { before, events } of steps) {
        let { phase } = before;
        for (const event of events) {
          expect(() => catalogue.versionOf(event)).not.toThrow();
          expect(runLifecycle.steps(phase)).toContain(event.type);
          phase = runLifecycle.next(phase, event.type) ?? phase;
        }
      }
    });
  });

  it('records nothing more, and wants nothing more, once it has ended', () => {
    always(({ steps, history }) => {
      for (const { before, events } of steps) if (before.phase === 'ended') expect(events).toEqual([]);
      const ends = history.filter(({ type }) => ['RunCompleted', 'RunFailed', 'RunCanceled'].includes(type));
      expect(ends.length).toBeLessThanOrEqual(1);
      const state = fold(runProcess, initial, history);
      if (ends.length === 1) expect(next(state)).toEqual([]);
    });
  });

  it('intends nothing that the gate has not let pass, or a person agreed to word for word (P11)', () => {
    always(({ history }) => {
      for (const [index, event] of history.entries()) {
        if (event.type !== 'StepIntended') continue;
        const { step_id, attempt, action_digest, approval_id, grant_id } = event.data;
        const past = history.slice(0, index);
        const judged = of(past, 'StepJudged').findLast(({ data }) => data.step_id === step_id)?.data;
        expect(judged).toMatchObject({ attempt, action: { action_digest } });
        if (judged?.verdict.decision !== 'require_approval') {
          expect(['allow', 'warn']).toContain(judged?.verdict.decision);
          continue;
        }
        if (approval_id === null) {
          expect(grant_id).toBe(judged.grant_id);
          expect(grant_id).not.toBeNull();
          continue;
        }
        const asked = of(past, 'StepApprovalRequested').find(({ data }) => data.approval_id === approval_id);
        const ended = of(past, 'StepApprovalEnded').filter(({ data }) => data.approval_id === approval_id);
        expect(asked?.data.action_digest).toBe(action_digest);
        expect(ended.map(({ data }) => data.ending)).toEqual(['granted']);
      }
    });
  });

  it('names all attempts of one call by one key, and gives each intent one end', () => {
    always(({ history }) => {
      const open = new Map<string, number>();
      for (const { type, data } of history) {
        const { step_id, attempt } = data as { step_id: string; attempt: number };
        if (type === 'StepIntended') {
          expect(open.has(step_id)).toBe(false);
          open.set(step_id, attempt);
        }
        if (['StepSucceeded', 'StepRetryScheduled', 'StepOutcomeUnknown'].includes(type)) open.delete(step_id);
        if (type === 'StepFailed') open.delete(step_id);
      }
      const keys = new Map<string, Set<string>>();
      for (const { data } of of(history, 'StepIntended'))
        keys.set(data.step_id, (keys.get(data.step_id) ?? new Set()).add(data.key));
      for (const used of keys.values()) expect(used.size).toBe(1);
    });
  });

  it('undoes exactly what succeeded and left something behind, in reverse, each once (P13)', () => {
    always(({ history }) => {
      const [started] = of(history, 'RollbackStarted');
      const undone = history.flatMap(({ type, data }) =>
        type === 'UndoSucceeded' || type === 'UndoFailed' ? [(data as { step_id: string }).step_id] : [],
      );
      if (started === undefined) return expect(undone).toEqual([]);
      const left = of(history, 'StepSucceeded').filter(({ data }) => data.undo !== null);
      expect(started.data.step_ids).toEqual(left.map(({ data }) => data.step_id).toReversed());
      expect(started.data.step_ids.slice(0, undone.length)).toEqual(undone);
      const intended = of(history, 'UndoIntended').map(({ data }) => data.step_id);
      expect(new Set(intended).size).toBe(intended.length);
      const end = history.at(-1);
      if (end?.type !== 'RunFailed' && end?.type !== 'RunCanceled') return undefined;
      const all = of(history, 'UndoFailed').length === 0 ? 'complete' : 'incomplete';
      return expect(end.data.rollback).toBe(all);
    });
  });

  it('spends and sets aside no more than it may', () => {
    always(({ steps }) => {
      for (const { before } of steps) {
        expect(before.reserved_micros).toBeGreaterThanOrEqual(0);
        const limit = before.plan?.budget_micros;
        if (typeof limit === 'number') expect(before.spent_micros + before.reserved_micros).toBeLessThanOrEqual(limit);
      }
      // Few runs have both a limit and a step that goes beyond it.
    }, 600);
  });
});
