import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dataCapabilities, jsonCharsMax, jsonDepthMax } from '../../src/adapters/capabilities/data/data.ts';
import { CapabilitySpec } from '../../src/domain/capability/capability.spec.ts';
import { riskViolations } from '../../src/domain/capability/risk.rules.ts';
import { called, named } from './calls.ts';

const capabilities = dataCapabilities();
const parse = named(capabilities, 'data.json.parse');
const stringify = named(capabilities, 'data.json.stringify');
const get = named(capabilities, 'data.json.get');
const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

describe('the capabilities of data', () => {
  it('obey the rules of risk', () => {
    expect(capabilities).toHaveLength(3);
    for (const { spec } of capabilities) {
      expect(CapabilitySpec.parse(spec)).toEqual(spec);
      expect(riskViolations(spec)).toEqual([]);
    }
  });
  it('parse what they wrote', async () => {
    const json = fc
      .jsonValue({ maxDepth: 5, stringUnit: 'grapheme' })
      .filter((v) => !JSON.stringify(v).includes('__proto__'));
    await fc.assert(
      fc.asyncProperty(json, fc.boolean(), async (value, sorted) => {
        const written = await called(stringify, { value, sorted });
        const { text } = (written as { result: { text: string } }).result;
        expect(await called(parse, { text })).toEqual({
          ok: true,
          result: { value: JSON.parse(JSON.stringify(value)) },
        });
      }),
      { numRuns: 100 },
    );
  });
});

describe('data.json.parse', () => {
  it('refuses what is no JSON', async () => {
    for (const text of ['', '{', 'undefined', "{'a':1}"])
      expect(await called(parse, { text }), text).toMatchObject({ fault: 'invalid_arguments' });
  });
  it('refuses a member that would change what all objects inherit, however it is spelled', async () => {
    for (const text of ['{"a":{"__proto__":{"x":1}}}', '{"\\u005f_proto__":1}'])
      expect(await called(parse, { text })).toMatchObject({ fault: 'invalid_arguments' });
    expect(await called(parse, { text: '"__proto__"' })).toMatchObject({ ok: true });
  });
  it('takes so many levels and characters and not one more', async () => {
    expect(await called(parse, { text: deep(jsonDepthMax) })).toMatchObject({ ok: true });
    expect(await called(parse, { text: deep(jsonDepthMax + 1) })).toMatchObject({ fault: 'limit_exceeded' });
    expect(parse.accepts({ text: ' '.repeat(jsonCharsMax) })).toMatchObject({ ok: true });
    expect(parse.accepts({ text: ' '.repeat(jsonCharsMax + 1) })).toMatchObject({ ok: false });
  });
});

describe('data.json.stringify', () => {
  it('indents, and sorts where asked to', async () => {
    expect(await called(stringify, { value: { b: 1, a: [2] } })).toMatchObject({ result: { text: '{"b":1,"a":[2]}' } });
    expect(await called(stringify, { value: { b: 1, a: 2 }, sorted: true })).toMatchObject({
      result: { text: '{"a":2,"b":1}' },
    });
    expect(await called(stringify, { value: [1], indent: 2 })).toMatchObject({ result: { text: '[\n  1\n]' } });
  });
  it('refuses nothing, what JSON cannot say, and what is too deep or too long', async () => {
    expect(await called(stringify, {})).toMatchObject({ ok: false, fault: 'invalid_arguments' });
    expect(await called(stringify, { value: '\ud800' })).toMatchObject({ fault: 'invalid_arguments' });
    expect(await called(stringify, { value: JSON.parse(deep(jsonDepthMax + 1)) })).toMatchObject({
      fault: 'limit_exceeded',
    });
    expect(await called(stringify, { value: 'x'.repeat(jsonCharsMax) })).toMatchObject({ fault: 'limit_exceeded' });
  });
});

describe('data.json.get', () => {
  const value = { items: [{ name: 'a' }, null], 'x/y~z': 1, '': 2 };
  it('follows a pointer', async () => {
    for (const [pointer, found] of [
      ['', value],
      ['/items/0/name', 'a'],
      ['/items/1', null],
      ['/x~1y~0z', 1],
      ['/', 2],
    ] as const)
      expect(await called(get, { value, pointer }), pointer).toEqual({
        ok: true,
        result: { found: true, value: found },
      });
  });
  it('says where there is nothing', async () => {
    for (const pointer of [
      '/items/2',
      '/items/-',
      '/items/01',
      '/items/length',
      '/none/x',
      '/constructor',
      '/items/1/x',
    ])
      expect(await called(get, { value, pointer }), pointer).toEqual({
        ok: true,
        result: { found: false, value: null },
      });
  });
  it('refuses what is no pointer', async () => {
    for (const pointer of ['items', '/a~2', '/~'])
      expect(await called(get, { value, pointer }), pointer).toMatchObject({ fault: 'invalid_arguments' });
  });
});
