import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Guardrail,
  GuardrailCondition,
  checkGuardrails,
  severities,
  standardGuardrails,
  type DecisionFacts,
} from '../../src/domain/gate/guardrail.ts';
import { PolicyDocument } from '../../src/domain/gate/policy.document.ts';
import { policyOf } from './gate.story.ts';

const facts = (changes: Partial<DecisionFacts> = {}): DecisionFacts => ({
  stakes: 'medium',
  confidence: 0.8,
  reason_count: 2,
  quality: 0.9,
  ...changes,
});
const rule = (name: string, changes: Partial<Guardrail> = {}): Guardrail =>
  Guardrail.parse({ name, condition: { confidence_lt: 1 }, ...changes });

describe('the standard guardrails (N55)', () => {
  it.each([
    [{}, { allowed: true, blocked_by: [], warnings: [], needs_approval: [] }],
    [
      { stakes: 'high', confidence: 0.5 },
      { allowed: true, blocked_by: [] },
    ],
    [
      { stakes: 'high', confidence: 0.49 },
      { allowed: false, blocked_by: ['high-stakes-need-confidence'] },
    ],
    [{ stakes: 'critical' }, { allowed: false, blocked_by: [], needs_approval: ['critical-needs-agreement'] }],
    [
      { reason_count: 0, quality: 0.65 },
      { allowed: false, blocked_by: ['reasons-are-given'] },
    ],
    [{ quality: 0.5 }, { allowed: true }],
    [
      { reason_count: 0, quality: 0 },
      { allowed: false, blocked_by: ['reasons-are-given', 'well-founded'] },
    ],
  ] as const)('of %j say %j', (changes, said) => {
    expect(checkGuardrails(standardGuardrails, facts(changes))).toMatchObject(said);
  });

  it('are those of a policy that says nothing of guardrails, and of none that says it has none', () => {
    const { guardrails: _, ...silent } = policyOf().document;
    expect(PolicyDocument.parse(silent).guardrails).toEqual(standardGuardrails);
    expect(PolicyDocument.parse({ ...silent, guardrails: [] }).guardrails).toEqual([]);
  });
});

describe('guardrails', () => {
  it('are named by priority, and each says why it fired', () => {
    const late = rule('late', { priority: 200, condition: { stakes: 'medium', reason_count_lt: 3 } });
    const { warnings, fired } = checkGuardrails([late, rule('early', { priority: 1 })], facts());
    expect(warnings).toEqual(['early', 'late']);
    expect(fired.map(({ because }) => because)).toEqual([
      ['the confidence, 0.8, is below 1'],
      ['the stakes are medium', 'the number of reasons, 2, is below 3'],
    ]);
  });

  it('hold only where every condition does, and only while they are active (N51, N53)', () => {
    const both = rule('both', { condition: { stakes: 'medium', quality_lt: 0.5 } });
    expect(checkGuardrails([both], facts()).fired).toEqual([]);
    expect(checkGuardrails([both], facts({ quality: 0.4 })).warnings).toEqual(['both']);
    expect(checkGuardrails([{ ...both, active: false }], facts({ quality: 0.4 })).fired).toEqual([]);
  });

  it('that say nothing at all, or something unknown, are no guardrails', () => {
    expect(GuardrailCondition.safeParse({}).success).toBe(false);
    expect(GuardrailCondition.safeParse({ cost_lt: 3 }).success).toBe(false);
  });

  const anyRule = fc.record({
    severity: fc.constantFrom(...severities),
    confidence_lt: fc.double({ min: 0, max: 1, noNaN: true }),
    priority: fc.integer({ min: 0, max: 5 }),
    active: fc.boolean(),
  });
  it('allow nothing more because there are more of them, in any order', () => {
    fc.assert(
      fc.property(
        fc.array(anyRule, { maxLength: 8 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (given, confidence) => {
          const rules = given.map(({ confidence_lt, ...each }, index) =>
            rule(`r${index}`, { ...each, condition: { confidence_lt } }),
          );
          const all = checkGuardrails(rules, facts({ confidence }));
          const fewer = checkGuardrails(rules.slice(1), facts({ confidence }));
          expect(!all.allowed || fewer.allowed).toBe(true);
          const turned = checkGuardrails(rules.toReversed(), facts({ confidence }));
          expect(turned.blocked_by.toSorted()).toEqual(all.blocked_by.toSorted());
          const stopped = all.fired.some(({ severity }) => severity !== 'warn');
          expect(all.allowed).toBe(!stopped);
        },
      ),
    );
  });
});
