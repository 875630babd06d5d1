import fc from 'fast-check';
import type { AgentCommand } from '../../src/domain/agent/agent.commands.ts';
import { agent } from '../../src/domain/agent/agent.decider.ts';
import { agentLifecycle } from '../../src/domain/agent/agent.lifecycle.ts';
import { key, type KeyCommand } from '../../src/domain/key/key.decider.ts';
import { keyLifecycle } from '../../src/domain/key/key.lifecycle.ts';
import type { SessionCommand } from '../../src/domain/session/session.commands.ts';
import { session } from '../../src/domain/session/session.decider.ts';
import { sessionLifecycle } from '../../src/domain/session/session.lifecycle.ts';
import { holdToItsLaws, type Subject } from './laws.ts';
import * as past from '../support/session.history.ts';

const reason = fc.constantFrom('', 'because');
const uuid = fc.constantFrom(past.turn_id, past.other_turn_id);
const profile = {
  name: 'Iris',
  description: '',
  identity_prompt: '',
  model: null,
  max_tokens: 1_024,
  context_tokens: 8_000,
  capabilities: [],
  scope: 'development',
};

const agentCommand: fc.Arbitrary<AgentCommand> = fc.oneof(
  fc.record({
    type: fc.constant('RegisterAgent' as const),
    agent_id: fc.constant(past.agent_id),
    profile: fc.constant(profile),
  }),
  fc.record({
    type: fc.constant('ReviseAgent' as const),
    changes: fc.constantFrom({}, { name: 'Iris' }, { name: 'Front desk' }, { max_tokens: 1, model: 'other' }),
  }),
  fc.record({ type: fc.constantFrom('PauseAgent' as const, 'ResumeAgent' as const, 'RetireAgent' as const), reason }),
  fc.record({
    type: fc.constant('StopAgent' as const),
    reason,
    running_session_ids: fc.constantFrom([], [past.session_id]),
  }),
);

const at = fc.constantFrom(null, '2026-11-21T13:00:00.000Z');
const secret_hash = fc.constantFrom('a'.repeat(64), 'b'.repeat(64));
const keyCommand: fc.Arbitrary<KeyCommand> = fc.oneof(
  fc.record({
    type: fc.constant('IssueKey' as const),
    key_id: fc.constant(past.session_id),
    name: fc.constant('dashboard'),
    scopes: fc.constant(['agents:read']),
    roles: fc.constant(['ops']),
    secret_hash,
    expires_at: at,
  }),
  fc.record({
    type: fc.constant('RotateKey' as const),
    secret_hash,
    previous_until: fc.constant('2026-11-21T13:00:00.000Z'),
    expires_at: at,
  }),
  fc.record({ type: fc.constant('RevokeKey' as const), reason }),
);

const attempt = fc.integer({ min: 1, max: 4 });
const failure = fc
  .tuple(fc.constantFrom('timeout', 'disabled'), fc.boolean(), fc.constantFrom(undefined, 0, 60_000, 60_001))
  .map(([code, retryable, wait]) => past.failed(code, retryable, wait));
const sessionCommand: fc.Arbitrary<SessionCommand> = fc.oneof(
  fc.constant<SessionCommand>({
    type: 'OpenSession',
    session_id: past.session_id,
    agent_id: past.agent_id,
    title: null,
  }),
  fc.record({ type: fc.constant('ReceiveTurn' as const), turn_id: uuid, text: fc.constantFrom('hi', 'and?') }),
  fc.record({ type: fc.constant('CancelTurn' as const), turn_id: fc.option(uuid), reason }),
  fc.record({ type: fc.constant('CloseSession' as const), reason, reflects: fc.boolean() }),
  fc.record({ type: fc.constant('ReflectAgain' as const) }),
  fc.record({
    type: fc.constant('RecordConclusion' as const),
    outcome: fc.oneof(fc.constant(past.ok([])), failure),
  }),
  fc.tuple(attempt, fc.oneof(fc.constant(past.ok(past.reply)), failure)).map(([n, outcome]): SessionCommand => ({
    type: 'RecordReflection',
    attempt: n,
    key: `reflect:${n}`,
    outcome,
  })),
  fc.record({
    type: fc.constant('RecordContext' as const),
    turn_id: uuid,
    outcome: fc.oneof(fc.constant(past.ok(past.plan)), failure),
  }),
  fc
    .tuple(uuid, attempt, fc.oneof(fc.constant(past.ok(past.reply)), failure))
    .map(([turn_id, n, outcome]): SessionCommand => ({
      type: 'RecordReply',
      turn_id,
      attempt: n,
      key: `${turn_id}:model:${n}`,
      outcome,
    })),
  fc.record({ type: fc.constant('CallAgain' as const), turn_id: uuid }),
  fc.record({
    type: fc.constant('RecordPostTurn' as const),
    turn_id: uuid,
    outcome: fc.oneof(fc.constant(past.ok([])), failure),
  }),
);

const subjects = [
  {
    noun: 'agent',
    decider: agent,
    life: agentLifecycle,
    command: agentCommand,
    settling: ['ReviseAgent', 'PauseAgent', 'ResumeAgent', 'StopAgent', 'RetireAgent'],
  },
  { noun: 'key', decider: key, life: keyLifecycle, command: keyCommand, settling: ['RevokeKey'] },
  {
    noun: 'session',
    decider: session,
    life: sessionLifecycle,
    command: sessionCommand,
    settling: ['CancelTurn', 'CloseSession'],
  },
] as unknown as readonly Subject[];

holdToItsLaws(subjects);
