export interface Tally {
  readonly successes: number;
  readonly failures: number;
}

/**
 * How likely a procedure is to work the next time, 0 to 1, by Laplace's rule of succession: (s+1)/(s+f+2), so that a new one
 * stands at one half and a single success is not taken for certainty (requirements N84; decision 0017). `success_share` is
 * the share as it was counted, null where nothing was.
 */
export const effectivenessOf = ({ successes, failures }: Tally) => ({
  effectiveness: (successes + 1) / (successes + failures + 2),
  success_share: successes + failures === 0 ? null : successes / (successes + failures),
});
