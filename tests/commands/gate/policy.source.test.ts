import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { locksOut } from '../../../src/commands/policies/lock-out.ts';
import { activationSpec } from '../../../src/commands/policies/policy.activation.ts';
import { policyOf as read } from '../../../src/commands/policies/policy.source.ts';
import { documentOf } from '../../../src/commands/policies/policy.written.ts';
import { authorize } from '../../../src/domain/gate/authorize.ts';
import type { PolicyDocument } from '../../../src/domain/gate/policy.document.ts';
import { isProblem } from '../../../src/domain/kernel/operation.ts';
import { policyOf, questionOf, ruleOf, specOf } from '../../gate/gate.story.ts';

const ours = policyOf({ rules: [ruleOf('all', { when: { principals: ['agent:*'] } })] }).document;

const document = (source: string): PolicyDocument => {
  const found = read(source);
  if (isProblem(found)) throw new Error(found.detail);
  return found;
};
const faults = (source: string): string => {
  const found = read(source);
  if (!isProblem(found)) throw new Error('it was taken');
  return found.detail ?? '';
};
/** What a policy says of somebody who wants something. */
const says = (
  source: string,
  type: 'agent' | 'user',
  capability_id: string,
  risk: 'low' | 'high' = 'low',
  roles: string[] = [],
) => {
  const principal = { type, id: 'iris', roles, permissions: [], chain: [] };
  const active = { document: document(source), version: 1, digest: 'sha256:00' };
  return authorize(questionOf({ principal, capability_id }), specOf({ capability_id, risk }), active).decision;
};

describe('a policy as it was written', () => {
  it('is the same as YAML and as JSON', () => {
    expect(document(JSON.stringify(ours))).toEqual(ours);
    expect(document(stringify(ours))).toEqual(ours);
  });
  it('names members that it does not know, wherever they are', () => {
    const rules = [{ ...ours.rules[0], when: { capabilty: ['io.fs.*'] } }];
    expect(faults(stringify({ ...ours, rules }))).toBe('#/rules/0/when/capabilty: there is no such field');
    expect(faults(stringify({ ...ours, strict: true }))).toBe('#/strict: there is no such field');
  });
  it('says of what is missing, or is of no use, what is said of it in a document', () => {
    const { name: _, ...nameless } = { ...ours, otherwise: 'maybe' };
    const found = read(stringify(nameless));
    expect(isProblem(found) && found.more?.['errors']).toEqual([
      { pointer: '#/name', code: 'missing', message: 'it is required' },
      { pointer: '#/otherwise', code: 'invalid_value', message: expect.stringContaining('"allow"') },
    ]);
  });
  it('refuses anchors, which could make little text into much', () => {
    const bomb = 'a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n';
    expect(faults(bomb)).toMatch(/alias/i);
    expect(faults('otherwise: &o deny\nname: *o\n')).toMatch(/alias/i);
  });
  it('refuses a member that is given twice, what is no YAML, and what is too long', () => {
    expect(faults('otherwise: deny\notherwise: allow\n')).toContain('unique');
    expect(faults('a: [')).toContain('#/source');
    expect(faults('x'.repeat(131_073))).toContain('131072');
  });
  it.each(['', '42', 'null', '[1]', '{}', '['.repeat(50_000)])('refuses what is no policy: %.20s', (source) => {
    expect(isProblem(read(source))).toBe(true);
  });
});

describe('an older format (W31)', () => {
  it('{principal, capabilities, action}', () => {
    const v1 = stringify({ rules: [{ principal: 'agent:*', capabilities: ['io.fs.*'], action: 'ALLOW' }] });
    expect(says(v1, 'agent', 'io.fs.read_file')).toBe('allow');
    expect(says(v1, 'user', 'io.fs.read_file')).toBe('deny');
    expect(says(v1, 'agent', 'net.http.get')).toBe('deny');
  });

  it('{when, principal, decision}, as the example has it (W32)', () => {
    const v2 = `
default: DENY
rules:
  - name: payments are not for agents
    when: { capability: payment.* }
    principal: "agent:*"
    decision: DENY
  - name: agents may read
    when: { capability: io.fs.read_file }
    principal: "agent:*"
    decision: ALLOW
  - name: deleting
    when: { capability: io.fs.delete, risk_level: HIGH }
    principal: "agent:*"
    decision: REQUIRE_APPROVAL
  - name: users
    principal: "user:*"
    decision: ALLOW
`;
    expect(says(v2, 'agent', 'payment.charge')).toBe('deny');
    expect(says(v2, 'agent', 'io.fs.read_file')).toBe('allow');
    expect(says(v2, 'agent', 'io.fs.delete', 'high')).toBe('require_approval');
    expect(says(v2, 'agent', 'io.fs.delete', 'low')).toBe('deny');
    expect(says(v2, 'user', 'payment.charge')).toBe('allow');
    expect(document(v2).rules.map(({ rule_id }) => rule_id)).toContain('payments-are-not-for-agents');
  });

  it('{principal, capability, risk_level, decision}, with a role', () => {
    const rules = [{ principal: 'role:ops', capability: 'io.*', risk_level: 'LOW', decision: 'allow', reason: 'ops' }];
    expect(says(stringify(rules), 'user', 'io.fs.read_file', 'low', ['ops'])).toBe('allow');
    expect(says(stringify(rules), 'user', 'io.fs.read_file', 'low', ['dev'])).toBe('deny');
    expect(says(stringify({ rules }), 'user', 'io.fs.read_file', 'high', ['ops'])).toBe('deny');
  });

  it('{policies: [{name, when, then}]}, as the grand test has it (W60)', () => {
    const policies = `
policies:
  - name: no-high
    when: { risk_level: [HIGH, CRITICAL] }
    then: { decision: DENY, reason: too risky }
`;
    expect(document(policies).rules[0]).toMatchObject({ rule_id: 'no-high', decision: 'deny', reason: 'too risky' });
    expect(says(policies, 'agent', 'io.fs.read_file', 'high')).toBe('deny');
    const open = `default: ALLOW${policies}`;
    expect(says(open, 'agent', 'io.fs.read_file', 'low')).toBe('allow');
  });

  it('says block, absolute and require_review in today’s words, and names a decision that nobody knows', () => {
    const of = (decision: string) => document(stringify({ rules: [{ decision }] })).rules[0]?.decision;
    expect([of('BLOCK'), of('absolute'), of('require_review')]).toEqual(['deny', 'deny', 'require_approval']);
    expect(faults(stringify({ rules: [{ decision: 'maybe' }] }))).toContain('#/rules/0/decision');
    expect(faults(stringify({ rules: [{ principal: 'agent:*' }] }))).toContain('#/rules/0/decision');
  });

  it('denies what nobody speaks of (W26)', () => {
    expect(document(stringify({ rules: [] })).otherwise).toBe('deny');
  });
});

describe('a policy that we show', () => {
  const shown = (file: string): string => readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
  it('can be drafted as it is printed', () => {
    const guide = shown('docs/guide/govern-what-agents-do.md');
    for (const source of [guide.split('```yaml\n')[1]?.split('```')[0], shown('examples/refund-desk/policy.yaml')])
      expect(documentOf({ source })).toMatchObject({ name: 'refund desk' });
  });
});

describe('a policy under which nobody could put another one in force', () => {
  const of = (changes: Partial<PolicyDocument>): boolean => locksOut(policyOf(changes), activationSpec);
  it('is refused', () => {
    expect(of({ rules: [] })).toBe(true);
    expect(of({ rules: [ruleOf('no', { decision: 'deny' }), ruleOf('all')] })).toBe(true);
    expect(of({ safe_mode: true, rules: [ruleOf('all')] })).toBe(true);
    expect(of({ capability_allowlist: ['io.*'], rules: [ruleOf('all')] })).toBe(true);
    const found = documentOf({ source: stringify({ ...ours, rules: [] }) });
    expect(isProblem(found) && found.code).toBe('validation_failed');
    expect(isProblem(found) && found.detail).toContain('add a rule for it that says require_approval');
  });
  it('is refused where only agents could, or whoever it names is denied first', () => {
    expect(of({ rules: [ruleOf('agents', { when: { principals: ['agent:*'] } })] })).toBe(true);
    const alice = ruleOf('alice', { when: { principals: ['user:alice'] } });
    expect(of({ rules: [ruleOf('no', { decision: 'deny', when: { principals: ['user:a*'] } }), alice] })).toBe(true);
    expect(of({ rules: [ruleOf('files', { when: { capabilities: ['io.*'] } })] })).toBe(true);
  });
  it('is taken where a person can, or an approval does', () => {
    expect(of({ rules: [ruleOf('users', { when: { principals: ['user:*'] } })] })).toBe(false);
    expect(of({ otherwise: 'require_approval' })).toBe(false);
    expect(of({ rules: [ruleOf('alice', { when: { principals: ['user:alice'] } })] })).toBe(false);
    expect(of({ rules: [ruleOf('keys', { when: { principals: ['user:key:*'], roles: ['ops'] } })] })).toBe(false);
    const there = ruleOf('there', { when: { environments: ['production'], scopes: ['live*'] } });
    expect(of({ scope_allowlist: null, rules: [there] })).toBe(false);
    const interns = ruleOf('interns', { decision: 'deny', when: { roles: ['intern'] } });
    expect(of({ rules: [interns, ruleOf('rest')] })).toBe(false);
    expect(documentOf({ document: { ...ours, otherwise: 'require_approval' } })).toMatchObject({ name: 'test' });
    expect(isProblem(documentOf({}))).toBe(true);
  });
});
