import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { riskViolations } from '../../src/domain/capability/risk.rules.ts';
import { CapabilitySpec, riskLevels } from '../../src/domain/capability/capability.spec.ts';
import { specOf } from './gate.story.ts';

const rulesOf = (...changes: Parameters<typeof specOf>) => riskViolations(specOf(...changes)).map(({ rule }) => rule);

describe('the risk rules', () => {
  it('call what cannot be reversed high or critical (W7)', () => {
    const irreversible = { reversible: false };
    expect(rulesOf({ risk: 'medium', ...irreversible })).toEqual(['irreversible_is_high']);
    expect(rulesOf({ risk: 'high', ...irreversible })).toEqual([]);
  });

  it('call deleting high or critical (W8)', () => {
    expect(rulesOf({ operation: 'delete', risk: 'medium' })).toEqual(['delete_is_high']);
    expect(rulesOf({ operation: 'delete', risk: 'high' })).toEqual([]);
  });

  it('call what can be neither reversed nor compensated critical, and nothing less (W9)', () => {
    const beyond = { reversible: false, compensated: false };
    expect(rulesOf({ risk: 'high', ...beyond })).toEqual(['beyond_undoing_is_critical']);
    expect(rulesOf({ risk: 'low', ...beyond })).toEqual(['irreversible_is_high', 'beyond_undoing_is_critical']);
    expect(rulesOf({ risk: 'critical', ...beyond })).toEqual([]);
  });

  it('name every rule that is broken, with the level that was found (W10)', () => {
    const broken = riskViolations(specOf({ operation: 'delete', risk: 'low', reversible: false, compensated: false }));
    expect(broken).toHaveLength(3);
    for (const { message } of broken) expect(message).toContain('not low');
  });

  it('refuse a strategy for what is said not to be supported, and none for what is', () => {
    const spec = specOf({});
    const of = (supported: boolean, strategy: 'automatic' | 'none') =>
      riskViolations({ ...spec, compensation: { supported, strategy, capability_id: null } }).map(({ rule }) => rule);
    expect(of(true, 'none')).toEqual(['compensation_contradicts']);
    expect(of(false, 'automatic')).toEqual(['compensation_contradicts']);
    expect(of(false, 'none')).toEqual([]);
  });

  it('are never broken by more risk', () => {
    const operation = fc.constantFrom('read', 'write', 'delete', 'execute', 'network' as const);
    fc.assert(
      fc.property(operation, fc.boolean(), fc.boolean(), fc.nat(2), (op, reversible, compensated, level) => {
        const at = (index: number) => rulesOf({ operation: op, reversible, compensated, risk: riskLevels[index]! });
        expect(at(level + 1).every((rule) => at(level).includes(rule))).toBe(true);
      }),
    );
  });
});

describe('a spec', () => {
  const spec = specOf({});
  it.each([
    ['an id with capitals', { ...spec, capability_id: 'io.FS' }],
    ['an id that ends with a dot', { ...spec, capability_id: 'io.' }],
    ['a field nobody knows', { ...spec, handler: 'x' }],
    ['a time limit of none', { ...spec, timeout_ms: 0 }],
    ['a cost in fractions', { ...spec, cost_micros: 0.5 }],
    ['no justification of its risk', { ...spec, risk: { level: 'low', justification: '' } }],
    ['a schema without bounds', { ...spec, parameters: { description: 'x'.repeat(70_000) } }],
  ])('is refused with %s', (_, wrong) => {
    expect(CapabilitySpec.safeParse(wrong).success).toBe(false);
  });
  it('is taken as it is otherwise', () => {
    expect(CapabilitySpec.parse(spec)).toEqual(spec);
  });
});
