import type { Model } from '../../ports.ts';
import { failed } from './outcome.ts';

const hint = 'no language model is configured: set LLM_PROVIDER to anthropic, openai, ollama or scripted';

/** The default: every call is refused, in words that say what to set (requirements D83, C2). */
export const noopModel = (): Model => ({
  provider: 'noop',
  default_model: 'none',
  cost_micros_max: () => 0,
  complete: () => Promise.resolve(failed('disabled', hint, false)),
});
