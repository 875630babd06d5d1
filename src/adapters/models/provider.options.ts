import type { ModelRequest } from '../../ports.ts';
import { callLimits, type CallLimits } from './call.watch.ts';

/** How a provider is reached, as the environment says it. */
export interface ProviderOptions {
  readonly api_key?: string;
  /** `<PROVIDER>_BASE_URL`: a gateway, a stand-in or another machine; the provider's usual address when left out. */
  readonly base_url?: string;
  readonly default_model?: string;
  readonly limits?: Partial<CallLimits>;
}

/** The same with what a provider uses where nothing was said; `modelOf` is the model that a request goes to. */
export const provided = (
  { api_key = '', base_url = '', default_model, limits }: ProviderOptions,
  usual: { readonly base_url: string; readonly default_model: string; readonly limits?: Partial<CallLimits> },
) => {
  const named = default_model ?? usual.default_model;
  return {
    api_key,
    base_url: base_url === '' ? usual.base_url : base_url,
    default_model: named,
    limits: { ...callLimits, ...usual.limits, ...limits },
    modelOf: ({ model }: Pick<ModelRequest, 'model'>): string => (model === '' ? named : model),
  };
};
