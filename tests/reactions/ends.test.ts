import { describe, expect, it } from 'vitest';
import { cancelTurnsOfStoppedAgent } from '../../src/domain/reactions/cancel-turns-of-stopped-agent.reaction.ts';
import { endDirectives } from '../../src/domain/reactions/end-directives.reaction.ts';
import { endToolCalls } from '../../src/domain/reactions/end-tool-calls.reaction.ts';
import { pauseAgentsOverBudget } from '../../src/domain/reactions/pause-agents-over-budget.reaction.ts';
import { settleBudgets } from '../../src/domain/reactions/settle-budgets.reaction.ts';
import { withdrawDirectivesOfCanceledTurns } from '../../src/domain/reactions/withdraw-directives-of-canceled-turns.reaction.ts';
import { asks, golden, recorded_at } from './recorded.ts';

const id = '0f8b1c6e-7a3d-5b21-9c40-3f5e6d7a8b90';

describe('end_directives', () => {
  it.each([
    [
      'RunCompleted',
      { outcome: 'partial', result: { n: 1 } },
      { run_status: 'completed', code: null, message: 'partial', result: { n: 1 } },
    ],
    [
      'RunFailed',
      { code: 'refused', message: 'no' },
      { run_status: 'failed', code: 'refused', message: 'no', result: null },
    ],
    [
      'RunCanceled',
      { reason: 'never mind' },
      { run_status: 'canceled', code: 'canceled', message: 'never mind', result: null },
    ],
  ])('%s ends the directive that the run is of (D16)', (type, said, told) => {
    const event = golden(type, said);
    const { directive_id, run_id, at } = event.data;
    expect(asks(endDirectives, event)).toEqual([
      { stream: `directive-${String(directive_id)}`, command: { type: 'EndDirective', run_id, ...told, at } },
    ]);
  });
});

describe('end_tool_calls', () => {
  const origin = { kind: 'turn', session_id: id, turn_id: id, tool_use_id: 'use-1' };
  const told = (type: string, said: object) => asks(endToolCalls, golden(type, { origin, ...said }));

  it.each([
    ['DirectiveCompleted', { run_status: 'completed', result: { n: 1 } }, 'completed', '{"n":1}'],
    ['DirectiveCompleted', { run_status: 'failed', code: 'refused', message: 'no' }, 'failed', 'refused: no'],
    ['DirectiveCompleted', { run_status: 'failed', code: null, message: 'no' }, 'failed', 'failed: no'],
    ['DirectiveBlocked', { code: 'policy_denied', reasons: ['a', 'b'] }, 'blocked', 'policy_denied: a; b'],
    ['DirectiveAborted', { reason: 'never mind' }, 'canceled', 'canceled: never mind'],
  ])('%s of a turn %j is told to it as %s', (type, said, outcome, content) => {
    const { directive_id } = golden(type).data;
    const command = { type: 'RecordToolEnd', turn_id: id, tool_use_id: 'use-1', directive_id, outcome, content };
    expect(told(type, said)).toEqual([{ stream: `session-${id}`, command }]);
  });
  it('cuts what is too long for a model, between characters', () => {
    const [request] = told('DirectiveCompleted', { run_status: 'completed', result: `${'a'.repeat(15_998)}😀b` });
    const { content } = request!.command as { content: string };
    expect(content.length).toBeLessThanOrEqual(16_006);
    expect(content.isWellFormed()).toBe(true);
    expect(content.endsWith('[cut]')).toBe(true);
  });
  it('tells no turn of what somebody asked for outside of one', () => {
    expect(told('DirectiveBlocked', { origin: { kind: 'request' } })).toEqual([]);
  });
});

describe('settle_budgets', () => {
  const reservations = [
    { budget_id: 'b1', reservation_id: 'r1' },
    { budget_id: 'b2', reservation_id: 'r2' },
  ];
  it.each(['StepSucceeded', 'StepRetryScheduled', 'StepFailed', 'StepOutcomeUnknown', 'UndoSucceeded', 'UndoFailed'])(
    '%s settles whatever was set aside for the call, in every budget',
    (type) => {
      const settle = { type: 'SettleBudget', micros: 7, tokens: 0 };
      expect(asks(settleBudgets, golden(type, { cost_micros: 7, reservations }))).toEqual([
        { stream: 'budget-b1', command: { ...settle, reservation_id: 'r1' } },
        { stream: 'budget-b2', command: { ...settle, reservation_id: 'r2' } },
      ]);
      expect(asks(settleBudgets, golden(type, { reservations: [] }))).toEqual([]);
    },
  );
});

describe('pause_agents_over_budget', () => {
  it('pauses the agent that a breach names, and none where it names none (A48)', () => {
    const event = golden('BudgetBreached', { pause_agent_id: id });
    const reason = `budget ${String(event.data['budget_id'])} is used up`;
    expect(asks(pauseAgentsOverBudget, event)).toEqual([
      { stream: `agent-${id}`, command: { type: 'PauseAgent', reason } },
    ]);
    expect(asks(pauseAgentsOverBudget, golden('BudgetBreached', { pause_agent_id: null }))).toEqual([]);
  });
});

describe('withdraw_directives_of_canceled_turns', () => {
  it('blocks each directive that the turn has proposed, at the instant at which that was recorded', () => {
    const event = golden('TurnCancelRequested', { directive_ids: ['d1', 'd2'], reason: 'never mind' });
    const command = { type: 'BlockDirective', reason: 'never mind', at: recorded_at };
    expect(asks(withdrawDirectivesOfCanceledTurns, event)).toEqual([
      { stream: 'directive-d1', command },
      { stream: 'directive-d2', command },
    ]);
  });
});

describe('cancel_turns_of_stopped_agent', () => {
  it.each([
    ['AgentStopped', 'the agent was stopped'],
    ['AgentRetired', 'the agent was retired'],
  ])('%s cancels every turn that was known to run', (type, reason) => {
    const event = golden(type, { running_session_ids: ['s1', 's2'] });
    const command = { type: 'CancelTurn', turn_id: null, reason };
    expect(asks(cancelTurnsOfStoppedAgent, event)).toEqual([
      { stream: 'session-s1', command },
      { stream: 'session-s2', command },
    ]);
    expect(asks(cancelTurnsOfStoppedAgent, golden(type, { running_session_ids: [] }))).toEqual([]);
  });
});
