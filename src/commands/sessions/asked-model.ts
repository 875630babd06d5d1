import { callOf, type FailedCall, type ModelCall } from '../../domain/session/model-call.ts';
import type { Model, ModelOutcome, ModelRequest, Telemetry } from '../../ports.ts';
import type { Engine } from '../execute.ts';

/** How a call ended, and how the model was asked; left out where none was. */
export type Asked = ModelOutcome & { readonly call?: FailedCall };

/** Numbers about a call: how it ended, what it took, and of whom. Never ids, never text (requirements D122). */
const measured = (telemetry: Telemetry, { provider: asked }: ModelCall, outcome: ModelOutcome): void => {
  const provider = outcome.ok ? outcome.reply.provider : asked;
  telemetry.count('acta_model_calls_total', { provider, outcome: outcome.ok ? 'ok' : outcome.fault });
  if (!outcome.ok) return;
  const { usage, cost_micros, latency_ms } = outcome.reply;
  telemetry.observe('acta_model_call_duration_seconds', latency_ms / 1_000, { provider });
  telemetry.count('acta_model_tokens_total', { provider, kind: 'input' }, usage.input_tokens);
  telemetry.count('acta_model_tokens_total', { provider, kind: 'output' }, usage.output_tokens);
  if (cost_micros !== null) telemetry.count('acta_model_cost_micros_total', { provider }, cost_micros);
};

/** Asks a model once, and says with the outcome how it was asked and how long that took. */
export const askedModel = async (
  { clock, telemetry }: Engine,
  model: Model,
  request: ModelRequest,
  options: Parameters<Model['complete']>[1],
): Promise<Asked> => {
  const call = callOf(model.provider, request);
  const began = clock.now();
  const outcome = await model.complete(request, options);
  measured(telemetry, call, outcome);
  return { ...outcome, call: { ...call, latency_ms: Math.max(0, clock.now() - began) } };
};
