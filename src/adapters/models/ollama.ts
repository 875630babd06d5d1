import type { Model, ModelRequest } from '../../ports.ts';
import { attempted, callable, withoutSlash } from './attempt.ts';
import { callLimits, type Watch } from './call.watch.ts';
import { assembled } from './ollama.answer.ts';
import { faultOf, refusedAtOnce } from './ollama.faults.ts';
import { jsonLines } from './ollama.lines.ts';
import { talkOf } from './ollama.messages.ts';
import { failed } from './outcome.ts';
import { provided, type ProviderOptions } from './provider.options.ts';
import { functionsOf, renamed, wireNames } from './tool.names.ts';

const provider = 'ollama';
/** A model that is not in the server's memory is loaded before its first byte: that may take all the time there is. */
const limits = { firstByteMsMax: callLimits.totalMsMax };
const usual = { base_url: 'http://127.0.0.1:11434', default_model: 'llama3.2', limits };

const paramsOf = (request: ModelRequest, model: string, names: ReadonlyMap<string, string>) => {
  const { max_tokens, temperature, tools = [] } = request;
  return {
    model,
    messages: talkOf(request, names),
    stream: true,
    // A talk that does not fit is refused: by itself the server would leave out its beginning without a word.
    truncate: false,
    shift: false,
    options: { num_predict: max_tokens, ...(temperature === undefined ? {} : { temperature }) },
    ...(tools.length === 0 ? {} : { tools: functionsOf(tools) }),
  };
};

const post = async (url: string, params: object, watch: Watch): Promise<AsyncIterable<Uint8Array>> => {
  const response = await watch.fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(params),
    signal: watch.signal,
  });
  if (!response.ok) throw await refusedAtOnce(response);
  if (response.body === null) throw new SyntaxError('the answer has no body');
  return response.body;
};

/**
 * Models that an Ollama server runs, over its own protocol (`/api/chat`), always as a stream. It needs no key, and what
 * it answers costs nothing. The default model is `llama3.2`; one that the server lacks is refused, not fetched.
 *
 * One call is one attempt: `retryable` says whether another has a chance.
 */
export const ollamaModel = (options: Omit<ProviderOptions, 'api_key'>): Model => {
  const { base_url, default_model, limits: within, modelOf } = provided(options, usual);

  return {
    provider,
    default_model,
    cost_micros_max: () => 0,
    complete: async (request, call) => {
      if (!callable(base_url)) return failed('misconfigured', 'OLLAMA_BASE_URL is not an http(s) address', false);
      const names = wireNames(request.tools);
      const model = modelOf(request);
      return await attempted(request, call, within, {
        ask: async (watch, hearing) => {
          const body = await post(`${withoutSlash(base_url)}/api/chat`, paramsOf(request, model, names), watch);
          return await assembled(jsonLines(body), hearing, request);
        },
        replied: (answer) => ({
          provider,
          is_language_model: true,
          ...answer,
          blocks: renamed(answer.blocks, names),
          cost_micros: 0,
        }),
        faultOf: (thrown) => faultOf(thrown, { provider, request, secret: '' }),
      });
    },
  };
};
