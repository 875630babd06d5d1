import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { censor, type CensorCommand, type CensorState } from '../../src/domain/censor/censor.decider.ts';
import { censorActions, censorOrigins, type CensorAction } from '../../src/domain/censor/censor.events.ts';
import { strike, type Watched } from '../../src/domain/censor/censor.match.ts';
import { fold } from '../../src/domain/kernel/decider.ts';
import { by, id, source } from '../support/memory.ts';

type Create = Extract<CensorCommand, { type: 'CreateCensor' }>;
const create = (changes: Partial<Create> = {}): Create => ({
  ...{ type: 'CreateCensor', censor_id: id(1), agent_id: id(9), trigger: 'refund', reason: 'none is due' },
  ...{ action: 'warn', domain: null, origin: 'manual', source, by },
  ...changes,
});
const trigger: CensorCommand = {
  type: 'TriggerCensor',
  matched: 'refund',
  session_id: null,
  turn_id: null,
  by: 'process:x',
};
const escalate = (who = by): CensorCommand => ({ type: 'EscalateCensor', by: who });

/** Asks one thing after the other; answers each state, and what the last one came to. */
const after = (...commands: readonly CensorCommand[]) => {
  let state: CensorState = censor.initial;
  let last: ReturnType<typeof censor.decide> = E.right([]);
  const actions: CensorAction[] = [];
  for (const command of commands) {
    last = censor.decide(command, state);
    if (E.isRight(last)) state = fold(censor, state, last.right);
    actions.push(state.action);
  }
  const events = E.isRight(last) ? last.right : [];
  return { state, actions, types: events.map(({ type }) => type), refusal: E.isLeft(last) ? last.left : undefined };
};
const strength = (action: CensorAction): number => censorActions.indexOf(action);

describe('a censor', () => {
  it.each([
    ['automatic', 'absolute', by, 'warn'],
    ['agent', 'absolute', 'agent:iris', 'block'],
    ['agent', 'warn', 'agent:iris', 'warn'],
    ['manual', 'absolute', by, 'absolute'],
    ['manual', 'absolute', 'agent:iris', 'block'],
  ] as const)('of %s origin that is to be %s, said by %s, is %s', (origin, action, who, kept) => {
    expect(after(create({ origin, action, by: who })).state.action).toBe(kept);
  });

  it('becomes a block at its third hit, and nothing more however often it strikes (N88, C13)', () => {
    expect(after(create(), trigger, trigger).state.action).toBe('warn');
    expect(after(create(), trigger, trigger, trigger).types).toEqual(['CensorTriggered', 'CensorEscalated']);
    const many = after(create(), ...Array.from({ length: 50 }, () => trigger));
    expect(many).toMatchObject({ state: { action: 'block', activations: 50 }, types: ['CensorTriggered'] });
  });

  it('is made absolute by a person alone, and stays so', () => {
    expect(after(create(), escalate('agent:iris')).state.action).toBe('block');
    expect(after(create({ action: 'block' }), escalate('agent:iris')).refusal).toEqual({
      ...{ reason: 'PersonNeeded', action: 'absolute' },
    });
    const absolute = after(create(), escalate(), escalate(), escalate());
    expect(absolute).toMatchObject({ state: { action: 'absolute' }, types: [] });
  });

  it('is never weaker than it was, and never absolute without a person, whatever is asked', () => {
    const asked = fc.oneof(
      fc.constant(trigger),
      fc.constantFrom('agent:iris', 'process:session', 'reaction:x').map(escalate),
      fc.constant<CensorCommand>({ type: 'MarkFalsePositive', note: '', by }),
    );
    const first = fc.record({ origin: fc.constantFrom(...censorOrigins), action: fc.constantFrom(...censorActions) });
    fc.assert(
      fc.property(first, fc.array(asked, { maxLength: 20 }), (said, commands) => {
        const { actions } = after(create({ ...said, by: 'agent:iris' }), ...commands);
        for (const [n, action] of actions.entries()) {
          expect(strength(action)).toBeGreaterThanOrEqual(strength(actions[n - 1] ?? 'warn'));
          expect(action).not.toBe('absolute');
        }
      }),
    );
  });

  it('that was lifted strikes no more, and its words are gone once it is forgotten', () => {
    const lift: CensorCommand = { type: 'LiftCensor', reason: '', by };
    expect(after(create(), lift, trigger).refusal).toMatchObject({ reason: 'OutOfLifecycle', phase: 'lifted' });
    const forgotten = after(create(), { type: 'ForgetCensor', reason: '', by });
    expect(forgotten.state).toMatchObject({ trigger: '', why: '', phase: 'forgotten' });
  });
});

describe('what strikes at a text', () => {
  const watched = (n: number, changes: Partial<Watched> = {}): Watched => ({
    ...{ censor_id: id(n), revision: 0, trigger: 'Refund', reason: 'none', action: 'warn', domain: null },
    origin: 'manual',
    ...changes,
  });
  const hits = (censors: readonly Watched[], text: string, domain: string | null = null, near = new Map()) =>
    strike(censors, { text, domain }, near).map(({ censor_id }) => censor_id);

  it('is a trigger that stands in it, whatever the case', () => {
    expect(hits([watched(1)], 'No REFUNDS here')).toEqual([id(1)]);
    expect(hits([watched(1)], 'nothing of it')).toEqual([]);
  });
  it('is looked for in the whole of a text, however long', () => {
    expect(hits([watched(1)], `${'x'.repeat(100_000)}refund`)).toEqual([id(1)]);
  });
  it.each([
    'pay  now',
    'pay\nnow',
    'pa\u200By now',
    'p\u00ADay now',
    'ｐａｙ　ｎｏｗ',
    ' PAY\u00A0Now',
    'pay\u0085now',
  ])('is seen in %j, whatever stands between its letters unseen', (text) =>
    expect(hits([watched(1, { trigger: 'pay now' })], text)).toEqual([id(1)]),
  );
  it('of nothing that can be seen strikes at nothing', () => {
    expect(hits([watched(1, { trigger: ' \u200B ' })], 'anything at all')).toEqual([]);
  });
  it('is of the domain that is asked for, or of none (N87)', () => {
    const censors = [watched(1, { domain: 'support' }), watched(2, { domain: 'sales' }), watched(3)];
    expect(hits(censors, 'refund', 'support')).toEqual([id(1), id(3)]);
    expect(hits(censors, 'refund')).toEqual([id(1), id(2), id(3)]);
  });
  it('is near in meaning above 0.7 only, and ordered by strength first', () => {
    const censors = [watched(1), watched(2, { trigger: 'money', action: 'block' }), watched(3, { trigger: 'cash' })];
    const near = new Map([
      [id(2), 0.71],
      [id(3), 0.7],
    ]);
    expect(hits(censors, 'a refund', null, near)).toEqual([id(2), id(1)]);
  });
});
