import type { CreateEmbeddingResponse } from 'openai/resources/embeddings';
import type { Embedded, Embeddings } from '../../ports.memory.ts';
import { faultOf } from './openai.faults.ts';
import { cancelled, failed, unembeddable, unit } from './request.ts';

const provider = 'openai';
const dimensions = 1_536;
const usual = { base_url: 'https://api.openai.com/v1', model: 'text-embedding-3-small' };

/** What one request may take: a hundred vectors as JSON are some 3 MB. */
export interface RequestLimits {
  readonly totalMsMax: number;
  readonly answerBytesMax: number;
}
const requestLimits: RequestLimits = { totalMsMax: 30_000, answerBytesMax: 16 * 1024 * 1024 };

/** Micro-USD per million tokens, as the provider's page of prices had them in the autumn of 2026. */
const prices: ReadonlyMap<string, number> = new Map([
  ['text-embedding-3-small', 20_000],
  ['text-embedding-3-large', 130_000],
  ['text-embedding-ada-002', 100_000],
]);

/** Rounded up, so that a cost is never undercounted; null where no price is known. */
const costOf = (model: string, tokens: number): number | null => {
  const price = prices.get(model);
  return price === undefined ? null : Math.ceil((tokens * price) / 1_000_000);
};

export interface OpenaiOptions {
  readonly api_key?: string;
  readonly base_url?: string;
  readonly model?: string;
  readonly limits?: Partial<RequestLimits>;
}

/** A `fetch` that follows no redirect with the texts in its hand, and reads no more than an answer may have. */
const bounded =
  (bytesMax: number): typeof fetch =>
  async (input, init) => {
    const { body, status, statusText, headers } = await fetch(input, { ...init, redirect: 'manual' });
    let bytes = 0;
    const counting = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, out) => {
        bytes += chunk.byteLength;
        if (bytes > bytesMax) out.error(new Error(`an answer beyond ${bytesMax} bytes`));
        else out.enqueue(chunk);
      },
    });
    return new Response(body?.pipeThrough(counting) ?? null, { status, statusText, headers });
  };

const connect = async (apiKey: string, baseURL: string, { answerBytesMax, totalMsMax }: RequestLimits) => {
  const { OpenAI } = await import('openai');
  // One attempt: whoever asks knows how often and when again.
  const once = { maxRetries: 0, timeout: totalMsMax, logLevel: 'off' } as const;
  const nobody = { organization: null, project: null, webhookSecret: null };
  return new OpenAI({ apiKey, baseURL, ...once, ...nobody, fetch: bounded(answerBytesMax) });
};

const vectorsOf = (answer: CreateEmbeddingResponse, count: number): readonly Float32Array[] | undefined => {
  const vectors = Array.from({ length: count }, (_, place) => {
    const row = answer.data.find(({ index }) => index === place)?.embedding;
    return row?.length === dimensions ? unit(row) : undefined;
  });
  return vectors.some((vector) => vector === undefined) ? undefined : (vectors as readonly Float32Array[]);
};

/**
 * OpenAI's embeddings, or any server that speaks their protocol. Vectors have exactly 1,536 dimensions (requirements D90); an
 * answer of any other is a fault of the provider. A missing key or an unusable address is told at the first request.
 */
export const openaiEmbeddings = (options: OpenaiOptions): Embeddings => {
  const { api_key = '', base_url = usual.base_url, model = usual.model } = options;
  const limits = { ...requestLimits, ...options.limits };
  const isAddress = URL.canParse(base_url) && /^https?:$/.test(new URL(base_url).protocol);

  const asked = async (texts: readonly string[], signal: AbortSignal): Promise<Embedded> => {
    const began = performance.now();
    const client = await connect(api_key, base_url.replace(/\/+$/, ''), limits);
    const answer = await client.embeddings.create(
      {
        model,
        input: [...texts],
        encoding_format: 'float',
        // Only these can be asked for fewer dimensions than they have.
        ...(model.startsWith('text-embedding-3') ? { dimensions } : {}),
      },
      { signal: AbortSignal.any([signal, AbortSignal.timeout(limits.totalMsMax)]) },
    );
    const vectors = vectorsOf(answer, texts.length);
    if (vectors === undefined)
      return failed('provider_error', `openai did not answer ${dimensions} dimensions for each text`, false);
    const input_tokens = answer.usage.prompt_tokens;
    const latency_ms = Math.round(performance.now() - began);
    return { ok: true, vectors, input_tokens, cost_micros: costOf(model, input_tokens), latency_ms };
  };

  return {
    provider,
    model,
    dimensions,
    embed: async (texts, { signal }) => {
      if (api_key === '') return failed('misconfigured', 'openai needs a key: set OPENAI_API_KEY', false);
      if (!isAddress) return failed('misconfigured', 'OPENAI_BASE_URL is not an http(s) address', false);
      const refusal = signal.aborted ? cancelled() : unembeddable(texts);
      if (refusal !== undefined) return refusal;
      try {
        return await asked(texts, signal);
      } catch (thrown) {
        if (signal.aborted) return cancelled();
        const { APIUserAbortError } = await import('openai');
        if (thrown instanceof APIUserAbortError || (thrown instanceof Error && thrown.name === 'TimeoutError'))
          return failed('timeout', `the answer was not complete within ${limits.totalMsMax} ms`, true);
        return await faultOf(thrown);
      }
    },
    close: () => Promise.resolve(),
  };
};
