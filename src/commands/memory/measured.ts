import type { Embeddings } from '../../ports.memory.ts';
import type { Telemetry } from '../../ports.ts';

/** The same embeddings, with numbers about each call: how it ended, what it took, and of whom. Never text (D122). */
export const measured = (embeddings: Embeddings, telemetry: Telemetry): Embeddings => ({
  ...embeddings,
  embed: async (texts, options) => {
    const { provider } = embeddings;
    const outcome = await embeddings.embed(texts, options);
    telemetry.count('acta_embedding_calls_total', { provider, outcome: outcome.ok ? 'ok' : outcome.fault });
    if (!outcome.ok) return outcome;
    const { input_tokens, cost_micros, latency_ms } = outcome;
    telemetry.observe('acta_embedding_call_duration_seconds', latency_ms / 1_000, { provider });
    telemetry.count('acta_embedding_tokens_total', { provider }, input_tokens);
    if (cost_micros !== null) telemetry.count('acta_embedding_cost_micros_total', { provider }, cost_micros);
    return outcome;
  },
});
