import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { fold } from '../../src/domain/kernel/decider.ts';
import type { Outcome } from '../../src/domain/kernel/process.ts';
import type { SessionEvent } from '../../src/domain/session/session.events.ts';
import { sessionLifecycle } from '../../src/domain/session/session.lifecycle.ts';
import { sessionProcess } from '../../src/domain/session/session.process.ts';
import type { SessionState } from '../../src/domain/session/session.state.ts';
import * as past from '../support/session.history.ts';

const { decide, initial, next, outcome, done } = sessionProcess;

const frozen = <T>(value: T): T => {
  if (value !== null && typeof value === 'object') {
    Object.freeze(value);
    for (const member of Object.values(value)) frozen(member);
  }
  return value;
};
const after = (history: readonly SessionEvent[]): SessionState => frozen(fold(sessionProcess, initial, history));

/** Every way that an effect of this kind can end. */
const ends: Readonly<Record<string, readonly Outcome[]>> = {
  context: [
    past.ok(past.plan),
    past.failed('agent_stopped'),
    past.failed('context_too_large'),
    past.failed('internal', true),
  ],
  model: [
    past.ok(past.reply),
    past.ok({ ...past.reply, text: '', truncated: true }),
    past.failed('disabled'),
    past.failed('agent_retired'),
    past.failed('timeout', true),
    past.failed('provider_error', true, 60_000),
    past.failed('provider_error', true, 3_600_000),
  ],
  wait: [past.ok(null)],
  post_turn: [past.ok([]), past.ok([{ name: 'learning', ok: false, message: 'no' }]), past.failed('internal')],
};

/** A history, and the keys of the effects whose outcome it holds. */
interface Path {
  readonly history: readonly SessionEvent[];
  readonly recorded: readonly string[];
}

const recordedAfter = (path: Path, state: SessionState): readonly Path[] =>
  next(state).flatMap((effect) =>
    (ends[effect.kind] ?? []).map((end) => {
      const decision = decide(outcome(effect, end, state), state);
      if (E.isLeft(decision) || decision.right.length === 0)
        throw new Error(`${state.phase}: ${effect.key} ended and nothing follows`);
      return { history: [...path.history, ...decision.right], recorded: [...path.recorded, effect.key] };
    }),
  );

const canceled = (path: Path, state: SessionState): readonly Path[] => {
  const decision = decide({ type: 'CancelTurn', turn_id: null, reason: 'never mind' }, state);
  return E.isRight(decision) && decision.right.length > 0
    ? [{ ...path, history: [...path.history, ...decision.right] }]
    : [];
};

/** Every path that a turn can take, from being received to its end. */
const walked = (): { readonly ended: readonly Path[]; readonly phases: ReadonlySet<string> } => {
  const ended: Path[] = [];
  const phases = new Set<string>();
  const open: Path[] = [{ history: [past.opened, past.received], recorded: [] }];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const state = after(path.history);
    phases.add(state.phase);
    if (done(state)) ended.push(path);
    else {
      expect(next(state), `in ${state.phase} something is due`).not.toEqual([]);
      expect(next(state)).toEqual(next(after(path.history)));
      open.push(...recordedAfter(path, state), ...canceled(path, state));
    }
  }
  return { ended, phases };
};

describe('the process of a session', () => {
  const { ended, phases } = walked();

  it('takes a turn to its end, whatever way its effects end', () => {
    expect(ended.length).toBeGreaterThan(100);
    for (const { history } of ended) {
      expect(after(history)).toMatchObject({ phase: 'idle', turn: null, ended_turn_id: past.turn_id });
      expect(history.filter(({ type }) => /^Turn(Completed|Failed|Canceled)$/.test(type))).toHaveLength(1);
      expect(history.filter(({ type }) => type === 'TurnAssessed')).toHaveLength(1);
      expect(history.filter(({ type }) => type === 'ModelReplied').length).toBeLessThanOrEqual(1);
    }
  });
  it('stops in no phase of its lifecycle in which nothing is due (P8)', () => {
    const working = sessionLifecycle.phases.filter((phase) => !['unopened', 'idle', 'closed'].includes(phase));
    // Two phases are passed through within one append; an older history may still rest there. A turn that acts waits for
    // what it has proposed (session.tools.test.ts); the end of a session has tests of its own (session.ending.test.ts).
    expect(
      [...phases, 'acting', 'prepared', 'settled', 'ending', 'resting', 'concluding']
        .filter((phase) => phase !== 'idle')
        .toSorted(),
    ).toEqual(working.toSorted());
    for (const history of [
      [past.opened, past.received, past.assembled],
      [...past.calling, past.replied(1), past.assessed('success', 1)],
    ])
      expect(next(after(history))).toHaveLength(1);
  });
  it('wants nothing while no turn is under way', () => {
    for (const history of [[], [past.opened], past.answered, [...past.answered, past.closed]])
      expect(next(after(history))).toEqual([]);
    expect(done(after([past.opened]))).toBe(true);
    expect(done(after([...past.answered, past.closed]))).toBe(true);
    expect(done(after(past.calling))).toBe(false);
  });
  it('never records the outcome of one effect twice: its key names it for good', () => {
    for (const { recorded } of ended) expect(new Set(recorded).size).toBe(recorded.length);
  });
  it('asks again, after a crash, for the same effect under the same key, and for each attempt under its own', () => {
    const keys = (history: readonly SessionEvent[]) => next(after(history)).map(({ key }) => key);
    const retried = [...past.calling, past.retryScheduled(1, past.at)];
    expect(keys(past.calling)).toEqual([`${past.turn_id}:model:1:1`]);
    expect(keys(past.calling)).toEqual(keys(JSON.parse(JSON.stringify(past.calling)) as SessionEvent[]));
    expect(keys(retried)).toEqual([`${past.turn_id}:call:1:2`]);
    expect(keys([...retried, past.called(2)])).toEqual([`${past.turn_id}:model:1:2`]);
    expect(keys([past.opened, past.received])).toEqual([`${past.turn_id}:context`]);
  });
  it('waits until the instant that was recorded', () => {
    const [wait] = next(after([...past.calling, past.retryScheduled(1, '2026-11-21T12:00:01.000Z')]));
    expect(wait).toMatchObject({ kind: 'wait', until: '2026-11-21T12:00:01.000Z' });
  });
  it('drops the call of a turn that is canceled, and runs what comes after it', () => {
    expect(next(after([...past.calling, past.cancelRequested])).map(({ kind }) => kind)).toEqual(['post_turn']);
  });
});
