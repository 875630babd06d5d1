import { setImmediate as letOthers } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { simulated } from '../../../src/commands/policies/simulate.ts';
import { policyOf as read } from '../../../src/commands/policies/policy.source.ts';
import { authorize } from '../../../src/domain/gate/authorize.ts';
import { isProblem } from '../../../src/domain/kernel/operation.ts';
import { policyOf, questionOf, ruleOf, specOf } from '../../gate/gate.story.ts';

const charsMax = 131_072;
const filled = (unit: string): string => unit.repeat(Math.floor(charsMax / unit.length));
const names = Array.from({ length: 18_000 }, (_, n) => `${n}:`);

const conditions = Array.from({ length: 20 }, () => ({ path: 'a', is: 'equal_to' as const, value: 1 }));
const rules = Array.from({ length: 500 }, (_, n) => ruleOf(`rule-${n}`, { when: { arguments: conditions } }));
const largest = policyOf({ rules });

describe('a policy that is written to be hard to read', () => {
  it('is refused, or read, before anybody else has to wait for long', () => {
    const hard = [`[${filled(',').slice(2)}]`, filled('&a '), names.join('\n'), `{${names.join(',')}}`, filled(']')];
    expect(hard.map((source) => isProblem(read(source)))).toEqual(hard.map(() => true));
  });

  it('does not fill the journal', () => {
    const warned = vi.spyOn(process, 'emitWarning');
    expect(isProblem(read(filled('%\n')))).toBe(true);
    expect(warned).not.toHaveBeenCalled();
    warned.mockRestore();
  });

  it('says where the first fault is, and which name is there twice', () => {
    expect(read('rules: []\n  default: deny')).toMatchObject({
      detail: expect.stringMatching(/at line \d+, column \d+/),
    });
    expect(read('rules: []\nrules: []')).toMatchObject({ detail: '#/source: Map keys must be unique' });
    expect(read('rules: []\n"1": a\n1: b')).toMatchObject({ detail: '#/source: Map keys must be unique' });
  });
});

describe('the largest policy', () => {
  it('writes down what it looked at only where it is shown', () => {
    let written = 0;
    const a = { toJSON: () => (written += 1) };
    authorize(questionOf({ args: { a } }), specOf({}), largest);
    expect(written).toBe(0);
  });

  it('is tried question by question, and others have their turn in between', async () => {
    const find = () => Promise.resolve({ spec: specOf({}), standing: 'enabled', code: undefined });
    const registry = { find, code: () => undefined, ids: () => [] };
    const trying = simulated(
      registry,
      largest,
      largest,
      Array.from({ length: 20 }, () => questionOf()),
    );
    let [turns, over] = [0, false];
    void trying.then(() => (over = true));
    for (; !over; turns += 1) await letOthers();
    expect(turns).toBeGreaterThan(10);
  });
});
