/** Chance that falls the same way every time for a seed (sfc32). Whatever a simulation leaves to chance comes from one of these. */
export interface Chance {
  /** In [0, 1). */
  readonly next: () => number;
  /** A whole number in [0, end). */
  readonly below: (end: number) => number;
  readonly between: (least: number, most: number) => number;
  readonly happens: (probability: number) => boolean;
  readonly pick: <T>(choices: readonly T[]) => T;
  readonly some: <T>(choices: readonly T[], probability: number) => readonly T[];
  /** A UUID of version 7 in form, so that ids pass every schema; its bits are chance's alone. */
  readonly id: () => string;
}

const mixed = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mix = state ^ (state >>> 16);
    mix = Math.imul(mix, 0x21f0aaad);
    mix ^= mix >>> 15;
    mix = Math.imul(mix, 0x735a2d97);
    return (mix ^ (mix >>> 15)) >>> 0;
  };
};

const word = (number: number): string => number.toString(16).padStart(8, '0');

export const chance = (seed: number): Chance => {
  const mix = mixed(seed);
  let [a, b, c, d] = [mix(), mix(), mix(), mix()];
  const bits = (): number => {
    const sum = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 12; round += 1) bits();
  const next = (): number => bits() / 2 ** 32;
  const below = (end: number): number => Math.floor(next() * end);
  return {
    next,
    below,
    between: (least, most) => least + below(most - least + 1),
    happens: (probability) => probability > 0 && next() < probability,
    pick: (choices) => {
      const picked = choices[below(choices.length)];
      if (picked === undefined) throw new Error('there is nothing to pick from');
      return picked;
    },
    some: (choices, probability) => choices.filter(() => next() < probability),
    id: () => {
      const hex = word(bits()) + word(bits()) + word(bits()) + word(bits());
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
    },
  };
};
