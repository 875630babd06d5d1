import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../src/domain/kernel/backoff.ts';
import { modelBackoff } from '../../src/domain/session/session.backoff.ts';
import { session } from '../../src/domain/session/session.decider.ts';
import * as Events from '../../src/domain/session/session.events.ts';
import type { SessionEvent } from '../../src/domain/session/session.events.ts';
import { sessionProcess } from '../../src/domain/session/session.process.ts';
import * as past from '../support/session.history.ts';
import { specification } from '../support/specification.ts';

const { session_id } = past;
const { given } = specification(session);
const close = { type: 'CloseSession', reason: 'settled', reflects: true } as const;
const long = Events.TurnReceived({ ...past.received.data, text: 'x'.repeat(200) });
const talk = [past.opened, long, past.assembled, past.called(1), past.replied(1), past.assessed('success', 1)] as const;
const talked = [...talk, past.completed] as const;
const ending = [...talked, past.endRequested(true)] as const;
const record = (
  attempt: number,
  outcome: ReturnType<typeof past.failed> | ReturnType<typeof past.ok<typeof past.reply>>,
) => ({ type: 'RecordReflection', attempt, key: `${session_id}:reflect:${attempt}`, outcome }) as const;
const retryAt = (attempt: number): string =>
  new Date(
    Date.parse(past.at) + (backoffMs(modelBackoff, attempt, `${session_id}:reflect:${attempt}`) ?? 0),
  ).toISOString();
const retry = (attempt: number) => ({
  ...{ session_id, attempt, fault: 'timeout', message: 'it was timeout', call: null },
});
const after = (history: readonly SessionEvent[]) => history.reduce(session.evolve, session.initial);
const next = (...history: readonly SessionEvent[]) => sessionProcess.next(after(history)).map(({ kind }) => kind);

describe('the end of a session', () => {
  it('is asked for: a model reflects, unless nothing was worth it or nobody wants it', () => {
    given(...talked)
      .when(close)
      .records(past.endRequested(true));
    given(...talked)
      .when({ ...close, reflects: false })
      .records(past.endRequested(false));
    given(...past.answered)
      .when(close)
      .records(past.endRequested(false));
    expect(next(...ending)).toEqual(['reflect']);
    expect(next(...talked, past.endRequested(false))).toEqual(['conclude']);
  });
  it('takes no turn, and is asked for once', () => {
    given(...ending)
      .when({ type: 'ReceiveTurn', turn_id: past.other_turn_id, text: 'one more' })
      .refuses({ reason: 'SessionIsClosed' });
    given(...ending)
      .when(close)
      .records();
  });
  it('keeps what the agent says it learned, and then concludes', () => {
    const text = 'learned: refunds over 100 need two people\nlesson: ask first';
    const { tool_uses: _, stop_reason: __, ...said } = { ...past.reply, text };
    const reflected = Events.SessionReflected({
      ...{ session_id, attempt: 1, ...said },
      facts: ['refunds over 100 need two people'],
      lessons: ['ask first'],
      procedures: [],
    });
    given(...ending)
      .when(record(1, past.ok({ ...past.reply, text })))
      .records(reflected);
    const [conclude] = sessionProcess.next(after([...ending, reflected]));
    expect(conclude).toMatchObject({ kind: 'conclude', lessons: { facts: ['refunds over 100 need two people'] } });
    given(...ending, reflected)
      .when({ type: 'RecordConclusion', outcome: past.ok([{ name: 'episode', ok: true, message: null }]) })
      .records(
        Events.SessionClosed({
          ...{ session_id, reason: 'settled', turns: 1 },
          stages: [{ name: 'episode', ok: true, message: null }],
        }),
      );
  });
  it('is tried again as a turn is, rests meanwhile, and comes without a reflection when it is given up', () => {
    const scheduled = Events.ReflectionRetryScheduled({ ...retry(1), retry_at: retryAt(1) });
    given(...ending)
      .when(record(1, past.failed('timeout', true)))
      .records(scheduled);
    expect(next(...ending, scheduled)).toEqual(['wait']);
    const again = Events.ReflectionCalled({ session_id, attempt: 2 });
    given(...ending, scheduled)
      .when({ type: 'ReflectAgain' })
      .records(again);
    expect(next(...ending, scheduled, again)).toEqual(['reflect']);
    given(...ending)
      .when(record(1, past.failed('disabled')))
      .records(Events.ReflectionFailed({ ...retry(1), fault: 'disabled', message: 'it was disabled' }));
    given(...ending, scheduled, again)
      .when(record(1, past.failed('timeout', true)))
      .records();
    expect(next(...ending, Events.ReflectionFailed(retry(1)))).toEqual(['conclude']);
  });
  it('comes also where nothing of its conclusion works', () => {
    given(...talked, past.endRequested(false))
      .when({ type: 'RecordConclusion', outcome: past.failed('internal') })
      .records(
        Events.SessionClosed({
          ...{ session_id, reason: 'settled', turns: 1 },
          stages: [{ name: 'conclude', ok: false, message: 'it was internal' }],
        }),
      );
  });
});
