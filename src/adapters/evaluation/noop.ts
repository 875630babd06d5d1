import type { Evaluation } from '../../ports.evaluation.ts';

/** The default: nobody looks (requirements D110). */
export const noopEvaluation = (): Evaluation => ({
  provider: 'noop',
  logTrace: () => Promise.resolve(),
  score: () => Promise.resolve({ score: null, dimensions: {}, metadata: {} }),
});
