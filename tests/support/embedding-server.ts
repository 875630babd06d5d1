import { modelServer, type Answer, type ModelServer } from './model-server.ts';

interface SeenBody {
  readonly model: string;
  readonly input: readonly string[];
  readonly dimensions?: number;
  readonly encoding_format?: string;
}

export type EmbeddingAnswer = Answer<SeenBody>;
/** `url` is for `OPENAI_BASE_URL`. */
export type EmbeddingServer = ModelServer<SeenBody>;

const dimensions = 1_536;

/** Every text has a direction of its own, by its first word: texts that begin alike are alike. */
export const directionOf = (text: string): readonly number[] => {
  const [word = ''] = text.toLowerCase().split(/\W+/);
  const place = Array.from(word).reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % dimensions, 7);
  return Array.from({ length: dimensions }, (_, at) => (at === place ? 2 : 0));
};

/** OpenAI's answer for these texts; the vectors come in the opposite order, as they may. */
export const embeds =
  (vectorOf: (text: string) => readonly number[] = directionOf): EmbeddingAnswer =>
  ({ body: { model, input } }, response) => {
    const data = input.map((text, index) => ({ object: 'embedding', index, embedding: vectorOf(text) })).toReversed();
    const usage = { prompt_tokens: input.length * 1_000, total_tokens: input.length * 1_000 };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ object: 'list', model, data, usage }));
  };

/** An error status with the provider's error body. */
export const refuses =
  (status: number, code: string | null = null, headers: Readonly<Record<string, string>> = {}): EmbeddingAnswer =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify({ error: { message: 'no, said with sk-secret', type: 'error', param: null, code } }));
  };

export const embeddingServer = (...script: readonly EmbeddingAnswer[]): Promise<EmbeddingServer> =>
  modelServer({ script, otherwise: embeds() });
