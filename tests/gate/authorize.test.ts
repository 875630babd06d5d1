import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { authorize } from '../../src/domain/gate/authorize.ts';
import { riskLevels } from '../../src/domain/capability/capability.spec.ts';
import { decisions, type ArgumentCondition, type RuleConditions } from '../../src/domain/gate/policy.document.ts';
import { stricter, Verdict } from '../../src/domain/gate/verdict.ts';
import { policyOf, questionOf, ruleOf, specOf, terms } from './gate.story.ts';

const spec = specOf({});
const decide = (policy: Parameters<typeof policyOf>[0], question = questionOf(), of: typeof spec | undefined = spec) =>
  authorize(question, of, policyOf(policy));

describe('the gate', () => {
  it('denies what no rule speaks of (W26)', () => {
    const verdict = decide({});
    expect(verdict).toMatchObject({ decision: 'deny', basis: 'otherwise', rule: null });
  });

  it('lets the first rule that matches decide (W25)', () => {
    const rules = [
      ruleOf('elsewhere', { when: { environments: ['production'] }, decision: 'deny' }),
      ruleOf('yes', { when: { capabilities: ['io.fs.*'] } }),
      ruleOf('no', { decision: 'deny' }),
    ];
    expect(decide({ rules })).toMatchObject({ decision: 'allow', basis: 'rule', rule: { rule_id: 'yes' } });
  });

  it.each([
    ['high', 'allow', 'require_approval', 'risk'],
    ['critical', 'warn', 'require_approval', 'risk'],
    ['critical', 'deny', 'deny', 'rule'],
    ['medium', 'warn', 'warn', 'rule'],
  ] as const)('at %s risk makes of %s: %s (C11)', (risk, decision, outcome, basis) => {
    const verdict = decide({ rules: [ruleOf('one', { decision })] }, questionOf(), specOf({ risk }));
    expect(verdict).toMatchObject({ decision: outcome, basis, rule: { decision } });
  });

  it('does not let a high risk pass on an allow that no rule gave', () => {
    expect(decide({ otherwise: 'allow' }, questionOf(), specOf({ risk: 'high' }))).toMatchObject({
      decision: 'require_approval',
      basis: 'risk',
    });
  });

  it('takes the risk from the registry: stakes raise it and never lower it (C10, W70)', () => {
    const rules = [ruleOf('one')];
    expect(decide({ rules }, questionOf({ stakes: 'critical' })).decision).toBe('require_approval');
    expect(decide({ rules }, questionOf({ stakes: 'low' }), specOf({ risk: 'high' }))).toMatchObject({
      decision: 'require_approval',
      risk_level: 'high',
    });
  });

  it('holds what nobody registered for high risk, and denies it whatever the rules say (W29)', () => {
    const verdict = authorize(questionOf(), undefined, policyOf({ rules: [ruleOf('all')], otherwise: 'allow' }));
    expect(verdict).toMatchObject({ decision: 'deny', basis: 'check', risk_level: 'high' });
    expect(verdict.reason).toContain('not registered');
  });

  it.each([
    ['budget_ceiling', { budget_ceiling_micros: 10 }, questionOf({ budget_micros: 11 })],
    ['budget_ceiling', {}, questionOf({ budget_micros: 'unreadable' })],
    ['capability_allowlist', { capability_allowlist: ['io.net.*'] }, questionOf()],
    ['scope_allowlist', {}, questionOf({ scope: 'production' })],
    ['safe_mode', { safe_mode: true }, questionOf()],
  ] as const)(
    'makes every static check, and blocks where %s fails, whatever a rule allows',
    (check, changes, asked) => {
      const verdict = decide({ ...structuredClone(changes), rules: [ruleOf('all')] } as never, asked);
      expect(verdict).toMatchObject({ decision: 'deny', basis: 'check', rule: { rule_id: 'all' } });
      expect(verdict.checks.filter(({ passed }) => !passed).map((one) => one.check)).toEqual([check]);
      expect(verdict.checks).toHaveLength(6);
      expect(verdict.would_allow[0]).toContain(check);
    },
  );

  it('asks for the permissions that a capability names', () => {
    const guarded = specOf({ permissions: ['runs:write', 'files:write'] });
    const verdict = decide({ rules: [ruleOf('all')] }, questionOf(), guarded);
    expect(verdict.reason).toBe('permissions: missing: files:write');
  });

  it('in safe mode still reads', () => {
    const reading = specOf({ operation: 'read', effect_class: 'read', risk: 'low' });
    expect(decide({ safe_mode: true, rules: [ruleOf('all')] }, questionOf(), reading).decision).toBe('allow');
  });

  it('names the terms of an approval: the rule’s own, or the policy’s', () => {
    const four = { ...terms, quorum: 2, roles: ['treasurer'] };
    const asking = ruleOf('ask', { decision: 'require_approval', approval: four });
    expect(decide({ rules: [asking] })).toMatchObject({ decision: 'require_approval', approval: four });
    expect(decide({ rules: [ruleOf('ask', { decision: 'require_approval' })] }).approval).toEqual(terms);
    expect(decide({ rules: [ruleOf('ok')] }).approval).toBeNull();
  });

  it('says which rules were passed over for one condition only, and what would allow', () => {
    const rules = [
      ruleOf('far', { when: { environments: ['production'], roles: ['chief'] } }),
      ruleOf('near', { when: { capabilities: ['io.fs.*'], roles: ['chief'] } }),
    ];
    const verdict = decide({ rules });
    expect(verdict.near_misses).toEqual([
      { rule_id: 'near', decision: 'allow', missed: { fact: 'roles', value: '["clerk"]', wanted: '["chief"]' } },
    ]);
    expect(verdict.would_allow).toEqual(['roles being ["chief"], by the rule near']);
  });

  it('cites the policy by name, version and digest, and what of the question its rule matched', () => {
    const verdict = decide({ rules: [ruleOf('r', { when: { principals: ['agent:*'] } })] });
    expect(verdict.policy).toEqual({ name: 'test', version: 3, digest: 'sha256:00' });
    expect(verdict.matched).toEqual([{ fact: 'principal', value: '"agent:iris"', wanted: '["agent:*"]' }]);
    expect(Verdict.parse(verdict)).toEqual(verdict);
  });
});

const matches = (when: RuleConditions): boolean => decide({ rules: [ruleOf('r', { when })] }).rule !== null;

describe('a condition', () => {
  it.each<[RuleConditions, boolean]>([
    [{ principals: ['*'] }, true],
    [{ principals: ['user:*'] }, false],
    [{ principals: ['agent:iri'] }, false],
    [{ capabilities: ['io.net.*', 'io.fs.write_file'] }, true],
    [{ operations: ['read', 'write'] }, true],
    [{ operations: ['delete'] }, false],
    [{ risk_levels: ['low'] }, false],
    [{ scopes: ['te*'] }, true],
    [{ roles: ['clerk', 'chief'], environments: ['development'] }, true],
    [{ roles: ['clerk'], environments: ['production'] }, false],
  ])('%j holds: %s', (when, holds) => {
    expect(matches(when)).toBe(holds);
  });

  it.each<[ArgumentCondition, boolean]>([
    [{ path: 'path', is: 'like', value: ['notes/*'] }, true],
    [{ path: 'path', is: 'like', value: ['etc/*'] }, false],
    [{ path: 'bytes', is: 'at_most', value: 12 }, true],
    [{ path: 'bytes', is: 'at_least', value: 13 }, false],
    [{ path: 'order.lines.0.amount', is: 'equal_to', value: 5 }, true],
    [{ path: 'order.lines.1.amount', is: 'other_than', value: 5 }, false],
    [{ path: 'order.lines.1', is: 'absent' }, true],
    [{ path: 'bytes', is: 'present' }, true],
    [{ path: 'bytes', is: 'one_of', value: ['12', 12] }, true],
    [{ path: 'path.length', is: 'present' }, false],
    [{ path: '__proto__', is: 'present' }, false],
    [{ path: 'constructor', is: 'present' }, false],
  ])('%j of an argument holds: %s', (condition, holds) => {
    expect(matches({ arguments: [condition] })).toBe(holds);
  });
});

describe('for any policy and question, the gate', () => {
  const conditions: fc.Arbitrary<RuleConditions> = fc.record(
    {
      principals: fc.constantFrom(['*'], ['agent:*'], ['user:*']),
      capabilities: fc.constantFrom(['io.*'], ['io.fs.write_file'], ['net.*']),
      environments: fc.constantFrom(['development'], ['production']),
      risk_levels: fc.subarray([...riskLevels], { minLength: 1 }),
    },
    { requiredKeys: [] },
  );
  const rules = fc
    .array(fc.tuple(conditions, fc.constantFrom(...decisions)), { maxLength: 8 })
    .map((list) => list.map(([when, decision], n) => ruleOf(`r${n}`, { when, decision })));
  const policy = fc.record({
    rules,
    otherwise: fc.constantFrom('allow', 'deny', 'require_approval' as const),
    safe_mode: fc.boolean(),
    scope_allowlist: fc.constantFrom<string[] | null>(null, ['test'], ['staging']),
  });
  const risk = fc.constantFrom(...riskLevels);

  it('answers the same to the same, and lets nothing of high risk pass without a person', () => {
    fc.assert(
      fc.property(policy, risk, (changes, level) => {
        const once = decide(changes, questionOf(), specOf({ risk: level }));
        expect(decide(changes, questionOf(), specOf({ risk: level }))).toEqual(once);
        if (level === 'high' || level === 'critical') expect(['require_approval', 'deny']).toContain(once.decision);
        if (once.checks.some(({ passed }) => !passed)) expect(once.decision).toBe('deny');
        expect(Verdict.safeParse(once).success).toBe(true);
      }),
    );
  });

  it('is never made milder by more stakes', () => {
    fc.assert(
      fc.property(policy, risk, (changes, stakes) => {
        // Rules that name a level may say what they like of it; the ones that do not must not be fooled.
        const blind = {
          ...changes,
          rules: changes.rules.map((rule) => ({ ...rule, when: { ...rule.when, risk_levels: undefined } })),
        };
        const before = decide(blind).decision;
        const after = decide(blind, questionOf({ stakes })).decision;
        expect(stricter(before, after)).toBe(after);
      }),
    );
  });
});
