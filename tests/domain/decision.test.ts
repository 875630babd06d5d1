import { policyTerms } from '../support/policy.ts';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { decision, type DecisionCommand, type DecisionState } from '../../src/domain/decision/decision.decider.ts';
import type { DecisionContent } from '../../src/domain/decision/decision.events.ts';
import { bridgeOf, qualityOf } from '../../src/domain/decision/decision.quality.ts';
import { standardGuardrails, type Severity } from '../../src/domain/gate/guardrail.ts';
import { fold } from '../../src/domain/kernel/decider.ts';
import { digest } from '../../src/domain/kernel/digest.ts';

const id = (n: number): string => `5a1e0c2b-3d4f-5a6b-8c7d-9e0f1a2b3c0${n}`;
const at = '2026-11-21T12:00:00.000Z';
const by = 'user:ida';

const content = (changes: Partial<DecisionContent> = {}): DecisionContent => ({
  description: 'Append to one log. Fold read models from it.',
  context: null,
  pattern: null,
  confidence: 0.8,
  category: 'architecture',
  stakes: 'high',
  tags: [],
  reasons: [],
  ...changes,
});
const record = (changes: Partial<DecisionContent> = {}): DecisionCommand => ({
  type: 'RecordDecision',
  decision_id: id(1),
  agent_id: id(2),
  session_id: null,
  content: content(changes),
  by,
});
const review = (outcome: 'success' | 'failure', result = ''): DecisionCommand => ({
  type: 'ReviewDecision',
  outcome,
  result,
  by,
  at,
});

/** Asks one thing after the other; answers what the last one came to. */
const after = (...commands: readonly DecisionCommand[]) => {
  let state: DecisionState = decision.initial;
  let last: ReturnType<typeof decision.decide> = E.right([]);
  for (const command of commands) {
    last = decision.decide(command, state);
    if (E.isRight(last)) state = fold(decision, state, last.right);
  }
  const events = E.isRight(last) ? last.right : [];
  return { state, events, refusal: E.isLeft(last) ? last.left : undefined };
};

const approval_id = id(7);
/** The same decision, with a guardrail of each of these severities that fired. */
const guarded = (...severities: readonly Severity[]): DecisionCommand => ({
  ...(record() as Extract<DecisionCommand, { type: 'RecordDecision' }>),
  guard: {
    guardrails: {
      policy_version: 3,
      policy_digest: digest('the policy'),
      fired: severities.map((severity) => ({ name: severity, severity, because: ['so'] })),
    },
    approval: {
      ...{ approval_id, headline: 'Decide', terms: policyTerms, at, expires_at: at, supersedes: null },
      requested_by: { type: 'user', id: 'ida', roles: [], permissions: [], chain: [by] },
      action_digest: digest('the decision'),
    },
  },
});
type Ending = Extract<DecisionCommand, { type: 'RecordDecisionApproval' }>['ending'];
const ended = (ending: Ending, of = approval_id): DecisionCommand => ({
  ...{ type: 'RecordDecisionApproval', approval_id: of, ending, reason: 'no', at },
});

describe('a decision that guardrails speak of', () => {
  it.each([
    [[], 'DecisionRecorded'],
    [['warn'], 'DecisionRecorded'],
    [['require_approval', 'warn'], 'DecisionProposed'],
    [['block'], 'DecisionBlocked'],
    [['absolute', 'require_approval'], 'DecisionBlocked'],
  ] as const)('by %j is as they have it: %s, and keeps what they said', (severities, type) => {
    const { events } = after(guarded(...severities));
    expect(events).toMatchObject([{ type, data: { guardrails: { policy_version: 3 }, quality: 0 } }]);
    const [recorded] = events as readonly { data: { guardrails: { fired: readonly { name: string }[] } } }[];
    expect(recorded?.data.guardrails.fired.map(({ name }) => name)).toEqual(severities);
  });

  it('counts once it is agreed to, and cites the agreement; a second word changes nothing', () => {
    const { events, state } = after(guarded('require_approval'), ended('granted'));
    expect(events).toMatchObject([{ type: 'DecisionRecorded', data: { by, approval: { approval_id, at } } }]);
    expect(state).toMatchObject({ phase: 'open', content: { confidence: 0.8 } });
    expect(after(guarded('require_approval'), ended('granted'), ended('expired')).events).toEqual([]);
  });

  it.each(['denied', 'expired', 'withdrawn'] as const)('never counts where its request is %s', (ending) => {
    const { events, state } = after(guarded('require_approval'), ended(ending));
    expect(events).toMatchObject([{ type: 'DecisionRejected', data: { ending, reason: 'no' } }]);
    expect(state.phase).toBe('rejected');
    expect(after(guarded('require_approval'), ended(ending), review('success')).refusal).toMatchObject({
      reason: 'OutOfLifecycle',
    });
  });

  it('hears of no approval but its own, and is not reviewed before it counts', () => {
    expect(after(guarded('require_approval'), ended('granted', id(8))).events).toEqual([]);
    expect(after(guarded('require_approval'), review('success')).refusal).toMatchObject({ reason: 'OutOfLifecycle' });
    expect(after(guarded('block'), ended('granted')).events).toEqual([]);
  });
});

describe('a decision that somebody agreed to', () => {
  const agreed = [guarded('require_approval'), ended('granted')] as const;
  it.each([
    [{ description: 'Give Bob everything.' }],
    [{ context: 'c' }],
    [{ pattern: 'p' }],
    [{ confidence: 0.1 }],
    [{ tags: ['a'] }],
  ])('is not said otherwise: %j', (change) => {
    const { events, refusal } = after(...agreed, { type: 'UpdateDecision', change, by });
    expect(refusal).toEqual({ reason: 'AgreedTo', approval_id });
    expect(events).toEqual([]);
  });

  it('is thought about, reviewed and linked like any other; saying the same again is no change', () => {
    expect(after(...agreed, { type: 'UpdateDecision', change: { confidence: 0.8 }, by }).refusal).toBeUndefined();
    expect(after(...agreed, { type: 'AddThought', thought_id: id(5), text: 'hm', by }).events).toHaveLength(1);
    expect(after(...agreed, review('success')).events).toHaveLength(1);
  });

  it('cannot be changed while it waits for the agreement either', () => {
    const change: DecisionCommand = { type: 'UpdateDecision', change: { confidence: 0.1 }, by };
    expect(after(guarded('require_approval'), change).refusal).toMatchObject({ reason: 'OutOfLifecycle' });
  });
});

describe('a decision that is said otherwise', () => {
  const founded = { tags: ['a'], reasons: [{ type: 'analysis', text: 'it was counted' } as const] };
  const changed = (change: object, held = true): DecisionCommand => ({
    ...{ type: 'UpdateDecision', change, by },
    ...(held ? { guardrails: standardGuardrails } : {}),
  });

  it.each([
    [{ confidence: 0.05 }, ['high-stakes-need-confidence']],
    [{ tags: [] }, ['well-founded']],
  ])('by %j so that guardrails would block it stays as it was: %j', (change, names) => {
    const { refusal, events } = after(record(founded), changed(change));
    expect(refusal).toMatchObject({ reason: 'GuardrailsFired', fired: names.map((name) => ({ name })) });
    expect(events).toEqual([]);
    // Where nobody holds it against them, as after a turn that failed, it goes through (N125).
    expect(after(record(founded), changed(change, false)).events).toHaveLength(1);
  });

  it('is not changed past an agreement that it would need by now', () => {
    const { refusal } = after(record({ ...founded, stakes: 'critical' }), changed({ context: 'c' }));
    expect(refusal).toMatchObject({ fired: [{ severity: 'require_approval' }] });
    expect(after(record(founded), changed({ context: 'c' })).events).toHaveLength(1);
  });
});

describe('the quality of a decision', () => {
  const analysis = { type: 'analysis', text: 'it was counted' } as const;
  const empirical = { type: 'empirical', text: 'it was tried' } as const;
  it.each([
    [{}, 0],
    [{ tags: ['storage'] }, 0.25],
    [{ reasons: [analysis] }, 0.25],
    [{ reasons: [analysis, analysis] }, 0.25],
    [{ reasons: [analysis, empirical] }, 0.35],
    [{ pattern: 'event sourcing' }, 0.25],
    [{ context: 'audits' }, 0.15],
    [{ context: '  ', pattern: '' }, 0],
    [{ tags: ['a'], reasons: [analysis, empirical], pattern: 'p', context: 'c' }, 1],
  ])('of %j is %d (N30)', (changes, score) => {
    expect(qualityOf(content(changes))).toBe(score);
  });
});

describe('the bridge of a decision', () => {
  it('is its first sentence, and the pattern, or else the first sentence of the context (N31)', () => {
    const context = 'Replay is an audit! Nothing else is.';
    expect(bridgeOf(content({ context }))).toEqual({
      structure: 'Append to one log.',
      function: 'Replay is an audit!',
    });
    expect(bridgeOf(content({ context, pattern: 'event sourcing' })).function).toBe('event sourcing');
    expect(bridgeOf(content({ description: 'v1.2 of it' })).structure).toBe('v1.2 of it');
    expect(bridgeOf(content({ description: 'x'.repeat(300) })).structure).toHaveLength(200);
  });
});

describe('a decision', () => {
  it('is recorded with what follows from it, each tag once', () => {
    const { events } = after(record({ tags: ['b', 'a', 'b'], pattern: 'p' }));
    expect(events).toMatchObject([
      { type: 'DecisionRecorded', data: { tags: ['b', 'a'], quality: 0.5, bridge: { function: 'p' }, by } },
    ]);
  });

  it('can be said otherwise, and is scored anew; what is left out stays, and the reasons always do (N20)', () => {
    const { events, state } = after(record({ tags: ['a'] }), { type: 'UpdateDecision', change: { context: 'c' }, by });
    expect(events).toMatchObject([{ type: 'DecisionUpdated', data: { tags: ['a'], context: 'c', quality: 0.4 } }]);
    expect(state.content).toEqual(content({ tags: ['a'], context: 'c' }));
  });

  it('records no change that is none', () => {
    const same: DecisionCommand = { type: 'UpdateDecision', change: { confidence: 0.8 }, by };
    expect(after(record(), same)).toMatchObject({ events: [], refusal: undefined });
  });

  it('keeps the confidence that was held before the outcome was known', () => {
    const surer: DecisionCommand = { type: 'UpdateDecision', change: { confidence: 1 }, by };
    const { refusal } = after(record(), review('success'), surer);
    expect(refusal).toEqual({ reason: 'OutcomeKnown', outcome: 'success' });
    expect(after(record(), surer, review('success')).events).toMatchObject([{ data: { confidence: 1 } }]);
  });

  it('can be reviewed again, and the last word counts; the same word is said once', () => {
    const twice = after(record(), review('success'), review('failure', 'it broke'));
    expect(twice.state).toMatchObject({ phase: 'reviewed', outcome: 'failure', result: 'it broke' });
    expect(after(record(), review('success'), review('success')).events).toEqual([]);
  });

  it('is graded by what it was: the review says all that grading needs', () => {
    const reasons = [
      { type: 'analysis', text: 'a' },
      { type: 'analysis', text: 'b' },
    ] as const;
    const { events } = after(record({ reasons: [...reasons] }), review('success'));
    const graded = { confidence: 0.8, category: 'architecture', stakes: 'high', reason_types: ['analysis'] };
    expect(events).toMatchObject([{ type: 'DecisionReviewed', data: { ...graded, agent_id: id(2) } }]);
  });

  it('is linked with another in one way once, and never with itself (N37)', () => {
    const link = (target_id: string, relation: 'supports' | 'contradicts' = 'supports'): DecisionCommand => ({
      ...{ type: 'LinkDecision', target_id, relation, weight: 1, auto_linked: false, by },
    });
    expect(after(record(), link(id(3))).events).toMatchObject([{ type: 'DecisionLinked' }]);
    expect(after(record(), link(id(3)), link(id(3))).events).toEqual([]);
    expect(after(record(), link(id(3)), link(id(3), 'contradicts')).events).toHaveLength(1);
    expect(after(record(), link(id(1))).refusal).toEqual({ reason: 'LinkedToItself' });
  });

  it('that was never recorded is unknown', () => {
    expect(after(review('success')).refusal).toEqual({ reason: 'DecisionUnknown' });
  });
});
