import type { MessageCreateParamsStreaming } from '@anthropic-ai/sdk/resources/messages/messages';
import type { Model, ModelOutcome, ModelRequest } from '../../ports.ts';
import { assembled } from './anthropic.answer.ts';
import { faultOf } from './anthropic.faults.ts';
import { costOf, takesTemperature } from './anthropic.prices.ts';
import { wireMessage, wireNames } from './anthropic.tools.ts';
import { callLimits, watchOf, type CallLimits, type Watch } from './anthropic.wire.ts';
import { requestBytes } from './message.text.ts';
import { cancelled, failed, guarded, unanswerable } from './outcome.ts';

export interface AnthropicOptions {
  readonly api_key?: string;
  /** `ANTHROPIC_BASE_URL`: a gateway or a stand-in; the provider itself when left out. */
  readonly base_url?: string;
  readonly default_model?: string;
  readonly limits?: Partial<CallLimits>;
}

const provider = 'anthropic';
const publicUrl = 'https://api.anthropic.com';

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

const usable = (url: string): boolean => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);

/**
 * Anthropic's Messages API, always as a stream. A missing key or an unusable address is told at the first call, never
 * when the program starts (requirements D83, N3). The default model is `claude-sonnet-5`.
 *
 * One call is one attempt: `retryable` and `retry_after_ms` say what the provider said. Where the answer is cut, late,
 * too long or not the protocol, nothing of it is returned, so no tool call of half a message is ever run.
 */
export const anthropicModel = (options: AnthropicOptions): Model => {
  const { api_key = '', default_model = 'claude-sonnet-5' } = options;
  const base_url = options.base_url === undefined || options.base_url === '' ? publicUrl : options.base_url;
  const limits = { ...callLimits, ...options.limits };

  const attempt = async (
    request: ModelRequest,
    watch: Watch,
    onText: (delta: string) => void,
  ): Promise<ModelOutcome> => {
    const began = performance.now();
    const names = wireNames(request.tools);
    const model = request.model === '' ? default_model : request.model;
    const client = await connect(api_key, base_url, watch);
    const stream = await client.messages.create(paramsOf(request, model, names), {
      signal: watch.signal,
      timeout: limits.totalMsMax,
    });
    const answer = await assembled(stream, { onText, onBytes: watch.answered });
    if ('cut_off' in answer)
      return watch.ended() ?? failed('provider_error', `the answer broke off after ${answer.chars} characters`, true);
    return {
      ok: true,
      reply: {
        provider,
        is_language_model: true,
        ...answer,
        blocks: answer.blocks.map((block) =>
          block.type === 'text' ? block : { ...block, name: names.get(block.name) ?? block.name },
        ),
        cost_micros: costOf(answer.model, answer.usage) ?? costOf(model, answer.usage),
        latency_ms: Math.round(performance.now() - began),
      },
    };
  };

  return {
    provider,
    default_model,
    // No token is shorter than a byte.
    cost_micros_max: (request) =>
      costOf(request.model === '' ? default_model : request.model, {
        input_tokens: requestBytes(request),
        output_tokens: request.max_tokens,
        cache_read_tokens: 0,
        cache_write_tokens: 0,
      }),
    complete: async (request, { signal, onText }) => {
      if (api_key === '') return failed('misconfigured', 'anthropic needs a key: set ANTHROPIC_API_KEY', false);
      if (!usable(base_url)) return failed('misconfigured', 'ANTHROPIC_BASE_URL is not an http(s) address', false);
      const refusal = unanswerable(request);
      if (refusal !== undefined) return refusal;
      if (signal.aborted) return cancelled();
      const watch = watchOf(signal, limits);
      try {
        return await attempt(request, watch, guarded(onText));
      } catch (thrown) {
        return watch.ended() ?? faultOf(thrown, request, api_key);
      } finally {
        watch.stop();
      }
    },
  };
};
