import type { Model } from '../../ports.ts';
import { anthropicModel, type AnthropicOptions } from './anthropic.ts';
import { noopModel } from './noop.ts';
import { failed } from './outcome.ts';
import { scriptedModel } from './scripted.ts';

/** What the environment says of models, whichever provider is chosen. */
export interface ModelSettings extends AnthropicOptions {
  /** `LLM_PROVIDER`: `noop`, `scripted` or `anthropic`. */
  readonly provider: string;
  /** Where the scripted model's rules are; a script of one sentence when left out. */
  readonly script_file?: string;
}

/** The providers there are. */
export const providers = ['noop', 'scripted', 'anthropic'] as const;

const nameCharsMax = 64;

const unknownModel = (name: string): Model => {
  const shown = name.slice(0, nameCharsMax);
  const message = `there is no model provider called "${shown}": LLM_PROVIDER is noop, scripted or anthropic`;
  return {
    provider: shown,
    default_model: 'none',
    cost_micros_max: () => 0,
    complete: () => Promise.resolve(failed('misconfigured', message, false)),
  };
};

/** Chooses the model; nothing can go wrong yet, and nothing is loaded: what is missing is told at the first call (D83). */
export const modelOf = (settings: ModelSettings): Model => {
  switch (settings.provider) {
    case 'noop':
      return noopModel();
    case 'scripted':
      return scriptedModel(settings.script_file === undefined ? {} : { file: settings.script_file });
    case 'anthropic':
      return anthropicModel(settings);
    default:
      return unknownModel(settings.provider);
  }
};
