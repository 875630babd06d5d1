import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../src/domain/kernel/backoff.ts';
import type { SessionCommand } from '../../src/domain/session/session.commands.ts';
import { modelBackoff } from '../../src/domain/session/session.backoff.ts';
import { session } from '../../src/domain/session/session.decider.ts';
import {
  ModelCalled,
  ModelFailed,
  ModelReplied,
  SessionClosed,
  ToolCallEnded,
  ToolsRequested,
  TurnAssessed,
  TurnCancelRequested,
  TurnReceived,
} from '../../src/domain/session/session.events.ts';
import { historyTurnsMax } from '../../src/domain/session/session.history.ts';
import * as past from '../support/session.history.ts';
import { specification } from '../support/specification.ts';

const { session_id, agent_id, turn_id, other_turn_id, opened, received, calling, answered } = past;
const { given } = specification(session);
const of = { session_id, turn_id };
const outOf = (phase: string, step: string, ...allowed: readonly string[]) =>
  ({ reason: 'OutOfLifecycle', phase, step, allowed }) as const;

const open = { type: 'OpenSession', session_id, agent_id, title: null } as const;
const receive = { type: 'ReceiveTurn', turn_id, text: 'hi' } as const;
const cancel = { type: 'CancelTurn', turn_id, reason: 'never mind' } as const;
const close = { type: 'CloseSession', reason: 'settled', reflects: true } as const;
const record = (attempt: number, outcome: (SessionCommand & { type: 'RecordReply' })['outcome']) =>
  ({ type: 'RecordReply', turn_id, attempt, key: `${turn_id}:model:${attempt}`, outcome }) as const;
const postTurn = (outcome: (SessionCommand & { type: 'RecordPostTurn' })['outcome']) =>
  ({ type: 'RecordPostTurn', turn_id, outcome }) as const;
const retryAt = (attempt: number, asked?: number): string => {
  const wait = backoffMs(modelBackoff, attempt, `${turn_id}:model:${attempt}`, asked) ?? 0;
  return new Date(Date.parse(past.at) + wait).toISOString();
};

describe('a session', () => {
  it('is opened once', () => {
    given().when(open).records(opened);
    given(opened)
      .when(open)
      .refuses(outOf('idle', 'SessionOpened', 'TurnReceived', 'SessionEndRequested', 'SessionClosed'));
  });
  it('that nobody opened is unknown', () => {
    for (const command of [receive, cancel, close]) given().when(command).refuses({ reason: 'SessionUnknown' });
  });
  it('is closed once, with the count of its turns, and not under a running turn', () => {
    given(opened)
      .when(close)
      .records(SessionClosed({ session_id, reason: 'settled', turns: 0, stages: [] }));
    given(...answered)
      .when(close)
      .records(past.endRequested(false));
    given(...answered, past.endRequested(false))
      .when({ type: 'RecordConclusion', outcome: past.ok([]) })
      .records(past.closed);
    given(...answered, past.endRequested(false))
      .when(close)
      .records();
    given(...answered, past.closed)
      .when(close)
      .records();
    given(...calling)
      .when(close)
      .refuses({ reason: 'TurnRunning', turn_id });
  });
  it('takes no turn once it is closed', () => {
    given(...answered, past.closed)
      .when(receive)
      .refuses({ reason: 'SessionIsClosed' });
    given(...answered, past.closed)
      .when(cancel)
      .refuses({ reason: 'SessionIsClosed' });
    given(...answered, past.closed)
      .when(open)
      .refuses(outOf('closed', 'SessionOpened'));
  });
  it('takes one turn at a time, and counts them', () => {
    given(opened).when(receive).records(received);
    given(...calling)
      .when({ ...receive, turn_id: other_turn_id })
      .refuses({ reason: 'TurnRunning', turn_id });
    given(...answered)
      .when({ ...receive, turn_id: other_turn_id })
      .records(TurnReceived({ session_id, turn_id: other_turn_id, agent_id, ordinal: 2, text: 'hi' }));
  });
  it('lets later turns quote what was answered, the newest ten, and nothing that came to nothing', () => {
    expect(given(...answered).state.history).toEqual([{ turn_id, text: 'hi', reply: 'hello' }]);
    const failure = [
      opened,
      received,
      past.contextRefused,
      past.assessed('failure', 0),
      past.turnFailed('context_too_large'),
    ];
    expect(given(...failure).state).toMatchObject({ history: [], turns: 1, turn: null, ended_turn_id: turn_id });
    const turns = Array.from({ length: 13 }, () => answered.slice(1)).flat();
    expect(given(opened, ...turns).state.history).toHaveLength(historyTurnsMax);
  });
});

describe('a turn', () => {
  it('is called for as soon as its context is laid out', () => {
    given(opened, received)
      .when({ type: 'RecordContext', turn_id, outcome: past.ok(past.plan) })
      .records(past.assembled, past.called(1));
  });
  it('fails where its context cannot be laid out', () => {
    given(opened, received)
      .when({ type: 'RecordContext', turn_id, outcome: past.failed('context_too_large') })
      .records(past.contextRefused);
  });
  it('records what was answered', () => {
    given(...calling)
      .when(record(1, past.ok(past.reply)))
      .records(past.replied(1));
    const tool_uses = [{ id: '1', name: 'look', input: { at: [1] } }];
    given(...calling)
      .when(record(1, past.ok({ ...past.reply, tool_uses })))
      .records(
        ModelReplied({ ...of, attempt: 1, ...past.reply, tool_uses }),
        ToolsRequested({ ...of, round: 1, calls: [{ tool_use_id: '1', capability_id: 'look', args: { at: [1] } }] }),
        ToolCallEnded({
          ...of,
          tool_use_id: '1',
          directive_id: null,
          outcome: 'rejected',
          content: 'there is no such tool',
        }),
        ModelCalled({ ...of, attempt: 1, round: 2, request_digest: expect.any(String) as string }),
      );
  });
  it('is tried again after a failure that may pass, at an instant that a replay computes alike', () => {
    given(...calling)
      .when(record(1, past.failed('timeout', true)))
      .records(past.retryScheduled(1, retryAt(1)));
    given(...calling, past.retryScheduled(1, retryAt(1)), past.called(2))
      .when(record(2, past.failed('timeout', true, 60_000)))
      .records(past.retryScheduled(2, retryAt(2, 60_000)));
  });
  it.each([
    ['may not pass', 1, past.failed('timeout')],
    ['asks for a longer wait than the longest', 1, past.failed('timeout', true, 60_001)],
    ['came for the third time', 3, past.failed('timeout', true)],
  ] as const)('fails after a failure that %s', (_, attempt, outcome) => {
    const tries = [1, 2]
      .flatMap((n) => [past.retryScheduled(n, past.at), past.called(n + 1)])
      .slice(0, 2 * (attempt - 1));
    given(...calling, ...tries)
      .when(record(attempt, outcome))
      .records(ModelFailed({ ...of, attempt, fault: 'timeout', message: 'it was timeout', call: null }));
  });
  it('calls again under the next number', () => {
    given(...calling, past.retryScheduled(1, past.at))
      .when({ type: 'CallAgain', turn_id })
      .records(past.called(2));
  });
  it('does not take the answer to an attempt for that to another', () => {
    given(...calling, past.retryScheduled(1, past.at), past.called(2))
      .when(record(1, past.ok(past.reply)))
      .records();
  });
  it('is assessed and ended in one step, whatever way it ended', () => {
    given(...calling, past.replied(1))
      .when(postTurn(past.ok([])))
      .records(past.assessed('success', 1), past.completed);
    given(...calling, past.modelFailed(1))
      .when(postTurn(past.ok([])))
      .records(past.assessed('failure', 1), past.turnFailed('timeout'));
    given(...calling, past.cancelRequested)
      .when(postTurn(past.ok([])))
      .records(past.assessed('canceled', 1), past.canceled);
  });
  it('ends also where nothing that comes after it works', () => {
    const stages = [{ name: 'post_turn', ok: false, message: 'it was internal' }];
    const assessed = past.assessed('success', 1);
    given(...calling, past.replied(1))
      .when(postTurn(past.failed('internal')))
      .records(TurnAssessed({ ...assessed.data, stages }), past.completed);
  });
  it('that was assessed but not ended, as an older program may have left it, is ended and not assessed again', () => {
    given(...calling, past.replied(1), past.assessed('success', 1))
      .when(postTurn(past.ok([])))
      .records(past.completed);
  });
  it.each([
    ['received', [opened, received]],
    ['calling', calling],
    ['backing off', [...calling, past.retryScheduled(1, past.at)]],
  ] as const)('is canceled while it is %s, once', (_, history) => {
    given(...history)
      .when(cancel)
      .records(past.cancelRequested);
    given(...history)
      .when({ ...cancel, turn_id: null })
      .records(past.cancelRequested);
    given(...history, past.cancelRequested)
      .when(cancel)
      .records();
  });
  it('is canceled no more once it was answered', () => {
    given(...calling, past.replied(1))
      .when(cancel)
      .refuses(outOf('replied', 'TurnCancelRequested', 'ToolsRequested', 'TurnAssessed'));
  });
  it('that is not the one under way is not running', () => {
    given(...calling)
      .when({ ...cancel, turn_id: other_turn_id })
      .refuses({ reason: 'TurnNotRunning', turn_id: other_turn_id });
    given(...answered)
      .when(cancel)
      .refuses({ reason: 'TurnNotRunning', turn_id });
    given(opened)
      .when({ ...cancel, turn_id: null })
      .refuses({ reason: 'TurnNotRunning', turn_id: null });
    given(...answered)
      .when(record(1, past.ok(past.reply)))
      .refuses({ reason: 'TurnNotRunning', turn_id });
  });
  it('keeps the reason of the first who canceled it', () => {
    const { state } = given(...calling, TurnCancelRequested({ ...of, reason: 'first', directive_ids: [] }));
    expect(state).toMatchObject({ phase: 'canceling', turn: { cancel_reason: 'first' } });
  });
});
