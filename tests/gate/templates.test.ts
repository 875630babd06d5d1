import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filled, hasTemplates, valueAt } from '../../src/domain/gate/templates.ts';

const known = { a: { n: 3, list: [{ id: 'x' }], none: null, text: '{{a.n}}' }, 'b-1': true };

describe('templates (W49, A32)', () => {
  it.each<[unknown, unknown]>([
    ['{{a.n}}', 3],
    ['{{ a.n }}', 3],
    ['{{a.list}}', [{ id: 'x' }]],
    ['{{a.list.0.id}}', 'x'],
    ['{{a.none}}', null],
    ['{{b-1}}', true],
    ['n={{a.n}}, {{a.list}}', 'n=3, [{"id":"x"}]'],
    ['none={{a.none}}', 'none=null'],
    ['{{c.n}}', '{{c.n}}'],
    ['{{a.missing}} and {{a.n}}', '{{a.missing}} and 3'],
    ['{{a.constructor}}', '{{a.constructor}}'],
    ['{{__proto__.x}}', '{{__proto__.x}}'],
    ['{{a.n', '{{a.n'],
    [{ deep: [{ er: '{{a.n}}' }] }, { deep: [{ er: 3 }] }],
    [
      [1, null, true],
      [1, null, true],
    ],
  ])('make of %j: %j', (value, outcome) => {
    expect(filled(value, known)).toEqual(outcome);
  });

  it('are not looked for in what was filled in', () => {
    expect(filled('{{a.text}}', known)).toBe('{{a.n}}');
    expect(filled('<{{a.text}}>', known)).toBe('<{{a.n}}>');
  });

  it('leave what has none as it is, and are found wherever they are', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        if (!hasTemplates(value)) expect(JSON.stringify(filled(value, known))).toBe(JSON.stringify(value));
        expect(hasTemplates({ deep: [value, 'x {{a.n}}'] })).toBe(true);
      }),
    );
  });

  it('do not name members: a key with braces stays', () => {
    expect(filled({ '{{a.n}}': 1 }, known)).toEqual({ '{{a.n}}': 1 });
    expect(valueAt(known, 'a.list.1')).toBeUndefined();
  });
});
