import type { Model } from '../../ports.ts';
import { anthropicModel } from './anthropic.ts';
import { fallbackModel } from './fallback.ts';
import { noopModel } from './noop.ts';
import { ollamaModel } from './ollama.ts';
import { openaiModel } from './openai.ts';
import type { ProviderOptions } from './provider.options.ts';
import { failed } from './outcome.ts';
import { scriptedModel } from './scripted.ts';

interface Choice {
  readonly provider: string;
  readonly default_model?: string;
}

/** What the environment says of models, whichever provider is chosen. */
export interface ModelSettings extends Choice {
  /** Who is asked where the chosen provider fails. */
  readonly fallback?: Choice;
  readonly anthropic?: Omit<ProviderOptions, 'default_model'>;
  readonly openai?: Omit<ProviderOptions, 'default_model'>;
  readonly ollama?: Omit<ProviderOptions, 'default_model'>;
  /** Where the scripted model's rules are; a script of one sentence when left out. */
  readonly script_file?: string;
}

/** The providers there are. */
export const providers = ['noop', 'scripted', 'anthropic', 'openai', 'ollama'] as const;

const nameCharsMax = 64;

const misconfigured = (name: string, message: string): Model => ({
  provider: name,
  default_model: 'none',
  cost_micros_max: () => 0,
  complete: () => Promise.resolve(failed('misconfigured', message, false)),
});

const unknownModel = (name: string): Model => {
  const shown = name.slice(0, nameCharsMax);
  const known = `${providers.slice(0, -1).join(', ')} or ${providers.at(-1)}`;
  return misconfigured(shown, `there is no model provider called "${shown}": LLM_PROVIDER is ${known}`);
};

const chosen = ({ provider, default_model }: Choice, settings: ModelSettings): Model => {
  const named = default_model === undefined ? {} : { default_model };
  switch (provider) {
    case 'noop':
      return noopModel();
    case 'scripted':
      return scriptedModel(settings.script_file === undefined ? {} : { file: settings.script_file });
    case 'anthropic':
      return anthropicModel({ ...settings.anthropic, ...named });
    case 'openai':
      return openaiModel({ ...settings.openai, ...named });
    case 'ollama':
      return ollamaModel({ ...settings.ollama, ...named });
    default:
      return unknownModel(provider);
  }
};

/** Chooses the model; nothing can go wrong yet, and nothing is loaded: what is missing is told at the first call (D83). */
export const modelOf = (settings: ModelSettings): Model => {
  const { fallback, provider } = settings;
  const model = chosen(settings, settings);
  if (fallback === undefined) return model;
  if (fallback.provider === provider)
    return misconfigured(model.provider, `LLM_FALLBACK_PROVIDER names ${provider}, which LLM_PROVIDER names already`);
  return fallbackModel(model, chosen(fallback, settings));
};
