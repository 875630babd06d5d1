import { describe, expect, it } from 'vitest';
import type { SessionCommand } from '../../src/domain/session/session.commands.ts';
import { session } from '../../src/domain/session/session.decider.ts';
import * as Events from '../../src/domain/session/session.events.ts';
import { sessionProcess } from '../../src/domain/session/session.process.ts';
import { openCalls } from '../../src/domain/session/session.state.ts';
import { directiveOfCall, roundsMax } from '../../src/domain/session/session.tools.ts';
import * as past from '../support/session.history.ts';
import { specification } from '../support/specification.ts';

const { session_id, turn_id } = past;
const of = { session_id, turn_id };
const { given } = specification(session);
const directive_id = directiveOfCall(session_id, turn_id, 1, '1');
const other_id = directiveOfCall(session_id, turn_id, 1, '2');
const spec_digest = `sha256:${'0c'.repeat(32)}`;

const equipped = Events.ContextAssembled({
  ...of,
  agent_id: past.agent_id,
  plan: { ...past.plan, tools: [{ capability_id: 'orders.get', spec_digest }] },
});
const calling = [past.opened, past.received, equipped, past.called(1)];
const use = (id: string, name = 'orders.get') => ({ id, name, input: { order_id: id } });
const replied = (...uses: readonly ReturnType<typeof use>[]): SessionCommand => ({
  type: 'RecordReply',
  turn_id,
  attempt: 1,
  key: 'key',
  outcome: past.ok({ ...past.reply, tool_uses: uses }),
});
const requested = (round: number, ...ids: readonly string[]) =>
  Events.ToolsRequested({
    ...of,
    round,
    calls: ids.map((id) => ({ tool_use_id: id, capability_id: 'orders.get', args: { order_id: id } })),
  });
const proposed = (tool_use_id: string, id = directive_id) =>
  Events.ToolCallProposed({ ...of, tool_use_id, directive_id: id, approval_id: null });
const end = (tool_use_id: string, id = directive_id): SessionCommand => ({
  type: 'RecordToolEnd',
  turn_id,
  tool_use_id,
  directive_id: id,
  outcome: 'completed',
  content: '{}',
});
const ended = (
  tool_use_id: string,
  id: string | null = directive_id,
  outcome: 'completed' | 'rejected' = 'completed',
) =>
  Events.ToolCallEnded({
    ...of,
    tool_use_id,
    directive_id: id,
    outcome,
    content: outcome === 'completed' ? '{}' : 'no',
  });
const said = past.replied(1);
const acting = [...calling, said, requested(1, '1', '2')];

describe('a turn whose model wants tools', () => {
  it('proposes each of them, and nothing else', () => {
    const { state } = given(...acting);
    expect(sessionProcess.next(state).map(({ kind, key }) => [kind, key])).toEqual([
      ['propose', `${turn_id}:propose:1:1`],
      ['propose', `${turn_id}:propose:1:2`],
    ]);
    expect(sessionProcess.done(state)).toBe(false);
  });
  it('proposes none of them twice', () => {
    const { state } = given(...acting, proposed('1'));
    expect(sessionProcess.next(state)).toHaveLength(1);
    expect(sessionProcess.next(given(...acting, proposed('1'), proposed('2', other_id)).state)).toEqual([]);
  });
  it('calls the model again once every one has ended, and not before', () => {
    const both = [...acting, proposed('1'), proposed('2', other_id)];
    given(...both)
      .when(end('1'))
      .records(ended('1'));
    given(...both, ended('1'))
      .when(end('2', other_id))
      .records(
        ended('2', other_id),
        Events.ModelCalled({ ...of, attempt: 1, round: 2, request_digest: expect.any(String) as string }),
      );
  });
  it('has another digest for another round, and the same one for the same', () => {
    const last = (content: string) => {
      const { state } = given(...calling, said, requested(1, '1'), proposed('1'));
      const decision = session.decide({ ...end('1'), content } as SessionCommand, state);
      return JSON.stringify(decision);
    };
    expect(last('{"a":1}')).toBe(last('{"a":1}'));
    expect(last('{"a":1}')).not.toBe(last('{"a":2}'));
  });
  it('takes no notice of an end that it does not wait for', () => {
    given(...acting, proposed('1'), ended('1'))
      .when(end('1'))
      .records();
  });
  it('takes the end of another round for no end of a call that has the same id', () => {
    const second = [
      ...calling,
      said,
      requested(1, '1'),
      proposed('1'),
      ended('1'),
      Events.ModelCalled({ ...of, attempt: 1, round: 2, request_digest: spec_digest }),
      said,
      requested(2, '1'),
    ];
    given(...second)
      .when(end('1'))
      .records();
    const { state } = given(...second);
    const [propose] = sessionProcess.next(state);
    expect(propose).toMatchObject({ directive_id: directiveOfCall(session_id, turn_id, 2, '1') });
  });
  it('rejects two calls of one id, for nobody could say which of them an answer is for', () => {
    const decision = session.decide(replied(use('1'), use('1')), given(...calling).state);
    expect(decision).toMatchObject({
      right: [
        { type: 'ModelReplied' },
        { type: 'ToolsRequested' },
        { type: 'ToolCallEnded', data: { outcome: 'rejected', content: 'two calls have this id' } },
        { type: 'ModelCalled' },
      ],
    });
  });
  it('rejects what was not offered, and goes on at once', () => {
    const decision = session.decide(replied(use('1', 'payments.refund')), given(...calling).state);
    expect(decision).toMatchObject({
      right: [
        { type: 'ModelReplied' },
        { type: 'ToolsRequested' },
        { type: 'ToolCallEnded', data: { outcome: 'rejected', directive_id: null } },
        { type: 'ModelCalled', data: { round: 2 } },
      ],
    });
  });
  it('ends a call that was blocked, or could not be proposed, without waiting', () => {
    const one = [...calling, said, requested(1, '1')];
    const record = (outcome: Extract<SessionCommand, { type: 'RecordProposal' }>['outcome']): SessionCommand => ({
      type: 'RecordProposal',
      turn_id,
      tool_use_id: '1',
      outcome,
    });
    const blocked = { directive_id, blocked: true, approval_id: null, reasons: ['it is a secret'] };
    expect(session.decide(record(past.ok(blocked)), given(...one).state)).toMatchObject({
      right: [{ data: { outcome: 'blocked', content: 'policy_denied: it is a secret' } }, { type: 'ModelCalled' }],
    });
    expect(session.decide(record(past.failed('invalid_arguments', false)), given(...one).state)).toMatchObject({
      right: [{ data: { outcome: 'rejected', directive_id: null } }, { type: 'ModelCalled' }],
    });
  });
  it('fails where the model wants tools for ever', () => {
    const rounds = Array.from({ length: roundsMax }, (_, n) => [
      said,
      requested(n + 1, '1'),
      proposed('1'),
      ended('1'),
      Events.ModelCalled({ ...of, attempt: 1, round: n + 2, request_digest: spec_digest }),
    ]).flat();
    const { state } = given(...calling, ...rounds);
    expect(session.decide(replied(use('1')), state)).toMatchObject({
      right: [
        { type: 'ModelReplied' },
        { type: 'ToolsRequested' },
        { type: 'ModelFailed', data: { fault: 'tool_rounds_exceeded' } },
      ],
    });
  });
  it('that is canceled names what it has proposed and nobody has begun', () => {
    given(...acting, proposed('1'), ended('1'), proposed('2', other_id))
      .when({ type: 'CancelTurn', turn_id, reason: 'never mind' })
      .records(Events.TurnCancelRequested({ ...of, reason: 'never mind', directive_ids: [other_id] }));
  });
  it('quotes its last answer to later turns, and not the rounds before it', () => {
    const answer = [
      ...calling,
      said,
      requested(1, '1'),
      ended('1', null, 'rejected'),
      Events.ModelCalled({ ...of, attempt: 1, round: 2, request_digest: spec_digest }),
      past.replied(1),
      past.assessed('success', 1),
      Events.TurnCompleted(of),
    ];
    const { state } = given(...answer);
    expect(state.history).toHaveLength(1);
    expect(state.turn).toBeNull();
    expect(openCalls(given(...acting).state.turn ?? (undefined as never))).toHaveLength(2);
  });
});
