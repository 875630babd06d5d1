import { crashPoints } from '../../src/crash-points.ts';

const effects = ['dispatch', 'announce', 'judge', 'claim', 'invoke', 'intend_undo', 'undo'];

/** The places of the gate and of runs: the harness kills at each of them. */
export const gatePoints: readonly string[] = crashPoints.filter((point) =>
  effects.some((effect) => point.startsWith('effect.') && point.endsWith(`.${effect}`)),
);

/** Other places that a node with work under way comes by. */
export const otherPoints: readonly string[] = crashPoints.filter((point) => /^(?:log|follow|projection)\./.test(point));
