import type { Model, ModelRequest } from '../../ports.ts';
import { attempted, callable, withoutSlash } from './attempt.ts';
import { callLimits, type CallLimits, type Watch } from './call.watch.ts';
import { assembled } from './ollama.answer.ts';
import { faultOf, refusedAtOnce } from './ollama.faults.ts';
import { jsonLines } from './ollama.lines.ts';
import { talkOf } from './ollama.messages.ts';
import { failed } from './outcome.ts';
import { functionsOf, renamed, wireNames } from './tool.names.ts';

export interface OllamaOptions {
  /** `OLLAMA_BASE_URL`: where the server listens; on this machine, at its usual port, when left out. */
  readonly base_url?: string;
  readonly default_model?: string;
  readonly limits?: Partial<CallLimits>;
}

const provider = 'ollama';
const usualUrl = 'http://127.0.0.1:11434';

/** A model that is not in the server's memory is loaded before its first byte: that may take all the time there is. */
const ollamaLimits: CallLimits = { ...callLimits, firstByteMsMax: callLimits.totalMsMax };

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
export const ollamaModel = (options: OllamaOptions): Model => {
  const { default_model = 'llama3.2' } = options;
  const base_url = options.base_url === undefined || options.base_url === '' ? usualUrl : options.base_url;
  const limits = { ...ollamaLimits, ...options.limits };

  return {
    provider,
    default_model,
    cost_micros_max: () => 0,
    complete: async (request, call) => {
      if (!callable(base_url)) return failed('misconfigured', 'OLLAMA_BASE_URL is not an http(s) address', false);
      const names = wireNames(request.tools);
      const model = request.model === '' ? default_model : request.model;
      return await attempted(request, call, limits, {
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
