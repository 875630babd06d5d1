import { describe, expect, it } from 'vitest';
import { regexMatch } from '../../src/adapters/capabilities/text/regex.ts';
import { renderedCharsMax } from '../../src/adapters/capabilities/text/template.ts';
import { textCapabilities } from '../../src/adapters/capabilities/text/text.ts';
import { CapabilitySpec } from '../../src/domain/capability/capability.spec.ts';
import { riskViolations } from '../../src/domain/capability/risk.rules.ts';
import { called, named } from './calls.ts';

const capabilities = textCapabilities();
const match = named(capabilities, 'text.regex.match');
const render = named(capabilities, 'text.template.render');

describe('the capabilities of text', () => {
  it('obey the rules of risk', () => {
    expect(capabilities.map(({ spec }) => spec.capability_id)).toEqual(['text.regex.match', 'text.template.render']);
    for (const { spec } of capabilities) {
      expect(CapabilitySpec.parse(spec)).toEqual(spec);
      expect(riskViolations(spec)).toEqual([]);
    }
  });
});

describe('text.regex.match', () => {
  it('finds all matches with their groups', async () => {
    const args = { text: 'a1 B2', pattern: '(?<letter>[a-z])(\\d)(x)?', flags: 'i' };
    expect(await called(match, args)).toEqual({
      ok: true,
      result: {
        matches: [
          { match: 'a1', index: 0, groups: ['a', '1', null], named: { letter: 'a' } },
          { match: 'B2', index: 3, groups: ['B', '2', null], named: { letter: 'B' } },
        ],
        truncated: false,
      },
    });
    expect(await called(match, { text: 'aaa', pattern: 'b' })).toMatchObject({ result: { matches: [] } });
  });
  it('ends a catastrophic pattern, and says that trying again is no use', async () => {
    const catastrophe = { text: `${'a'.repeat(60)}!`, pattern: '^(a+)+$' };
    const outcome = await called(regexMatch(100), catastrophe);
    expect(outcome).toMatchObject({ ok: false, fault: 'timeout', retryable: false, happened: 'no' });
  });
  it('ends when it is wanted no more', async () => {
    const stop = new AbortController();
    const outcome = called(match, { text: `${'a'.repeat(60)}!`, pattern: '^(a+)+$' }, { signal: stop.signal });
    stop.abort();
    expect(await outcome).toMatchObject({ fault: 'timeout' });
  });
  it('cuts what would be too much', async () => {
    expect(await called(match, { text: 'aaa', pattern: 'a', max_matches: 2 })).toMatchObject({
      result: { matches: [{ index: 0 }, { index: 1 }], truncated: true },
    });
    expect(await called(match, { text: 'aa', pattern: 'a', max_matches: 2 })).toMatchObject({
      result: { truncated: false },
    });
    expect(await called(match, { text: 'a'.repeat(200_001), pattern: 'a+' })).toMatchObject({
      result: { matches: [], truncated: true },
    });
  });
  it('refuses a pattern that is none, and flags that are none', async () => {
    expect(await called(match, { text: 'a', pattern: '(' })).toMatchObject({ fault: 'invalid_arguments' });
    for (const flags of ['g', 'ii', 'y', 'x'])
      expect(match.accepts({ text: 'a', pattern: 'a', flags }), flags).toMatchObject({ ok: false });
  });
});

describe('text.template.render', () => {
  const rendered = (template: string, values: object, more: object = {}) =>
    called(render, { template, values, ...more });

  it('puts values in, and does not look at them again', async () => {
    expect(
      await rendered('Dear {{ who.name }}: {{n}}, {{list}}, {{nothing}}.', {
        who: { name: '{{n}}' },
        n: 3,
        list: [1],
        nothing: null,
      }),
    ).toEqual({ ok: true, result: { text: 'Dear {{n}}: 3, [1], .' } });
    expect(await rendered('no { placeholder }', {})).toMatchObject({ result: { text: 'no { placeholder }' } });
  });
  it('refuses a name without a value, unless asked to leave it empty', async () => {
    expect(await rendered('{{who}}', {})).toMatchObject({ fault: 'invalid_arguments' });
    expect(await rendered('<{{who.name}}>', { who: 1 }, { missing: 'empty' })).toMatchObject({
      result: { text: '<>' },
    });
  });
  it('reads nothing that all objects inherit, and runs nothing', async () => {
    for (const name of ['constructor', 'a.__proto__', 'toString', 'a.constructor.name'])
      expect(await rendered(`{{${name}}}`, { a: {} }), name).toMatchObject({ fault: 'invalid_arguments' });
    for (const name of ['1 + 1', '', '#if a', 'a..b', "a['b']"])
      expect(await rendered(`{{${name}}}`, { a: 1 }), name).toMatchObject({ fault: 'invalid_arguments' });
  });
  it('renders a million characters and not one more', async () => {
    const half = 'x'.repeat(renderedCharsMax / 2);
    expect(await rendered('{{a}}{{a}}', { a: half })).toMatchObject({ ok: true });
    expect(await rendered('{{a}}{{a}}.', { a: half })).toMatchObject({ fault: 'limit_exceeded' });
    expect(await rendered('{{a}}{{a}}{{a}}', { a: half })).toMatchObject({ fault: 'limit_exceeded' });
  });
});
