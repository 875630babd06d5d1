import type { MessageCreateParamsStreaming } from '@anthropic-ai/sdk/resources/messages/messages';
import type { Model, ModelRequest } from '../../ports.ts';
import { assembled } from './anthropic.answer.ts';
import { faultOf } from './anthropic.faults.ts';
import { costOf, takesTemperature } from './anthropic.prices.ts';
import { wireMessage } from './anthropic.tools.ts';
import { attempted, callable } from './attempt.ts';
import type { Watch } from './call.watch.ts';
import { requestBytes } from './message.text.ts';
import { failed } from './outcome.ts';
import { provided, type ProviderOptions } from './provider.options.ts';
import { renamed, wireNames } from './tool.names.ts';

const provider = 'anthropic';
const usual = { base_url: 'https://api.anthropic.com', default_model: 'claude-sonnet-5' };

/** The SDK takes some 130 ms to load, which only those pay who call a model. */
const connect = async (apiKey: string, baseURL: string, watch: Watch) => {
  const { Anthropic } = await import('@anthropic-ai/sdk');
  return new Anthropic({
    apiKey,
    baseURL,
    fetch: watch.fetch,
    // Retries are events of the turn that asked: this is one attempt.
    maxRetries: 0,
    // The SDK would log whole answers where one cannot be parsed.
    logLevel: 'off',
    openTelemetry: { traces: { contentMode: 'metadata_only' } },
  });
};

const paramsOf = (request: ModelRequest, model: string, names: ReadonlyMap<string, string>) => {
  const { system, messages, max_tokens, temperature, tools = [] } = request;
  const wire = [...names.keys()];
  return {
    model,
    max_tokens,
    messages: messages.map((message) => wireMessage(message, names)),
    stream: true,
    ...(system === '' ? {} : { system }),
    ...(temperature === undefined || !takesTemperature(model) ? {} : { temperature }),
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map(({ description, input_schema }, place) => ({
            name: wire[place] ?? '',
            description,
            input_schema,
          })),
        }),
  } as MessageCreateParamsStreaming;
};

/**
 * Anthropic's Messages API, always as a stream. A missing key or an unusable address is told at the first call, never
 * when the program starts (requirements D83, N3). The default model is `claude-sonnet-5`.
 *
 * One call is one attempt: `retryable` and `retry_after_ms` say what the provider said.
 */
export const anthropicModel = (options: ProviderOptions): Model => {
  const { api_key, base_url, default_model, limits, modelOf } = provided(options, usual);

  return {
    provider,
    default_model,
    // No token is shorter than a byte.
    cost_micros_max: (request) =>
      costOf(modelOf(request), {
        input_tokens: requestBytes(request),
        output_tokens: request.max_tokens,
        cache_read_tokens: 0,
        cache_write_tokens: 0,
      }),
    complete: async (request, call) => {
      if (api_key === '') return failed('misconfigured', 'anthropic needs a key: set ANTHROPIC_API_KEY', false);
      if (!callable(base_url)) return failed('misconfigured', 'ANTHROPIC_BASE_URL is not an http(s) address', false);
      const names = wireNames(request.tools);
      const model = modelOf(request);
      return await attempted(request, call, limits, {
        ask: async (watch, hearing) => {
          const client = await connect(api_key, base_url, watch);
          const stream = await client.messages.create(paramsOf(request, model, names), {
            signal: watch.signal,
            timeout: limits.totalMsMax,
          });
          return await assembled(stream, hearing);
        },
        replied: (answer) => ({
          provider,
          is_language_model: true,
          ...answer,
          blocks: renamed(answer.blocks, names),
          cost_micros: costOf(answer.model, answer.usage) ?? costOf(model, answer.usage),
        }),
        faultOf: (thrown) => faultOf(thrown, { provider, request, secret: api_key }),
      });
    },
  };
};
