import type { ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions';
import type { Model, ModelRequest } from '../../ports.ts';
import { estimatedUsage } from './answer.ts';
import { attempted, callable, withoutSlash } from './attempt.ts';
import type { Watch } from './call.watch.ts';
import { requestBytes } from './message.text.ts';
import { assembled } from './openai.answer.ts';
import { faultOf } from './openai.faults.ts';
import { talkOf } from './openai.messages.ts';
import { canHoldBack, costOf, thinks } from './openai.prices.ts';
import { failed } from './outcome.ts';
import { provided, type ProviderOptions } from './provider.options.ts';
import { functionsOf, renamed, wireNames } from './tool.names.ts';

const provider = 'openai';
const usual = { base_url: 'https://api.openai.com/v1', default_model: 'gpt-6-luna' };

/** Loaded by those who call a model. What the SDK would read from the environment by itself is said here. */
const connect = async (apiKey: string, baseURL: string, watch: Watch) => {
  const { OpenAI } = await import('openai');
  return new OpenAI({
    apiKey,
    baseURL,
    organization: null,
    project: null,
    webhookSecret: null,
    fetch: watch.fetch,
    // Retries are events of the turn that asked: this is one attempt.
    maxRetries: 0,
    // The SDK would log whole answers where one cannot be parsed.
    logLevel: 'off',
  });
};

const paramsOf = (
  request: ModelRequest,
  model: string,
  names: ReadonlyMap<string, string>,
): ChatCompletionCreateParamsStreaming => {
  const { max_tokens, temperature, tools = [] } = request;
  const params = {
    model,
    messages: talkOf(request, names),
    stream: true,
    stream_options: { include_usage: true },
    ...(thinks(model) ? { max_completion_tokens: max_tokens } : { max_tokens }),
    ...(canHoldBack(model) ? { reasoning_effort: 'none' } : {}),
    ...(temperature === undefined || thinks(model) ? {} : { temperature }),
    ...(tools.length === 0 ? {} : { tools: functionsOf(tools) }),
  };
  // The SDK's types are narrower than what the protocol takes, and other servers speak it, too.
  return params as unknown as ChatCompletionCreateParamsStreaming;
};

/**
 * OpenAI's Chat Completions API, always as a stream, or any server that speaks it. A missing key or an unusable address
 * is told at the first call, never when the program starts (requirements D83, N3). The default model is `gpt-6-luna`.
 *
 * One call is one attempt: `retryable` and `retry_after_ms` say what the provider said. Where a server does not count
 * tokens, they are estimated, and the cost is not known.
 */
export const openaiModel = (options: ProviderOptions): Model => {
  const { api_key, base_url, default_model, limits, modelOf } = provided(options, usual);

  return {
    provider,
    default_model,
    // No token is shorter than a byte.
    cost_micros_max: (request) =>
      costOf(modelOf(request), {
        input_tokens: 0,
        output_tokens: request.max_tokens,
        cache_read_tokens: 0,
        // The dearest way to read a prompt.
        cache_write_tokens: requestBytes(request),
      }),
    complete: async (request, call) => {
      if (api_key === '') return failed('misconfigured', 'openai needs a key: set OPENAI_API_KEY', false);
      if (!callable(base_url)) return failed('misconfigured', 'OPENAI_BASE_URL is not an http(s) address', false);
      const names = wireNames(request.tools);
      const model = modelOf(request);
      return await attempted(request, call, limits, {
        ask: async (watch, hearing) => {
          const client = await connect(api_key, withoutSlash(base_url), watch);
          const stream = await client.chat.completions.create(paramsOf(request, model, names), {
            signal: watch.signal,
            timeout: limits.totalMsMax,
          });
          return await assembled(stream, hearing, request);
        },
        replied: ({ usage, ...answer }) => ({
          provider,
          is_language_model: true,
          ...answer,
          model: answer.model === '' ? model : answer.model,
          blocks: renamed(answer.blocks, names),
          usage: usage ?? estimatedUsage(request, answer.blocks),
          cost_micros: usage === undefined ? null : (costOf(answer.model, usage) ?? costOf(model, usage)),
        }),
        faultOf: (thrown) => faultOf(thrown, { provider, request, secret: api_key }),
      });
    },
  };
};
