import type { Model, ModelOutcome } from '../../ports.ts';
import { failed, type Failed } from './outcome.ts';

/** Why neither answered. It is worth another try as soon as either may be asked again. */
const bothFailed = (first: Failed, second: Failed, provider: string): Failed => {
  const message = `${first.message}; and ${provider}, asked instead: ${second.message}`;
  // A call that broke off may have been billed, whichever of the two it was.
  const fault = second.fault === 'timeout' ? second.fault : first.fault;
  const waits = [first, second].filter(({ retryable }) => retryable).map(({ retry_after_ms }) => retry_after_ms ?? 0);
  const wait = Math.min(...waits);
  return failed(fault, message, true, wait > 0 ? wait : undefined);
};

/**
 * Asks the first model, and where it fails in a way that may pass, at once the second, by the second's own default model
 * (requirements A37). All of that is one attempt: when both have failed, the turn's own retry waits and asks again, the
 * first one first. What is wrong with the request or with the settings is not hidden by asking somebody else.
 *
 * The reply names who answered. Both may have to be paid, so the most that a call can cost is what both can.
 */
export const fallbackModel = (first: Model, second: Model): Model => ({
  provider: first.provider,
  default_model: first.default_model,
  cost_micros_max: (request) => {
    const costs = [first.cost_micros_max(request), second.cost_micros_max({ ...request, model: '' })];
    const known = costs.filter((cost) => cost !== null);
    return known.length === 0 ? null : known.reduce((sum, cost) => sum + cost, 0);
  },
  complete: async (request, call): Promise<ModelOutcome> => {
    const { signal, onText, onRestart } = call;
    let said = false;
    const hear = (delta: string): void => {
      said = true;
      onText?.(delta);
    };
    const outcome = await first.complete(request, { ...call, onText: hear });
    if (outcome.ok || !outcome.retryable) return outcome;
    if (said) onRestart?.();
    const instead = await second.complete({ ...request, model: '' }, call);
    if (instead.ok || signal.aborted) return instead;
    return bothFailed(outcome, instead, second.provider);
  },
});
