import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amountOf, moneyOf, sum, usd } from '../../src/domain/kernel/money.ts';

const microsMax = 999_999_999_999_999;
const amounts = fc.integer({ min: -microsMax, max: microsMax });

describe('money', () => {
  it.each([
    [0, '0.00'],
    [1, '0.000001'],
    [-1, '-0.000001'],
    [2_500_000, '2.50'],
    [10, '0.00001'],
    [1_230_000, '1.23'],
    [-123_456_789, '-123.456789'],
    [microsMax, '999999999.999999'],
  ])('of %i micro-units is written %s', (micros, amount) => {
    expect(amountOf(usd(micros))).toEqual({ amount, currency: 'USD' });
  });
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(amounts, (micros) => {
        expect(moneyOf(amountOf(usd(micros)))).toEqual(usd(micros));
      }),
    );
  });
  it('is written with two to six decimals', () => {
    fc.assert(
      fc.property(amounts, (micros) => {
        expect(amountOf(usd(micros)).amount).toMatch(/^-?\d+\.\d{2,6}$/);
      }),
    );
  });
  it('may be written shorter than we write it, and zero has no sign', () => {
    for (const [amount, micros] of [
      ['7', 7_000_000],
      ['7.5', 7_500_000],
      ['-0.00', 0],
      ['-0', 0],
    ] as const)
      expect(moneyOf({ amount, currency: 'EUR' })).toEqual({ micros, currency: 'EUR' });
  });
  it.each(['', '.5', '1.', '1,50', '1e3', '+1', ' 1', '1.0000001', '1234567890', '0x1', 'NaN', '١'])(
    'is not read from %j',
    (amount) => {
      expect(moneyOf({ amount, currency: 'USD' })).toBeUndefined();
    },
  );
  it('adds up whatever the order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1_000_000, max: 1_000_000 })), (all) => {
        const total = all.reduce((a, b) => a + b, 0);
        expect(sum(usd(0), ...all.map(usd))).toEqual(usd(total));
        expect(sum(usd(0), ...all.toReversed().map(usd))).toEqual(usd(total));
      }),
    );
  });
  it('does not add up across currencies, nor beyond what a number holds exactly', () => {
    expect(() => sum(usd(1), { micros: 1, currency: 'EUR' })).toThrow('do not add');
    expect(() => sum(usd(Number.MAX_SAFE_INTEGER), usd(1))).toThrow(RangeError);
    expect(() => sum(usd(Number.MAX_SAFE_INTEGER), usd(2), usd(-2))).toThrow(RangeError);
    expect(() => sum(usd(0.5), usd(0.5))).toThrow(RangeError);
  });
});
