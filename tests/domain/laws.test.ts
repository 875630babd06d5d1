import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import type { AgentCommand } from '../../src/domain/agent/agent.commands.ts';
import { agent } from '../../src/domain/agent/agent.decider.ts';
import { agentLifecycle } from '../../src/domain/agent/agent.lifecycle.ts';
import { catalogue } from '../../src/domain/catalogue.ts';
import { fold, type Decider } from '../../src/domain/kernel/decider.ts';
import type { Event } from '../../src/domain/kernel/event.ts';
import type { Lifecycle } from '../../src/domain/kernel/lifecycle.ts';
import { key, type KeyCommand } from '../../src/domain/key/key.decider.ts';
import { keyLifecycle } from '../../src/domain/key/key.lifecycle.ts';
import type { SessionCommand } from '../../src/domain/session/session.commands.ts';
import { session } from '../../src/domain/session/session.decider.ts';
import { sessionLifecycle } from '../../src/domain/session/session.lifecycle.ts';
import * as past from '../support/session.history.ts';

type Command = { readonly type: string };
interface Subject {
  readonly noun: string;
  readonly decider: Decider<Command, { readonly phase: string }, Event, { readonly reason: string }>;
  readonly life: Lifecycle<string, string>;
  readonly command: fc.Arbitrary<Command>;
  /** Done once, these have nothing left to do. */
  readonly settling: readonly string[];
}

const reason = fc.constantFrom('', 'because');
const uuid = fc.constantFrom(past.turn_id, past.other_turn_id);
const profile = {
  name: 'Iris',
  description: '',
  identity_prompt: '',
  model: null,
  max_tokens: 1_024,
  context_tokens: 8_000,
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
  fc.record({ type: fc.constant('CloseSession' as const), reason }),
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

const golden = new URL('../golden/events/', import.meta.url);
const recorded: readonly Event[] = readdirSync(golden).map((file) => ({
  type: file.replace(/\.v\d+\.json$/, ''),
  data: JSON.parse(readFileSync(new URL(file, golden), 'utf8')) as unknown,
}));

/** Runs commands, and hands what each of them came to. */
const run = (
  { decider }: Subject,
  commands: readonly Command[],
  look: (command: Command, before: { readonly phase: string }, events: readonly Event[] | 'refused') => void = () => {},
): readonly Event[] => {
  const history: Event[] = [];
  let state = decider.initial;
  for (const command of commands) {
    const decision = decider.decide(command, state);
    look(command, state, E.isLeft(decision) ? 'refused' : decision.right);
    if (E.isLeft(decision)) continue;
    history.push(...decision.right);
    state = fold(decider, state, decision.right);
  }
  return history;
};

describe.each(subjects)('the $noun, whatever it is asked', (subject) => {
  const { decider, life, command, settling } = subject;
  const commands = fc.array(command, { maxLength: 40 });
  const all = (law: (commands: readonly Command[]) => unknown): void =>
    fc.assert(
      fc.property(commands, (asked) => {
        law(asked);
      }),
    );

  it('records only steps that its machine has, and its phase is the one the machine says', () => {
    all((asked) =>
      run(subject, asked, (_, { phase }, events) => {
        if (events === 'refused') return;
        let at = phase;
        for (const { type } of events) {
          expect(life.steps(at)).toContain(type);
          at = life.next(at, type) ?? at;
        }
      }),
    );
  });
  it('records nothing more once it is final', () => {
    all((asked) =>
      run(subject, asked, (_, { phase }, events) => {
        if (life.final(phase)) expect(events === 'refused' || events.length === 0).toBe(true);
      }),
    );
  });
  it('records only what its own schemas take', () => {
    all((asked) => {
      for (const event of run(subject, asked)) expect(() => catalogue.versionOf(event)).not.toThrow();
    });
  });
  it('records nothing the second time where a command settles a matter', () => {
    fc.assert(
      fc.property(commands, command, (asked, last) => {
        if (!settling.includes(last.type)) return;
        const state = fold(decider, decider.initial, run(subject, asked));
        const once = decider.decide(last, state);
        if (E.isLeft(once)) return;
        expect(decider.decide(last, fold(decider, state, once.right))).toEqual(E.right([]));
      }),
    );
  });
  it('knows after a whole history what it knows after its parts', () => {
    fc.assert(
      fc.property(commands, fc.nat(), (asked, cut) => {
        const history = run(subject, asked);
        const at = history.length === 0 ? 0 : cut % history.length;
        const parts = fold(decider, fold(decider, decider.initial, history.slice(0, at)), history.slice(at));
        expect(parts).toEqual(fold(decider, decider.initial, history));
      }),
    );
  });
  it('folds any history without an error, in any order, with the events of others in between', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...recorded), { maxLength: 40 }), command, (history, asked) => {
        const state = fold(decider, decider.initial, history);
        expect(life.phases).toContain(state.phase);
        expect(() => decider.decide(asked, state)).not.toThrow();
      }),
    );
  });
});
