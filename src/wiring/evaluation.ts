import { braintrustEvaluation } from '../adapters/evaluation/braintrust.ts';
import { noopEvaluation } from '../adapters/evaluation/noop.ts';
import { observe } from '../commands/evaluation/observe.ts';
import type { Engine } from '../commands/execute.ts';
import type { Config } from '../config.ts';
import type { Evaluation } from '../ports.evaluation.ts';
import type { Journal } from '../ports.ts';

const evaluationOf = ({ evaluation }: Config, journal: Journal): Evaluation => {
  if (evaluation === undefined) return noopEvaluation();
  const { api_key, ...where } = evaluation;
  if (api_key !== undefined) return braintrustEvaluation({ ...where, api_key });
  journal.warn('evaluation_without_key', { set: 'BRAINTRUST_API_KEY' });
  return noopEvaluation();
};

/** Begins to show whoever evaluates what this node records; what is answered ends that. */
export const startEvaluation = (core: Engine, config: Config, journal: Journal): (() => Promise<void>) => {
  const evaluation = evaluationOf(config, journal);
  return evaluation.provider === 'noop' ? () => Promise.resolve() : observe(core, evaluation, journal);
};
