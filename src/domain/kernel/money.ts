/** Money in millionths of a unit of its currency: 2.50 USD is 2_500_000 micro-units (amendment C38). */
export interface Money {
  readonly micros: number;
  readonly currency: string;
}

/** How money is said on the wire: a decimal string and an ISO 4217 code. */
export interface Amount {
  readonly amount: string;
  readonly currency: string;
}

const microsPerUnit = 1_000_000;
const decimal = /^(-?)(\d{1,9})(?:\.(\d{1,6}))?$/;

export const usd = (micros: number): Money => ({ micros, currency: 'USD' });

/** Adds amounts of one currency; a mixture is a bug, and throws, as does a sum outside the safe integers. */
export const sum = (first: Money, ...others: readonly Money[]): Money => {
  let micros = 0;
  for (const { micros: more, currency } of [first, ...others]) {
    if (currency !== first.currency) throw new Error(`${first.currency} and ${currency} do not add`);
    micros += more;
    if (!Number.isSafeInteger(more) || !Number.isSafeInteger(micros))
      throw new RangeError('an amount of money must be a safe integer of micro-units');
  }
  return { micros, currency: first.currency };
};

/** `{ micros: 2_500_000 }` becomes `2.50`: at least two decimals, at most six, no rounding. */
export const amountOf = ({ micros, currency }: Money): Amount => {
  const digits = Math.abs(micros).toString().padStart(7, '0');
  const fraction = digits.slice(-6).replace(/0{1,4}$/, '');
  return { amount: `${micros < 0 ? '-' : ''}${digits.slice(0, -6)}.${fraction}`, currency };
};

/** Reads a decimal string of at most nine digits before the point and six after; anything else is undefined. */
export const moneyOf = ({ amount, currency }: Amount): Money | undefined => {
  const [, sign = '', units = '', fraction = ''] = decimal.exec(amount) ?? [];
  if (units === '') return undefined;
  const micros = Number(units) * microsPerUnit + Number(fraction.padEnd(6, '0'));
  // Zero has no sign: `-0.00` is 0, not -0.
  return { micros: sign === '-' ? 0 - micros : micros, currency };
};
