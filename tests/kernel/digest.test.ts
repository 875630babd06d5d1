import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonical, digest, sha256 } from '../../src/domain/kernel/digest.ts';

const double = (bits: string): number => Buffer.from(bits, 'hex').readDoubleBE();

/** RFC 8785, appendix B: IEEE-754 bits, and how the number is written. */
const numbers = [
  ['0000000000000000', '0'],
  ['8000000000000000', '0'],
  ['0000000000000001', '5e-324'],
  ['8000000000000001', '-5e-324'],
  ['7fefffffffffffff', '1.7976931348623157e+308'],
  ['4340000000000000', '9007199254740992'],
  ['c340000000000000', '-9007199254740992'],
  ['4430000000000000', '295147905179352830000'],
  ['44b52d02c7e14af5', '9.999999999999997e+22'],
  ['44b52d02c7e14af6', '1e+23'],
  ['44b52d02c7e14af7', '1.0000000000000001e+23'],
  ['444b1ae4d6e2ef4e', '999999999999999700000'],
  ['444b1ae4d6e2ef4f', '999999999999999900000'],
  ['444b1ae4d6e2ef50', '1e+21'],
  ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
  ['3eb0c6f7a0b5ed8d', '0.000001'],
  ['41b3de4355555553', '333333333.3333332'],
  ['41b3de4355555554', '333333333.33333325'],
  ['41b3de4355555555', '333333333.3333333'],
  ['41b3de4355555556', '333333333.3333334'],
  ['41b3de4355555557', '333333333.33333343'],
  ['becbf647612f3696', '-0.0000033333333333333333'],
  ['43143ff3c1cb0959', '1424953923781206.2'],
] as const;

const shuffled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shuffled);
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value).toReversed();
  return Object.fromEntries(members.map(([name, member]) => [name, shuffled(member)]));
};

describe('canonical JSON', () => {
  it.each(numbers)('writes the number %s as RFC 8785 does: %s', (bits, text) => {
    expect(canonical(double(bits))).toBe(text);
  });
  it('writes the example of RFC 8785, 3.2.2', () => {
    const example: unknown = JSON.parse(
      String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],` +
        String.raw`"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`,
    );
    expect(canonical(example)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        String.raw`"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });
  it('sorts members by UTF-16 code units, as RFC 8785, 3.2.3 does', () => {
    const members = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    expect(canonical(members)).toBe('{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}');
  });
  it.each([
    ['NaN', Number.NaN],
    ['an infinity', Number.POSITIVE_INFINITY],
    ['half a surrogate pair', '\ud800'],
    ['half a surrogate pair as a name', { '\udead': 1 }],
    ['a function', () => 1],
    ['a bigint', 1n],
    ['nothing', undefined],
    ['a date', new Date(0)],
    ['a map', new Map([['a', 1]])],
  ])('has no word for %s', (_, value) => {
    expect(() => canonical(value)).toThrow(TypeError);
    expect(() => canonical({ within: [value ?? Number.NaN] })).toThrow(TypeError);
  });
  it('leaves out members that are undefined, and keeps the places of a list', () => {
    const holes: unknown[] = [1, undefined];
    holes[3] = 4;
    expect(canonical({ a: undefined, b: holes })).toBe('{"b":[1,null,null,4]}');
  });
  it('is at most 64 deep', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 0 : [nested(depth - 1)]);
    expect(canonical(nested(64))).toHaveLength(129);
    expect(() => canonical(nested(65))).toThrow(RangeError);
  });
  it('says the same value the same way, however its members are ordered, and JSON reads it back', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonical(value);
        expect(canonical(shuffled(value))).toBe(text);
        expect(canonical(JSON.parse(text))).toBe(text);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('a digest', () => {
  it('names a value by the SHA-256 of its canonical form', () => {
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(digest({ b: 1, a: [] })).toBe(`sha256:${sha256('{"a":[],"b":1}')}`);
  });
  it('differs where a value differs', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(digest(a) === digest(b)).toBe(canonical(a) === canonical(b));
      }),
    );
  });
});
