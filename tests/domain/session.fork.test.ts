import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import type { Recorded } from '../../src/domain/kernel/event.ts';
import { session } from '../../src/domain/session/session.decider.ts';
import { SessionOpened, type SessionEvent } from '../../src/domain/session/session.events.ts';
import { followed, parting, trailTo } from '../../src/domain/session/session.fork.ts';
import { historyTurnsMax, quotableOf } from '../../src/domain/session/session.history.ts';
import * as past from '../support/session.history.ts';
import { specification } from '../support/specification.ts';

const { agent_id, session_id, turn_id, other_turn_id, opened, received, answered } = past;
const { given } = specification(session);
const fork_id = '5c1f2e1a-0a64-5d0c-9a39-4d4e0f3a9b10';

/** A history as it stands in a stream. */
const stored = (history: readonly SessionEvent[]): readonly Recorded<SessionEvent>[] =>
  history.map((event, revision) => ({
    ...event,
    id: `00000000-0000-4000-8000-${String(revision).padStart(12, '0')}`,
    stream: `session-${session_id}`,
    revision,
    position: BigInt(revision),
    recorded_at: past.at,
    metadata: {},
  }));
/** Turns that were answered, each under an id of its own. */
const turns = (count: number): readonly SessionEvent[] =>
  Array.from({ length: count }, (_, index) =>
    answered.slice(1).map((event) => ({ ...event, data: { ...event.data, turn_id: idOf(index) } }) as SessionEvent),
  ).flat();
const idOf = (index: number): string => `c2f7a3de-9b1a-5f0e-b6f1-${String(index).padStart(12, '0')}`;
const leave = (history: readonly SessionEvent[], at_turn: string | null = null) =>
  parting(stored(history).reduce(followed, trailTo(at_turn)));
const left = (history: readonly SessionEvent[], at_turn: string | null = null) => {
  const found = leave(history, at_turn);
  if (E.isLeft(found)) throw new Error(found.left.reason);
  return found.right;
};

describe('a session can be left', () => {
  it('after its newest completed turn, which is cited where it began', () => {
    const revision = answered.length - 1;
    expect(left([...answered, { ...received, data: { ...received.data, turn_id: other_turn_id } }])).toEqual({
      agent_id,
      origin: { session_id, turn_id, revision },
      inherited: [{ session_id, turn_id, revision: 1 }],
      event_id: stored(answered).at(-1)?.id,
    });
  });
  it('after an earlier turn: what was said later is not inherited', () => {
    const { origin, inherited } = left([opened, ...turns(3)], idOf(1));
    expect(origin.turn_id).toBe(idOf(1));
    expect(inherited.map((cited) => cited.turn_id)).toEqual([idOf(0), idOf(1)]);
  });
  it('with the newest ten turns, however many there were', () => {
    const { inherited } = left([opened, ...turns(13)]);
    expect(inherited.map((cited) => cited.turn_id)).toEqual(
      Array.from({ length: historyTurnsMax }, (_, n) => idOf(n + 3)),
    );
  });
  it('also where it is a fork itself: what it inherited is cited where it was said', () => {
    const { origin, inherited } = left([opened, ...turns(2)]);
    const forked = SessionOpened({ session_id: fork_id, agent_id, title: null, origin, inherited: [...inherited] });
    const again = left([forked, ...answered.slice(1).map(ofFork)]);
    expect(again.origin).toMatchObject({ session_id: fork_id, turn_id });
    expect(again.inherited).toEqual([...inherited, { session_id: fork_id, turn_id, revision: 1 }]);
  });
  it('nowhere but after a turn that was answered', () => {
    const failing = [opened, received, past.contextRefused, past.assessed('failure', 0), past.turnFailed('x')];
    expect(leave([])).toEqual(E.left({ reason: 'SessionUnknown' }));
    expect(leave([opened])).toEqual(E.left({ reason: 'TurnNotCompleted', turn_id: null }));
    expect(leave(failing, turn_id)).toEqual(E.left({ reason: 'TurnNotCompleted', turn_id }));
    expect(leave([opened, received], turn_id)).toEqual(E.left({ reason: 'TurnNotCompleted', turn_id }));
    expect(leave(answered, other_turn_id)).toEqual(E.left({ reason: 'TurnUnknown', turn_id: other_turn_id }));
  });
});

const ofFork = (event: SessionEvent): SessionEvent =>
  ({ ...event, data: { ...event.data, session_id: fork_id } }) as SessionEvent;

describe('a fork', () => {
  const { origin, inherited } = left([opened, ...turns(12)]);
  const fork = { type: 'ForkSession', session_id: fork_id, agent_id, title: 'what if', origin, inherited } as const;
  const forked = SessionOpened({ session_id: fork_id, agent_id, title: 'what if', origin, inherited: [...inherited] });

  it('is opened once, and counts no turn but its own', () => {
    given().when(fork).records(forked);
    expect(given(forked).state).toMatchObject({ turns: 0, history: [], origin });
    given(...answered)
      .when(fork)
      .refuses({
        reason: 'OutOfLifecycle',
        phase: 'idle',
        step: 'SessionOpened',
        allowed: ['TurnReceived', 'SessionEndRequested', 'SessionClosed'],
      });
  });
  it('quotes at most ten turns, of which its own come first', () => {
    const own = (count: number) => turns(count).map(ofFork);
    expect(quotableOf(given(forked).state)).toEqual(inherited);
    expect(quotableOf(given(forked, ...own(3)).state)).toEqual(inherited.slice(3));
    expect(quotableOf(given(forked, ...own(historyTurnsMax)).state)).toEqual([]);
  });
});
