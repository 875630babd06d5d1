import type { ModelSettings } from '../adapters/models/model.ts';
import type { Config } from '../config.ts';

type Environment = Config['model'];

const present = (base_url: string | undefined, api_key?: string) => ({
  ...(base_url === undefined ? {} : { base_url }),
  ...(api_key === undefined ? {} : { api_key }),
});

const fallbackOf = ({ fallback_provider, fallback_model }: Environment): Pick<ModelSettings, 'fallback'> => {
  if (fallback_provider === undefined) return {};
  const named = fallback_model === undefined ? {} : { default_model: fallback_model };
  return { fallback: { provider: fallback_provider, ...named } };
};

/** What the models are told of the environment. */
export const modelSettings = (model: Environment): ModelSettings => ({
  provider: model.provider ?? 'noop',
  ...(model.model === undefined ? {} : { default_model: model.model }),
  ...(model.script_file === undefined ? {} : { script_file: model.script_file }),
  ...fallbackOf(model),
  anthropic: present(model.anthropic_base_url, model.anthropic_api_key),
  openai: present(model.openai_base_url, model.openai_api_key),
  ollama: present(model.ollama_base_url),
});

/** The variable of the key that a provider asks for, where it is not set. */
export const keyMissingFor = (provider: string | undefined, model: Environment): string | undefined => {
  if (provider === 'anthropic' && model.anthropic_api_key === undefined) return 'ANTHROPIC_API_KEY';
  if (provider === 'openai' && model.openai_api_key === undefined) return 'OPENAI_API_KEY';
  return undefined;
};
